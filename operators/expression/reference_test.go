package expression

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the reference anew")

// TestReference: docs/expressions.md is what the functions, methods and variables
// say, and what the expressions in it give. -update writes it.
func TestReference(t *testing.T) {
	const file = "../../docs/expressions.md"
	got := reference(t)
	for _, doc := range FunctionDocs() {
		if !strings.Contains(got, "\n### `"+doc.Signature+"`\n") {
			t.Errorf("%s is in none of the groups", doc.Name)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s is stale (%v): run go test ./operators/expression -run TestReference -update", file, err)
	}
}

const referenceStart = "# Expressions\n\n" +
	"Written by `go test ./operators/expression -run TestReference -update`; every example in it is run.\n" +
	"`waterhealer expr 'EXPR' --input FILE` tries an expression on records of yours.\n\n" +
	"The language is that of [expr](https://expr-lang.org/docs/language-definition), with stricter rules where a guess could lose or\n" +
	"change data: a missing last field is nil, but a field of nil, and arithmetic and ordering on nil, are errors of that record;\n" +
	"integers are exact and their overflow is an error; a number that is copied keeps its text, an object the order of its keys.\n"

func reference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(referenceStart + "\n## Variables\n\n| | |\n|---|---|\n")
	for _, v := range VariableDocs() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.Name, v.Doc)
	}
	b.WriteString("\n" +
		"On a batch `value` is the list of its elements' values, and what the elements do not agree on is nil.\n")
	for _, table := range languageTables() {
		fmt.Fprintf(&b, "\n## %s\n\n| expression | `value` | gives |\n|---|---|---|\n", table.title)
		for _, r := range table.rows {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", code(r[0]), code(r[1]), code(outcome(t, r[0], r[1])))
		}
	}
	methodTable(t, &b)
	groups := []struct {
		title     string
		functions []*function
	}{
		{"Text", textFunctions()}, {"Numbers", numberFunctions()}, {"Bits", bitFunctions()}, {"Lists", listFunctions()},
		{"Objects", objectFunctions()}, {"Times", timeFunctions()}, {"Conversions", conversions()}, {"Beyond expr", ownFunctions()},
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## Functions: %s\n", strings.ToLower(g.title[:1])+g.title[1:])
		for _, fn := range g.functions {
			functionEntry(&b, fn.signature, fn.doc, fn.examples)
		}
	}
	b.WriteString("\n## Functions with a predicate\n\nIn a predicate `#` is the item, `.x` its field x and `#index` its place.\n")
	for _, p := range predicates() {
		functionEntry(&b, p.signature, p.doc, p.examples)
	}
	return b.String()
}

func functionEntry(b *strings.Builder, signature, doc string, examples []string) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n", signature, doc)
	if len(examples) > 0 {
		fmt.Fprintf(b, "\n```\n%s\n```\n", strings.Join(examples, "\n"))
	}
}

// code is a text as it stands in a table.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(text, "|", "\\|") + "`"
}

// outcome is what an expression gives, or what its error says.
func outcome(t *testing.T, source, value string) string {
	t.Helper()
	got, err := evaluate(t, source, value)
	if err == nil {
		return got
	}
	var compiling *Error
	var running *RuntimeError
	switch {
	case errors.As(err, &compiling):
		return "does not compile: " + compiling.Message
	case errors.As(err, &running):
		return "error: " + running.Message
	}
	return err.Error()
}

// methodTable has an example of each method.
func methodTable(t *testing.T, b *strings.Builder) {
	t.Helper()
	for _, kind := range []struct {
		title, of string
		names     []string
		arguments map[string]string
	}{
		{"Methods of times", `date("2024-02-29T12:30:15Z")`, slices.Sorted(maps.Keys(timeMethods())), map[string]string{
			"Before": `date("2024-03-01")`, "After": `date("2024-03-01")`, "Equal": `date("2024-03-01")`, "Sub": `date("2024-02-01")`,
			"Add": `duration("36h")`, "Round": `duration("1h")`, "Truncate": `duration("1h")`, "In": `"Europe/Zurich"`, "Format": `"02.01.2006 15:04"`,
		}},
		{"Methods of durations", `duration("90m1.5s")`, slices.Sorted(maps.Keys(durationMethods())), map[string]string{
			"Round": `duration("1m")`, "Truncate": `duration("1h")`,
		}},
	} {
		fmt.Fprintf(b, "\n## %s\n\nOf `%s`:\n\n| | gives |\n|---|---|\n", kind.title, kind.of)
		for _, name := range kind.names {
			call := name + "(" + kind.arguments[name] + ")"
			got, err := evaluate(t, kind.of+"."+call, "")
			if err != nil {
				t.Errorf("%s: %v", call, err)
			}
			fmt.Fprintf(b, "| `.%s` | `%s` |\n", call, got)
		}
	}
}

type languageTable struct {
	title string
	rows  [][2]string // an expression and the value it sees
}

// languageTables are examples of what is no function.
func languageTables() []languageTable {
	return []languageTable{
		{"Fields and items", [][2]string{
			{`value.a.b`, `{"a": {"b": 1}}`}, {`value["a b"]`, `{"a b": 1}`}, {`value.b`, `{"a": 1}`}, {`value.b.c`, `{"a": 1}`},
			{`value.b?.c`, `{"a": 1}`}, {`value.b ?? "none"`, `{"a": 1}`}, {`value[0]`, `[1, 2, 3]`}, {`value[-1]`, `[1, 2, 3]`},
			{`value[1:]`, `[1, 2, 3]`}, {`value[0:2]`, `"text"`}, {`value[9]`, `[1]`},
		}},
		{"Numbers", [][2]string{
			{`value + 1`, `9007199254740993`}, {`value + 1`, `9223372036854775807`}, {`7 / 2`, ``}, {`7 % 4`, ``}, {`2 ** 10`, ``}, {`-value`, `2.5`},
			{`value`, `1.10`}, {`value * 1`, `1.10`}, {`value == 1.0`, `1`}, {`1 < value <= 3`, `3`}, {`value + 1`, `null`}, {`value > 1`, `"2"`},
		}},
		{"Text", [][2]string{
			{`value + "!"`, `"a"`}, {`value contains "b"`, `"abc"`}, {`value startsWith "a" and value endsWith "c"`, `"abc"`},
			{`value matches "^a[bc]+$"`, `"abc"`}, {`"x" in value`, `{"x": 1}`}, {`value < "b"`, `"a"`},
		}},
		{"Logic", [][2]string{
			{`value.a and not value.b`, `{"a": true, "b": false}`}, {`value.a || value.b`, `{"a": true}`}, {`value.a && true`, `{"a": 1}`},
			{`value >= 4 ? "strong" : "weak"`, `4.5`}, {`value == nil`, `null`}, {`value in [1, 2]`, `2`}, {`value not in 1..3`, `4`},
		}},
		{"Lists, objects and names", [][2]string{
			{`[value, 2]`, `1`}, {`{"a": value, "b": {"c": 2}}`, `1`}, {`1..3`, ``}, {`let x = value + 1; x * x`, `2`}, {`value | filter(# > 1) | len()`, `[1, 2, 3]`},
			{`[1, {"a": 2.0}] == [1.0, {"a": 2}]`, ``}, {`vars.limit`, ``}, {`headers.trace`, ``},
		}},
	}
}
