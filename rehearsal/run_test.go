package rehearsal_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"waterhealer/configs"
	"waterhealer/kafka"
	"waterhealer/local"
	"waterhealer/operators"
	"waterhealer/rehearsal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parsed reads a pipeline file that has no errors.
func parsed(t *testing.T, file string, data []byte) *configs.Pipeline {
	t.Helper()
	specs := append(operators.Specs(), kafka.SourceSpecs()...)
	specs = append(specs, local.SourceSpecs()...)
	specs = append(specs, kafka.OutputSpec())
	pipeline, problems := configs.Parse(file, data, append(specs, local.OutputSpecs()...), configs.Environment{})
	if !problems.HasErrors() {
		_, problems = operators.NewPlan(pipeline, operators.Scope{})
	}
	if problems.HasErrors() {
		var out strings.Builder
		problems.Print(&out, map[string][]byte{file: data}, false)
		t.Fatal(out.String())
	}
	return pipeline
}

// told is a result as text, with everything that differs.
func told(r rehearsal.Result, err error) string {
	var b strings.Builder
	if err != nil {
		b.WriteString(err.Error() + "\n")
	}
	for i := range r.Mismatches {
		m := &r.Mismatches[i]
		b.WriteString(string(m.Expectation.Check) + " of " + m.Expectation.Name() + "\n")
		for _, row := range m.Rows() {
			b.WriteString(string(row.Mark) + " " + row.Path + "  " + row.Expected + "  " + row.Got + "\n")
		}
	}
	for _, f := range r.Failures {
		b.WriteString(f.Error() + "\n")
	}
	return b.String()
}

// TestFiles runs the tests in testdata, all of which say what must be.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pipeline := parsed(t, file, data)
		for i := range pipeline.Tests {
			test := &pipeline.Tests[i]
			t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml")+"/"+test.Name, func(t *testing.T) {
				result, err := rehearsal.Run(context.Background(), pipeline, test)
				if err != nil || !result.Passed() {
					t.Errorf("%s\n%s", test.Pos, told(result, err))
				}
			})
		}
	}
}

// neverMet are the same expectations, none of which can be met, so that
// everything that came is in the result.
func neverMet(expected []configs.Expectation) []configs.Expectation {
	expected = slices.Clone(expected)
	for i := range expected {
		expected[i].Values, expected[i].Offsets = [][]byte{[]byte(`"never"`)}, []int64{-1}
	}
	return expected
}

// TestSameEveryTime: goroutines, seeds and maps leave no trace in a result.
func TestSameEveryTime(t *testing.T) {
	data, err := os.ReadFile("testdata/same/same.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pipeline := parsed(t, "same.yaml", data)
	test := pipeline.Tests[0]
	test.Expected = neverMet(test.Expected)
	first := ""
	for i := range 1000 {
		result, err := rehearsal.Run(context.Background(), pipeline, &test)
		got := told(result, err)
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("run %d gave\n%s\nand the first\n%s", i, got, first)
		}
	}
	if strings.Count(first, " of ") < len(test.Expected) {
		t.Errorf("the result does not tell what came:\n%s", first)
	}
}

// TestStopped: a test that is stopped from outside ends, and says so.
func TestStopped(t *testing.T) {
	data, err := os.ReadFile("testdata/same/same.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pipeline := parsed(t, "same.yaml", data)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rehearsal.Run(ctx, pipeline, &pipeline.Tests[0]); err == nil {
		t.Error("it ran to its end")
	}
}
