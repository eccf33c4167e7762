package layout_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"waterhealer/configs/layout"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestLayouts compares testdata/*.yaml, laid out, with the .out beside each. A
// new case needs no Go.
func TestLayouts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			got, err := layout.Format(read(t, file))
			if err != nil {
				got = []byte("refused: " + err.Error() + "\n")
			} else {
				steady(t, string(read(t, file)), string(got))
			}
			out := strings.TrimSuffix(file, ".yaml") + ".out"
			if *update {
				if err := os.WriteFile(out, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := read(t, out); string(got) != string(want) {
				t.Errorf("%s differs (run with -update and look at the difference); got\n%s", out, got)
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// steady checks what every layout must hold: nothing but white space differs,
// both texts mean the same, and laying out again changes nothing.
func steady(t *testing.T, before, after string) {
	t.Helper()
	black := func(s string) string { return strings.Join(strings.Fields(strings.TrimPrefix(s, "\ufeff")), "") }
	if black(before) != black(after) {
		t.Errorf("more than white space has changed:\n%s\n->\n%s", before, after)
	}
	var a, b any
	if err := errors.Join(yaml.Unmarshal([]byte(before), &a), yaml.Unmarshal([]byte(after), &b)); err != nil {
		// What is parsed only as nodes, such as a key that is there twice, is
		// compared in Format.
		return
	}
	if fmt.Sprintf("%#v", a) != fmt.Sprintf("%#v", b) { // not DeepEqual: .nan
		t.Errorf("the meaning has changed:\n%s\n->\n%s", before, after)
	}
	again, err := layout.Format([]byte(after))
	if err != nil || string(again) != after {
		t.Errorf("laid out again (%v):\n%s\n->\n%s", err, after, again)
	}
}

// TestFiles lays out every pipeline file of the repository. What is refused is so
// for what it is, and not since its layout came out wrong.
func TestFiles(t *testing.T) {
	root := "../.."
	count := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".yaml" || strings.Contains(path, "configs/layout") {
			return nil
		}
		data := read(t, path)
		got, err := layout.Format(data)
		var refused *layout.Refusal
		switch {
		case errors.As(err, &refused) && !refusable(refused.Reason):
			t.Errorf("%s: %v", path, err)
		case err == nil:
			count++
			steady(t, string(data), string(got))
		}
		if strings.HasPrefix(path, root+"/examples") && string(got) != string(data) {
			t.Errorf("%s is not laid out: `waterhealer fmt -w` it\n%s", path, got)
		}
		return nil
	})
	if err != nil || count < 100 {
		t.Errorf("%d files were laid out: %v", count, err)
	}
}

func refusable(reason string) bool {
	for _, why := range []string{"it is no mapping", "it is not UTF-8 text", "there is a second document", "a key after `?`",
		"YAML directives", "a line ends in another way", "the line is indented with a tab"} {
		if strings.HasPrefix(reason, why) {
			return true
		}
	}
	return false
}

// FuzzFormat: whatever the text is, its layout keeps all that is no white space,
// the meaning, and itself.
func FuzzFormat(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "../testdata/*/*.yaml", "../../examples/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := layout.Format(data)
		if err == nil {
			steady(t, string(data), string(got))
		}
	})
}
