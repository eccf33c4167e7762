package configs_test

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	c "waterhealer/configs"
)

// styles are expressions in every style of a scalar.
var styles = []string{
	"value.a &&\n      value.b",
	"'a''b'",
	"\"a\\x41\\u00e9\\\n      b\"",
	"|\n      a\n\n       b\n",
	"|2-\n      a\n",
	"|+\n      a\n\n",
	">\n\n      a\n      b\n\n        c\n      d\n",
	">-\n      a\n      b",
	"&x\n      a",
	"!!str &x 'a'",
	"'$${a}b'",
	"'${EXPR}b'",
	"\"a\\\n\n      b\\tc\"",
	"'a\n\n\n      b'",
}

// FuzzParse feeds anything: Parse must come back, with positions that are in
// the file, and what it gives must be usable.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/err/*.yaml", "testdata/ok/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			f.Add(read(f, file))
		}
	}
	for _, seed := range []string{"\ufeff", "a: &a *a", "? [", "{{{{", "- - - -", "\"\\", "|", ">+9", "%YAML 9", "--- !", "x: !!int a", "<<: <<", "&a : *a", "a\u2028b: \u0085 c", "\r\r\r"} {
		f.Add([]byte(seed))
	}
	for _, scalar := range styles {
		f.Add([]byte("sources: [{values: [1]}]\nsinks: [{stdout: }]\noperators:\n  - name: a\n    filter: " + scalar))
	}
	known := specs()
	f.Fuzz(func(t *testing.T, data []byte) {
		p, ds := c.Parse("fuzz.yaml", data, known, environment())
		checkPositions(t, data, ds)
		ds.Print(io.Discard, map[string][]byte{"fuzz.yaml": data}, true)
		ds.Print(io.Discard, map[string][]byte{"fuzz.yaml": p.Text()}, false)
		if ds.HasErrors() {
			return
		}
		dump(p)
		for _, nodes := range [][]*c.Node{p.Sources, p.Operators, p.Sinks} {
			for _, n := range nodes {
				walkExpressions(t, data, n)
			}
		}
	})
}

// checkPositions expects every diagnostic in the file, sorted, with a code
// that is explained.
func checkPositions(t *testing.T, data []byte, ds c.Diagnostics) {
	t.Helper()
	lines := bytes.Split(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n"))
	for i, d := range ds {
		if d.Position.Line < 1 || d.Position.Line > len(lines) {
			t.Fatalf("%v: the file has %d lines", d, len(lines))
		}
		line := bytes.TrimSuffix(lines[d.Position.Line-1], []byte("\r"))
		if most := utf8.RuneCount(line) + 1; d.Position.Column < 1 || d.Position.Column > most {
			t.Fatalf("%v: the line has %d characters", d, most-1)
		}
		if d.Width < 1 || d.Message == "" {
			t.Fatalf("%v: width %d", d, d.Width)
		}
		if _, ok := c.Explain(d.Code); !ok {
			t.Fatalf("%v: the code is not explained", d)
		}
		if i > 0 && d.Position.Line < ds[i-1].Position.Line {
			t.Fatalf("%v comes after %v", d, ds[i-1])
		}
	}
}

func walkExpressions(t *testing.T, data []byte, n *c.Node) {
	t.Helper()
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	var all []*c.Expression
	for _, f := range n.Spec.Fields {
		all = append(all, n.Values.Expressions(f.Name)...)
		all = append(all, n.Values.Tree(f.Name).Expressions()...)
	}
	for _, e := range all {
		for _, column := range []int{0, 1, len(e.Source), 1 << 30} {
			for _, line := range []int{1, 2, 1 << 30} {
				if p := e.At(line, column); p.Line < 1 || p.Line > len(lines) || p.Column < 1 {
					t.Fatalf("%q: place %d:%d is at %v", e.Source, line, column, p)
				}
			}
		}
		checkLetters(t, lines, e)
	}
}

// checkLetters expects every letter of an expression at its place in the file,
// or the backslash that it is written with.
func checkLetters(t *testing.T, lines []string, e *c.Expression) {
	t.Helper()
	if e.Substituted() || e.Source == "nil" {
		return
	}
	for i, source := range strings.Split(e.Source, "\n") {
		for column, letter := range []rune(source) {
			if column > 100 || !unicode.IsLetter(letter) {
				continue
			}
			p := e.At(i+1, column)
			line := []rune(lines[p.Line-1])
			if p.Column > len(line) || line[p.Column-1] != letter && line[p.Column-1] != '\\' {
				t.Fatalf("%q: %q of line %d, column %d is not at %v", e.Source, letter, i+1, column, p)
			}
		}
	}
}
