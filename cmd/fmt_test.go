package cmd

import (
	"os"
	"testing"
)

// TestFmt: what is printed and written, and what is left alone.
func TestFmt(t *testing.T) {
	own(t)
	const messy, tidy = "sources:\n- values:   [1]  # one\nsinks:\n    - stdout: {}\n\n\n", "sources:\n  - values: [1]  # one\nsinks:\n  - stdout: {}\n"
	file(t, "messy.yaml", messy)
	file(t, "tidy.yaml", tidy)

	run(t, "fmt", "messy.yaml").exits(t, 0).prints(t, tidy)
	runWith(t, messy, "fmt", "-").exits(t, 0).prints(t, tidy)
	run(t, "fmt", "--check", "tidy.yaml", "messy.yaml").exits(t, 1).prints(t, "messy.yaml\n")
	runWith(t, messy, "fmt", "--check", "-").exits(t, 1).prints(t, "-\n")
	if got := readAll(t, "messy.yaml"); got != messy {
		t.Errorf("the file was written:\n%s", got)
	}

	if err := os.Symlink("messy.yaml", "link.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("messy.yaml", 0o640); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat("tidy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	run(t, "fmt", "-w", "link.yaml", "tidy.yaml").exits(t, 0).prints(t, "")
	if after, err := os.Stat("tidy.yaml"); err != nil || !os.SameFile(before, after) {
		t.Errorf("a file that is laid out was written: %v", err)
	}
	if got := readAll(t, "messy.yaml"); got != tidy {
		t.Errorf("written was\n%s", got)
	}
	if info, err := os.Lstat("messy.yaml"); err != nil || info.Mode() != 0o640 {
		t.Errorf("the file is %v (%v)", info, err)
	}
	if info, err := os.Lstat("link.yaml"); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v (%v)", info, err)
	}
	run(t, "fmt", "--check", "tidy.yaml", "messy.yaml").exits(t, 0).prints(t, "")
	if left, err := os.ReadDir("."); err != nil || len(left) != 3 {
		t.Errorf("%d files are in the folder: %v", len(left), err)
	}
}

// TestFmtRefuses: a file that is refused is left alone, and the others are laid
// out all the same.
func TestFmtRefuses(t *testing.T) {
	own(t)
	const broken, two = "sources: [\n", "a:   1\n---\nb: 1\n"
	file(t, "broken.yaml", broken)
	file(t, "two.yaml", two)
	file(t, "messy.yaml", "a:   1\n")
	run(t, "fmt", "-w", "broken.yaml", "two.yaml", "gone.yaml", "messy.yaml").exits(t, 2).
		says(t, "broken.yaml:1:", "error[yaml-syntax]", "two.yaml is not laid out: line 2: there is a second document", "gone.yaml: there is no such file")
	for name, want := range map[string]string{"broken.yaml": broken, "two.yaml": two, "messy.yaml": "a: 1\n"} {
		if got := readAll(t, name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	run(t, "fmt").exits(t, 2)
	run(t, "fmt", "--check", "*.yml", "messy.yaml").exits(t, 2).says(t, "*.yml matches no file")
	run(t, "fmt", "--check", ".").exits(t, 2).says(t, "broken.yaml:1:")
	run(t, "fmt", "-w", "-").exits(t, 2).says(t, "standard input cannot be written to")
	run(t, "fmt", "-w", "--check", "two.yaml").exits(t, 2).says(t, "exclude each other")
	run(t, "fmt", "two.yaml", "messy.yaml").exits(t, 2).says(t, "only with --write or --check")
}
