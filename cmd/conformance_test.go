package cmd

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestConformance runs the files in testdata/conformance.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.yaml")
	if err != nil || len(files) < 34 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			if r := run(t, "test", file); r.code != exitDone || !strings.Contains(r.stdout, "1 passed, 0 failed") {
				t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
			}
		})
	}
}
