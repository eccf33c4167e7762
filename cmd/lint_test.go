package cmd

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"waterhealer/configs"
)

const (
	cleanFile  = "sources:\n  - values: [1]\nsinks:\n  - stdout: {}\n"
	brokenFile = "sources:\n  - values: [1]\nsinks:\n  - stdot: {}\n"
	warnedFile = "sources:\n  - values: [1]\nsinks:\n  - stdout: {}\ntests:\n  - input: []\n"
)

// TestLintPaths: files, folders, patterns and standard input, each file once.
func TestLintPaths(t *testing.T) {
	own(t)
	for _, folder := range []string{"p/deep/er", "p/.git", "other", "none"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file(t, "p/b.yaml", brokenFile)
	file(t, "p/a.yml", brokenFile)
	file(t, "p/deep/er/c.yaml", brokenFile)
	file(t, "p/.git/d.yaml", brokenFile)
	file(t, "p/waterhealer.yaml", "strict: false\nsources: 1\n")
	file(t, "p/compose.yaml", "services:\n  sources: {image: a}\n")
	file(t, "p/readme.md", brokenFile)
	file(t, "p/one.json", "{\"sources\": 1}\n")
	file(t, "other/tabs.yaml", "sources:\n\t- values: [1]\n")
	file(t, "none/compose.yaml", "services: {}\n")
	file(t, "ok.yaml", cleanFile)
	file(t, "[odd].yaml", brokenFile)
	for _, c := range []struct {
		args string
		code int
		want string // the files of which something is said
	}{
		{"p", 1, "p/a.yml p/b.yaml p/deep/er/c.yaml"},
		{"p/ other ok.yaml", 1, "other/tabs.yaml p/a.yml p/b.yaml p/deep/er/c.yaml"},
		{"p/*.yaml", 1, "p/b.yaml p/compose.yaml p/waterhealer.yaml"},
		{"p/**/*.yaml", 1, "p/b.yaml p/compose.yaml p/deep/er/c.yaml"},
		{"**/er/*.yaml", 1, "p/deep/er/c.yaml"},
		{"p/b.yaml p p/b.yaml", 1, "p/a.yml p/b.yaml p/deep/er/c.yaml"},
		{"[odd].yaml", 1, "[odd].yaml"},
		{"ok.yaml", 0, ""},
		{"-", 1, "-"},
		{"none", 2, ""},
		{"nowhere ok.yaml", 2, ""},
		{"no/*.yaml p/b.yaml", 2, "p/b.yaml"},
		{"p/**/**/*.yaml", 2, ""},
	} {
		got := runWith(t, brokenFile, append([]string{"lint", "--format", "json"}, strings.Fields(c.args)...)...).exits(t, c.code)
		var found []jsonDiagnostic
		if err := json.Unmarshal([]byte(got.stdout), &found); err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, d := range found {
			if len(files) == 0 || files[len(files)-1] != d.Path {
				files = append(files, d.Path)
			}
		}
		if strings.Join(files, " ") != c.want || (c.code == 2) != (got.stderr != "") {
			t.Errorf("lint %s: %v, want %s; stderr: %s", c.args, files, c.want, got.stderr)
		}
	}
}

// TestLintExitCodes: what --strict changes, and that a file that cannot be read
// counts more than one with errors.
func TestLintExitCodes(t *testing.T) {
	own(t)
	file(t, "clean.yaml", cleanFile)
	file(t, "broken.yaml", brokenFile)
	file(t, "warned.yaml", warnedFile)
	for args, code := range map[string]int{
		"clean.yaml": 0, "broken.yaml": 1, "warned.yaml": 0, "--strict warned.yaml": 1, "--strict clean.yaml": 0, "--strict broken.yaml": 1,
		"clean.yaml broken.yaml": 1, "clean.yaml nowhere.yaml": 2, "broken.yaml nowhere.yaml": 2, "": 2, "--format xml clean.yaml": 2,
		"--explain nothing": 2, "--explain loop": 0,
	} {
		run(t, append([]string{"lint"}, strings.Fields(args)...)...).exits(t, code)
	}
}

// TestLintSARIF: what is written is SARIF 2.1.0, says what text says, and is
// valid without problems, too.
func TestLintSARIF(t *testing.T) {
	data, err := os.ReadFile("testdata/sarif/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	own(t)
	file(t, "clean.yaml", cleanFile)
	file(t, "a b.yaml", "sources:\n  - values: [1]\noperators:\n  - filter: value.é && valeu\n"+"sinks:\n  - stdout: {}\ntests:\n  - input: []\n")
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"clean.yaml"}, 0, nil},
		{[]string{"a b.yaml"}, 1, []string{
			`"uri": "a%20b.yaml"`, `"startLine": 4,`, `"startColumn": 24,`, `"endColumn": 29`, `"ruleId": "expression"`, `"level": "error"`, `"level": "warning"`,
			"unknown name valeu (did you mean value?)", `"columnKind": "unicodeCodePoints"`,
		}},
		{[]string{"-"}, 1, []string{`"uri": "stdin"`}},
	} {
		got := runWith(t, brokenFile, append([]string{"lint", "--format", "sarif"}, c.args...)...).exits(t, c.code)
		log, err := jsonschema.UnmarshalJSON(strings.NewReader(got.stdout))
		if err == nil {
			err = schema.Validate(log)
		}
		if err != nil {
			t.Errorf("%v: %v\n%s", c.args, err, got.stdout)
		}
		for _, want := range c.want {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("%v: no %q in\n%s", c.args, want, got.stdout)
			}
		}
	}
}

// TestExplainEveryCode: each code is explained by a file that lint says it of, and by
// that file mended, of which lint says nothing.
func TestExplainEveryCode(t *testing.T) {
	p := &program{}
	for _, e := range configs.Codes() {
		if slices.Contains(configs.NeedsBrokers(), e.Code) {
			run(t, "lint", "--explain", e.Code).exits(t, 0).prints(t, e.Code+": "+e.Text+"\n")
			continue
		}
		wrong, mended := configs.Example(e.Code)
		if wrong == "" || mended == "" {
			t.Errorf("configs/explain.txt has no example of %s, or does not mend it", e.Code)
			continue
		}
		said := p.check("p.yaml", []byte(wrong)).diagnostics
		for _, d := range said {
			if d.Code != e.Code {
				t.Errorf("the example of %s also says %v", e.Code, d)
			}
		}
		if len(said) == 0 {
			t.Errorf("lint says nothing of the example of %s:\n%s", e.Code, wrong)
		}
		if said := p.check("p.yaml", []byte(mended)).diagnostics; len(said) > 0 {
			t.Errorf("%s, mended, says %v:\n%s", e.Code, said, mended)
		}
		explained := run(t, "lint", "--explain", e.Code).exits(t, 0).stdout
		if !strings.HasPrefix(explained, e.Code+": "+e.Text) || !strings.Contains(explained, "["+e.Code+"]: ") || !strings.Contains(explained, "Mended:") {
			t.Errorf("--explain %s prints\n%s", e.Code, explained)
		}
	}
	run(t, "lint", "--explain", "nothing").exits(t, 2).says(t, `there is no code "nothing"; the codes are yaml-encoding, `)
}
