package configs_test

import (
	"fmt"
	"strings"
	"testing"

	c "waterhealer/configs"
)

// TestExpressionPlaces puts a marked character into every kind of scalar and
// expects At to find it. The mark ‸ is in front of the character that is
// looked for and is taken out of the file before it is parsed.
func TestExpressionPlaces(t *testing.T) {
	tests := []struct{ name, value string }{
		{"plain", "value.a > ‸bad + 1"},
		{"plain first", "‸bad + 1"},
		{"plain wide", "value.地震 == \"🌋é\" && ‸bad"},
		{"plain over lines", "value.a &&\n        value.b &&\n        ‸bad"},
		{"plain over empty lines", "value.a &&\n\n\n        value.b && ‸bad"},
		{"plain with comment", "value.a && ‸bad # and a comment"},
		{"plain with anchor", "&a value.a && ‸bad"},
		{"plain with tag", "!!str value.a && ‸bad"},
		{"plain with both", "&a !!str value.a && ‸bad"},
		{"plain with anchor on its own line", "&a # here\n        # and there\n        value.a && ‸bad"},
		{"single", "'value.a && ‸bad'"},
		{"single first", "'‸bad'"},
		{"single with quotes", "'value[''a''] == ''b'' && ‸bad'"},
		{"single over lines", "'value.a &&\n        value.b\n\n        && ‸bad'"},
		{"double", `"value.a && ‸bad"`},
		{"double with escapes", `"value[\"a\"] == \"\u00e9\x41\U0001F30B\\n\" && ‸bad"`},
		{"double with line end", `"value.a\n&& ‸bad"`},
		{"double over lines", "\"value.a &&   \n        value.b && ‸bad\""},
		{"double with joined lines", "\"value.a && \\\n        value.b && ‸bad\""},
		{"double with tabs", "\"value.a\t&&\t‸bad\""},
		{"literal", "|\n        value.a &&\n          value.b &&\n        ‸bad\n"},
		{"literal first", "|\n        ‸bad\n"},
		{"literal kept", "|+\n        value.a &&\n        ‸bad\n\n\n"},
		{"literal stripped", "|-\n        value.é &&\n\n        ‸bad"},
		{"literal with indicator", "|2-\n        value.a &&\n        ‸bad"},
		{"literal with empty first line", "|\n\n        value.a &&\n        ‸bad\n"},
		{"literal with comment", "| # here\n        value.a && ‸bad\n"},
		{"folded", ">\n        value.a &&\n        value.b &&\n        ‸bad\n"},
		{"folded stripped", ">-\n        value.a &&\n\n        value.地震 &&\n        ‸bad"},
		{"folded with indents", ">\n        value.a &&\n          value.b\n            && value.c\n        && ‸bad\n"},
		{"folded with empty lines", ">\n\n        value.a\n\n\n        && value.b\n\n          && value.c\n\n        && ‸bad\n"},
		{"substituted before", "${EXPR} && ‸bad"},
		{"substituted twice", "'${EXPR} && value.é == \"${TOPIC}\" && ‸bad'"},
		{"escaped before", "'value.a == \"$${TOPIC}\" && ‸bad'"},
		{"empty before", "a${EMPTY} && ‸bad"},
	}
	for _, test := range tests {
		for _, ends := range []string{"\n", "\r\n"} {
			t.Run(fmt.Sprintf("%s %q", test.name, ends), func(t *testing.T) {
				placed(t, strings.ReplaceAll("sources: [{values: [1]}]\noperators:\n  - name: é\n    filter: "+test.value+"\nsinks: [{stdout: {}}]\n", "\n", ends))
			})
		}
	}
}

func placed(t *testing.T, marked string) {
	t.Helper()
	before, after, _ := strings.Cut(marked, "‸")
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1

	p, ds := c.Parse("test.yaml", []byte(before+after), specs(), environment())
	if len(ds) > 0 {
		t.Fatalf("diagnostics:\n%s", printed(p, ds))
	}
	e := p.Operators[0].Values.Expression("expr")
	inside := e.Source[:strings.Index(e.Source, "bad")]
	got := e.At(strings.Count(inside, "\n")+1, len([]rune(inside[strings.LastIndex(inside, "\n")+1:])))
	if got.Line != line || got.Column != column {
		t.Errorf("%q is at %d:%d, got %v\n%s", "bad", line, column, got, before+after)
	}
}

// TestSubstitutedPlaces expects a place in substituted text at its `${`, and
// one outside the text at its nearest end.
func TestSubstitutedPlaces(t *testing.T) {
	file := "sources: [{values: [1]}]\noperators:\n  - filter: 'a && ${EXPR} && ${TOPIC}'\nsinks: [{stdout: {}}]\n"
	p, ds := c.Parse("test.yaml", []byte(file), specs(), environment())
	if len(ds) > 0 {
		t.Fatalf("diagnostics:\n%s", printed(p, ds))
	}
	e := p.Operators[0].Values.Expression("expr")
	if want := "a && value.mag > 4 && quakes"; e.Source != want {
		t.Fatalf("source is %q, want %q", e.Source, want)
	}
	if !e.Substituted() {
		t.Error("the expression does not know that it is substituted")
	}
	for _, test := range []struct{ line, column, want int }{
		{1, 0, 14}, {1, 5, 19}, {1, 10, 19}, {1, 17, 19}, {1, 18, 26}, {1, 22, 30}, {1, 27, 30},
		{1, 1000, 30}, {7, 0, 14}, {0, -1, 14},
	} {
		if got := e.At(test.line, test.column); got.Line != 3 || got.Column != test.want {
			t.Errorf("At(%d, %d) is %v, want column %d", test.line, test.column, got, test.want)
		}
	}
}

// TestAliasedExpression expects places in the anchored text.
func TestAliasedExpression(t *testing.T) {
	file := "x-a: &a 'value.a && bad'\nsources: [{values: [1]}]\noperators:\n  - filter: *a\nsinks: [{stdout: {}}]\n"
	p, _ := c.Parse("test.yaml", []byte(file), specs(), environment())
	if got := p.Operators[0].Values.Expression("expr").At(1, 11); got.Line != 1 || got.Column != 21 {
		t.Errorf("got %v, want 1:21", got)
	}
	if got := p.Operators[0].Values.Pos("expr"); got.Line != 4 || got.Column != 13 {
		t.Errorf("the value is at %v, want the alias at 4:13", got)
	}
}
