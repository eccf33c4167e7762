package configs_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	c "waterhealer/configs"
)

var update = flag.Bool("update", false, "write the golden files anew")

// environment is what the files under testdata may substitute.
func environment() c.Environment {
	vars := map[string]string{"WORKERS": "3", "TOPIC": "quakes", "BROKERS": "a:9092, b:9092,", "EMPTY": "", "PASSWORD": "hunter2", "EXPR": "value.mag > 4", "BAD": "not-a-number"}
	files := map[string]string{"secret.txt": "s3cret\n", "two.txt": "two\n\n"}
	return c.Environment{
		Lookup: func(name string) (string, bool) { v, ok := vars[name]; return v, ok },
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
		},
	}
}

// TestErrors compares the diagnostics of testdata/err/*.yaml with the .out
// beside each. A new case needs no Go: write the file, run with -update, and
// read what it says.
func TestErrors(t *testing.T) {
	for _, file := range matches(t, "testdata/err/*.yaml") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data := read(t, file)
			p, ds := c.Parse(filepath.Base(file), data, specs(), environment())
			if !ds.HasErrors() {
				t.Errorf("%s has no errors", file)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".out", printed(p, ds))
		})
	}
}

// TestTrees compares a dump of the typed tree of testdata/ok/*.yaml.
func TestTrees(t *testing.T) {
	for _, file := range matches(t, "testdata/ok/*.yaml") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			p, ds := c.Parse(filepath.Base(file), read(t, file), specs(), environment())
			if len(ds) > 0 {
				t.Fatalf("diagnostics:\n%s", printed(p, ds))
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".out", dump(p))
		})
	}
}

func printed(p *c.Pipeline, ds c.Diagnostics) []byte {
	var out bytes.Buffer
	ds.Print(&out, map[string][]byte{p.File: p.Text()}, false)
	return out.Bytes()
}

func matches(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s: %v", pattern, err)
	}
	return files
}

func read(tb testing.TB, file string) []byte {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := read(t, file); !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update and look at the difference)\n--- got\n%s--- want\n%s", file, got, want)
	}
}
