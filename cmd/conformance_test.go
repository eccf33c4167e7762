package cmd

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/operators"
)

// notBuilt are the kinds of operators that conformance files use and that do not
// exist yet. It must be empty in the end.
var notBuilt = []string{
	"accumulate", "buffer", "collect", "combine_latest", "frequencies", "partition_unique", "rate_limit",
	"slice", "sliding_window", "union", "unique", "zip", "zip_latest",
}

// TestNotBuilt: a kind that exists is not excused any more.
func TestNotBuilt(t *testing.T) {
	for _, kind := range operators.Kinds() {
		for _, name := range append(kind.Spec.Aliases, kind.Spec.Kind) {
			if slices.Contains(notBuilt, name) {
				t.Errorf("%s exists: take it from notBuilt, so that its conformance files run", name)
			}
		}
	}
}

// TestConformance runs the files in testdata/conformance.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.yaml")
	if err != nil || len(files) < 34 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		if needs := unbuilt(t, file); len(needs) > 0 {
			t.Logf("%s waits for %s", filepath.Base(file), strings.Join(needs, ", "))
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			if r := run(t, "test", file); r.code != exitDone || !strings.Contains(r.stdout, "1 passed, 0 failed") {
				t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
			}
		})
	}
}

// unbuilt are the kinds of a file that are not built yet.
func unbuilt(t *testing.T, file string) []string {
	t.Helper()
	l, err := (&program{}).load(file)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, d := range l.diagnostics {
		if kind := strings.Split(d.Message, `"`); d.Code == configs.CodeUnknownKind && slices.Contains(notBuilt, kind[1]) {
			kinds = append(kinds, kind[1])
		}
	}
	return kinds
}
