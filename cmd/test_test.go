package cmd

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"waterhealer/rehearsal"
)

func TestTest(t *testing.T) {
	const folder = "testdata/tests/"
	for _, c := range []struct {
		name string
		args []string
		code int
		// out is the golden file of stdout.
		out string
		// says are on stderr.
		says []string
	}{
		{"all pass", []string{"passing.yaml"}, exitDone, "passing.txt", nil},
		{"some fail", []string{"failing.yaml"}, exitHalted, "failing.txt", nil},
		{"none is there", []string{"none.yaml"}, exitDone, "none.txt", nil},
		{"none matches", []string{"passing.yaml", "--run", "three"}, exitDone, "unmatched.txt", nil},
		{"one matches", []string{"passing.yaml", "--run", "^t.o$"}, exitDone, "matched.txt", nil},
		{"a file is refused", []string{"broken.yaml"}, exitUsage, "broken.txt", []string{
			`broken.yaml:7:14: error[unknown-node]: there is no node "b"`, "has errors and was not tested"}},
		{"refused counts more than failed", []string{"failing.yaml", "broken.yaml", "passing.yaml", "passing.yaml", "--run", "one|stuck"}, exitUsage, "several.txt", nil},
		{"a file is missing", []string{"nowhere.yaml", "passing.yaml"}, exitUsage, "missing.txt", []string{"nowhere.yaml: there is no such file"}},
		{"json", []string{"failing.yaml", "none.yaml", "broken.yaml", "--format", "json"}, exitUsage, "tests.json", nil},
		{"junit", []string{"failing.yaml", "none.yaml", "broken.yaml", "--format=junit"}, exitUsage, "tests.xml", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"test"}
			for _, a := range c.args {
				if strings.HasSuffix(a, ".yaml") {
					a = folder + a
				}
				args = append(args, a)
			}
			r := run(t, args...).exits(t, c.code).says(t, c.says...)
			if *update {
				if err := os.WriteFile(folder+c.out, []byte(r.stdout), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(folder + c.out)
			if err != nil {
				t.Fatal(err)
			}
			r.prints(t, string(want))
			switch {
			case strings.HasSuffix(c.out, ".json") && !json.Valid([]byte(r.stdout)):
				t.Error("this is no JSON")
			case strings.HasSuffix(c.out, ".xml"):
				if err := xml.Unmarshal([]byte(r.stdout), new(struct{})); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"test"}, "requires at least 1 arg"},
		{[]string{"test", "x.yaml", "--run", "["}, "--run is no regular expression"},
		{[]string{"test", "x.yaml", "--format", "tap"}, "must be text, json or junit"},
	} {
		run(t, c.args...).exits(t, exitUsage).says(t, c.says)
	}
}

// TestSideBySide: what differs is found among much that does not, and not all of
// what is too much is shown.
func TestSideBySide(t *testing.T) {
	var rows []rehearsal.Row
	for i := range 2000 {
		row := rehearsal.Row{Mark: rehearsal.Same, Path: fmt.Sprintf("[%d]", i), Expected: "1", Got: "1"}
		if i == 1000 || i >= 1200 {
			row.Mark, row.Got = rehearsal.Differs, "é"+strings.Repeat("ü", 60)
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	sideBySide(&b, rows)
	lines := strings.Split(b.String(), "\n")
	want := []string{
		"            expected  got",
		"    ...",
		"    [998]   1         1",
		"    [999]   1         1",
		"  ! [1000]  1         é" + strings.Repeat("ü", 55),
		"                      üüüüü",
		"    [1001]  1         1",
		"    [1002]  1         1",
		"    ...",
		"    [1198]  1         1",
		"    [1199]  1         1",
		"  ! [1200]  1         é" + strings.Repeat("ü", 55),
	}
	if !slices.Equal(lines[:len(want)], want) || len(lines) != mostLines+2 || lines[mostLines] != "    and 1511 lines more" {
		t.Errorf("%d lines:\n%s", len(lines), b.String())
	}
}

// TestTestStdin: a pipeline may come from standard input.
func TestTestStdin(t *testing.T) {
	data, err := os.ReadFile("testdata/tests/passing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if r := runWith(t, string(data), "test", "-").exits(t, exitDone); !strings.Contains(r.stdout, "ok    -:8:5: one\n") {
		t.Errorf("stdout:\n%s", r.stdout)
	}
}
