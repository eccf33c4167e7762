package operators_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"waterhealer/operators"
)

// TestExamples runs the example of each spec: it gives what the reference says.
func TestExamples(t *testing.T) {
	for _, k := range operators.Kinds() {
		t.Run(k.Spec.Kind, func(t *testing.T) {
			if len(k.Spec.Given) == 0 {
				t.Fatal("there is no example with an output")
			}
			example := strings.ReplaceAll(strings.TrimRight(k.Spec.Example, "\n"), "\n", "\n    ")
			pipeline := "operators:\n  - " + example + "\n"
			if strings.Contains(example, "from: ") {
				pipeline += "sources: [{name: a, memory: {}}, {name: b, memory: {}}]\n"
				pipeline = strings.Replace(pipeline, "operators:\n", "operators:\n  - {name: rest, from: b, filter: false}\n", 1)
				pipeline += "sinks: [{name: out, from: " + k.Spec.Kind + "-1, memory: {}}, {name: unused, from: rest, memory: {}}]\n"
			}
			if k.Spec.Kind == "switch" {
				pipeline += "sinks: [{name: size.small, from: size.small, memory: {}}, {name: size.big, from: size.big, memory: {}}]\n"
			}
			synctest.Test(t, func(t *testing.T) {
				s := play(t, pipeline, k.Spec.Given)
				var got []string
				for _, a := range s.outputs {
					got = append(got, strings.TrimPrefix(a, "out: "))
				}
				if !slices.Equal(got, k.Spec.Gives) {
					t.Errorf("got %q, want %q", got, k.Spec.Gives)
				}
			})
		})
	}
}

// TestLineage plays the scenarios of testdata/lineage: a pipeline, and steps
// with what each of them brought about. ✓a/0 means that offset 0 of source a is
// finished by that step. A new case needs no Go: write the pipeline and the
// steps, run with -update, and read the rest.
func TestLineage(t *testing.T) {
	files, err := filepath.Glob("testdata/lineage/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for i, part := range strings.Split(string(data), "===\n") {
				if i > 0 {
					got.WriteString("===\n")
				}
				pipeline, written, _ := strings.Cut(part, "--- steps\n")
				var steps []string
				for line := range strings.Lines(written) {
					step, _, _ := strings.Cut(line, "|")
					steps = append(steps, strings.TrimSpace(step))
				}
				synctest.Test(t, func(t *testing.T) {
					got.WriteString(pipeline + "--- steps\n" + strings.Join(play(t, pipeline, steps).trace, "\n") + "\n")
				})
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got.String() != string(data) {
				t.Errorf("%s: the run gives\n%s", file, got.String())
			}
		})
	}
}
