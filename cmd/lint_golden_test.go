package cmd

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"waterhealer/configs"
)

// linted lints a file of a folder of goldens, as someone in that folder would.
func linted(t *testing.T, folder, file string) ran {
	t.Helper()
	t.Chdir(folder)
	t.Setenv("KAFKA_PASSWORD", "hunter2")
	t.Setenv("WORKERS", "three")
	return run(t, "lint", file)
}

// TestLintBad compares what lint says of testdata/lint/bad/*.yaml with the .out
// beside each. A new case needs no Go: write the file, run with -update, and
// read what it says.
func TestLintBad(t *testing.T) {
	files := pipelines(t, "testdata/lint/bad", 150)
	for _, path := range files {
		t.Run(name(path), func(t *testing.T) {
			folder, file := filepath.Split(path)
			r := linted(t, folder, file)
			if r.stderr != "" || r.stdout == "" {
				t.Errorf("stderr: %q, stdout: %q", r.stderr, r.stdout)
			}
			want := exitDone
			if strings.Contains(r.stdout, ": error[") {
				want = exitHalted
			}
			r.exits(t, want)
			if strings.Contains(r.stdout, "hunter2") {
				t.Error("the password is shown")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".out", r.stdout)
		})
	}
}

// TestLintGood expects that lint has nothing to say of testdata/lint/good/*.yaml.
func TestLintGood(t *testing.T) {
	for _, path := range pipelines(t, "testdata/lint/good", 60) {
		t.Run(name(path), func(t *testing.T) {
			folder, file := filepath.Split(path)
			if r := linted(t, folder, file); r.code != exitDone || r.stdout+r.stderr != "" {
				t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
			}
		})
	}
}

// TestLintTogether compares what lint says of each folder under
// testdata/lint/together, linted as one command line, with the .out beside it.
func TestLintTogether(t *testing.T) {
	const all = "testdata/lint/together"
	entries, err := os.ReadDir(all)
	if err != nil {
		t.Fatal(err)
	}
	folders := 0
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		folders++
		t.Run(entry.Name(), func(t *testing.T) {
			r := linted(t, all, entry.Name()).exits(t, exitDone) // there are warnings only
			golden(t, entry.Name()+".out", r.stdout)
		})
	}
	if folders < 3 {
		t.Errorf("there are %d folders", folders)
	}
}

var codeIn = regexp.MustCompile(`(?m): (?:error|warning)\[([a-z0-9-]+)\]: `)

// TestLintEveryCode expects a golden file for each code, and no code that is not
// explained.
func TestLintEveryCode(t *testing.T) {
	seen := make(map[string]bool)
	outputs := outputsOf(t, "testdata/lint/bad", 150)
	maps.Copy(outputs, outputsOf(t, "testdata/lint/connect", 7))
	for path, out := range outputs {
		for _, m := range codeIn.FindAllStringSubmatch(out, -1) {
			seen[m[1]] = true
			if _, known := configs.Explain(m[1]); !known {
				t.Errorf("%s: %s is not explained", path, m[1])
			}
		}
	}
	for _, e := range configs.Codes() {
		if !seen[e.Code] {
			t.Errorf("no file under testdata/lint/bad or testdata/lint/connect gives %s", e.Code)
		}
	}
}

func pipelines(t *testing.T, folder string, least int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) < least {
		t.Fatalf("%s has %d pipelines, want at least %d: %v", folder, len(files), least, err)
	}
	return files
}

func name(path string) string { return strings.TrimSuffix(filepath.Base(path), ".yaml") }
