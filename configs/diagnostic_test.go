package configs_test

import (
	"bytes"
	"strings"
	"testing"

	c "waterhealer/configs"
)

// TestEveryCode expects an explanation for each code. That each has a golden
// file is a matter of the command, which knows all who report some.
func TestEveryCode(t *testing.T) {
	listed := make(map[string]bool)
	for _, e := range c.Codes() {
		if listed[e.Code] {
			t.Errorf("%s is listed twice", e.Code)
		}
		listed[e.Code] = true
		if e.Text == "" || !strings.HasSuffix(e.Text, ".") {
			t.Errorf("%s has no explanation", e.Code)
		}
	}
	for _, file := range matches(t, "testdata/err/*.yaml") {
		_, ds := c.Parse(file, read(t, file), specs(), environment())
		for _, d := range ds {
			if _, ok := c.Explain(d.Code); !ok {
				t.Errorf("%s is not listed", d.Code)
			}
		}
	}
	if _, ok := c.Explain("no-such-code"); ok {
		t.Error("an unknown code is explained")
	}
}

func TestPrint(t *testing.T) {
	ds := c.Diagnostics{
		{Position: c.Position{File: "b", Line: 1, Column: 2}, Width: 2, Severity: c.Warning, Code: "w", Message: "later"},
		{Position: c.Position{File: "a", Line: 2, Column: 4}, Width: 100, Code: "e", Message: "m\x1b", Hint: "h"},
		{Position: c.Position{File: "a", Line: 9, Column: 9}, Code: "e", Message: "outside"},
		{Position: c.Position{File: "unknown", Line: 1, Column: 1}, Width: 1, Code: "e", Message: "no text"},
	}
	ds.Sort()
	var plain, coloured bytes.Buffer
	sources := map[string][]byte{"a": []byte("x\n\t世:\x07e\u0301z"), "b": []byte("abcd")}
	ds.Print(&plain, sources, false)
	ds.Print(&coloured, sources, true)
	want := "a:2:4: error[e]: m\uFFFD\n" +
		"  \t世:\uFFFDe\u0301z\n" +
		"  \t   ^^^\n" +
		"  hint: h\n" +
		"a:9:9: error[e]: outside\n" +
		"  \n  ^\n" +
		"b:1:2: warning[w]: later\n" +
		"  abcd\n" +
		"   ^^\n" +
		"unknown:1:1: error[e]: no text\n"
	if plain.String() != want {
		t.Errorf("got\n%q\nwant\n%q", plain.String(), want)
	}
	if !strings.Contains(coloured.String(), "\x1b[1;31merror[e]:\x1b[0m") {
		t.Errorf("no colour in %q", coloured.String())
	}
	if !ds.HasErrors() || ds[2:3].HasErrors() {
		t.Error("warnings count as errors, or errors do not")
	}
}

func TestCheckSpecs(t *testing.T) {
	if err := c.CheckSpecs(specs()); err != nil {
		t.Errorf("the test's own specs: %v", err)
	}
	bad := []c.Spec{
		{Section: c.SectionOperator, Kind: "a", Short: "none", Fields: []c.Field{
			{Name: "n", Type: c.TypeInt, Default: "many"},
			{Name: "n", Type: c.TypeDuration, Min: "1"},
			{Name: "m", Type: c.TypeObject, Fields: []c.Field{{Name: "b", Type: c.TypeBool, Default: "perhaps"}}},
			{Name: "o", Type: c.TypeString, Required: true, Default: "x", Or: &c.Field{Type: c.TypeSize, Max: "1 parsec"}},
			{Name: "p", Type: c.TypeInt, Values: []string{"1"}},
			{Name: "q", Type: c.TypeMap, Item: &c.Field{Type: c.TypeDuration, Max: "x"}},
			{Name: "r", Type: c.TypeDuration, Min: "x"},
			{Name: "s", Type: c.TypeTree, VariablesOf: "none"},
		}},
		{Section: c.SectionOperator, Kind: "b", Aliases: []string{"a", "from"}, ShortMapping: true},
	}
	err := c.CheckSpecs(bad)
	for _, want := range []string{`a: the short form sets "none"`, "a.n: the default", "a.n: there are two", "a.m.b: the default", "a.o: a required",
		"a.o|: the bound", "a.p: allowed values", "a.q.*: the bound", "a.r: the bound", "a.s: its variables", "operator a: there are two", "operator from: the name", "b: a mapping is"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}
