package operators_test

import (
	"os"
	"path/filepath"
	"testing"

	"waterhealer/configs"
	"waterhealer/operators"
)

// A broken file is compiled as far as it parsed, so that all its problems come
// at once. No file may make that fail.
func TestPlanOfBrokenFiles(t *testing.T) {
	files, err := filepath.Glob("../configs/testdata/*/*.yaml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pipeline, _ := configs.Parse(file, data, operators.Specs(), configs.Environment{})
		operators.NewPlan(pipeline, operators.Scope{})
	}
}

// Problems of the file and of its expressions are reported together.
func TestPlanReportsBesideTheParser(t *testing.T) {
	text := "operators:\n  - mpa: value\n  - filter: value.a +\n  - map: {x: valeu}\nsinks:\n  - healing: {}\n"
	pipeline, found := configs.Parse("p.yaml", []byte(text), operators.Specs(), configs.Environment{})
	_, more := operators.NewPlan(pipeline, operators.Scope{})
	if !found.HasErrors() || len(more) != 2 {
		t.Fatalf("the parser found %v, the plan %v", found, more)
	}
	for i, want := range []string{"p.yaml:3:", "p.yaml:4:14: "} {
		if got := more[i].String(); len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("%q does not begin with %q", got, want)
		}
	}
}
