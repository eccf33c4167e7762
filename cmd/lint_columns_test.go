package cmd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/operators"
)

// mark stands in front of what is misspelt, and is taken out of the file.
const mark = "‸"

// scalars are all ways to write an expression, with one name misspelt. %s is
// the indentation of a line that goes on.
var scalars = []struct{ name, written string }{
	{"plain", "value.a > ‸valeu + 1"},
	{"plain first", "‸valeu + 1"},
	{"plain alone", "‸valeu"},
	{"plain with spaces", "value.a   >   ‸valeu"},
	{"plain wide", "value.地震 == 1 && ‸valeu"},
	{"plain emoji", "value.a == \"🌋👩‍🔬\" && ‸valeu"},
	{"plain symbols", "value.a == \"✅⚡→é\" && ‸valeu"},
	{"plain combined", "value.a == \"e\u0301\" && ‸valeu"},
	{"plain over lines", "value.a &&\n%s  value.b &&\n%s  ‸valeu"},
	{"plain over empty lines", "value.a &&\n\n\n%s  value.b && ‸valeu"},
	{"plain with comment", "value.a && ‸valeu # valeu"},
	{"plain with anchor", "&anchor value.a && ‸valeu"},
	{"plain with tag", "!!str value.a && ‸valeu"},
	{"plain with both", "&anchor !!str ‸valeu && value.a"},
	{"plain anchored on a line before", "&anchor # here\n%s  value.a && ‸valeu"},
	{"single", "'value.a && ‸valeu'"},
	{"single first", "'‸valeu'"},
	{"single with quotes", "'value[''a''] == ''b'' && ‸valeu'"},
	{"single over lines", "'value.a &&\n%s  value.b\n\n%s  && ‸valeu'"},
	{"single with tabs", "'value.a\t&&\t\t‸valeu'"},
	{"double", `"value.a && ‸valeu"`},
	{"double with escapes", `"value[\"a\"] == \"\u00e9\x41\U0001F30B\\n\" && ‸valeu"`},
	{"double with line end", `"value.a\n&& ‸valeu"`},
	{"double over lines", "\"value.a &&   \n%s  value.b && ‸valeu\""},
	{"double with joined lines", "\"value.a && \\\n%s  value.b && ‸valeu\""},
	{"double with tabs", "\"value.a\t&&\\t‸valeu\""},
	{"literal", "|\n%s  value.a &&\n%s    value.b &&\n%s  ‸valeu\n"},
	{"literal first", "|\n%s  ‸valeu\n"},
	{"literal kept", "|+\n%s  value.a &&\n%s  ‸valeu\n\n"},
	{"literal stripped", "|-\n%s  value.é &&\n\n%s  ‸valeu"},
	{"literal with tab", "|\n%s  value.a\t&&\t‸valeu\n"},
	{"literal with comment", "| # valeu\n%s  value.a && ‸valeu\n"},
	{"literal with anchor", "&anchor |\n%s  value.a && ‸valeu\n"},
	{"folded", ">\n%s  value.a &&\n%s  value.b &&\n%s  ‸valeu\n"},
	{"folded stripped", ">-\n%s  value.a &&\n\n%s  value.地震 &&\n%s  ‸valeu"},
	{"folded with indents", ">\n%s  value.a &&\n%s    value.b\n%s      && value.c\n%s  && ‸valeu\n"},
	{"substituted before", "${WORDS} && ‸valeu"},
	{"substituted twice", "'${WORDS} && value.é == \"${WORDS}\" && ‸valeu'"},
	{"escaped before", "'value.a == \"$${WORDS}\" && ‸valeu'"},
	{"default before", "'value.a == \"${NOT_SET:-é}\" && ‸valeu'"},
	{"in a call", "'len(filter(value.list, # > 1 && ‸valeu)) > 0'"},
	{"in an index", "value.list[‸valeu]"},
	{"in a condition", "'value.a ? 1 : ‸valeu'"},
	{"in an object", "'{\"a\": ‸valeu}'"},
	{"behind a string with the name", "value.a == \"valeu\" && ‸valeu"},
}

// places are all places of a file that hold an expression. %s is the scalar.
var places = []struct{ name, file string }{
	{"a filter", "sources: [{values: [1]}]\noperators:\n  - filter: %s\nsinks: [{stdout: {}}]\n"},
	{"a filter's field", "sources: [{values: [1]}]\noperators:\n  - filter:\n      expr: %s\nsinks: [{stdout: {}}]\n"},
	{"a map", "sources: [{values: [1]}]\noperators:\n  - name: é\n    map: %s\nsinks: [{stdout: {}}]\n"},
	{"a field of a map", "sources: [{values: [1]}]\noperators:\n  - map:\n      id: value\n      地震: %s\nsinks: [{stdout: {}}]\n"},
	{"a field in a field", "sources: [{values: [1]}]\noperators:\n  - map:\n      a:\n        b:\n          c: %s\nsinks: [{stdout: {}}]\n"},
	{"foreach", "sources: [{values: [1]}]\noperators:\n  - foreach_async:\n      workers: 2\n      expr: %s\nsinks: [{stdout: {}}]\n"},
	{"starmap", "sources: [{values: [1]}]\noperators:\n  - starmap:\n      args: [a]\n      expr: %s\nsinks: [{stdout: {}}]\n"},
	{"accumulate", "sources: [{values: [1]}]\noperators:\n  - accumulate:\n      start: %s\n      expr: value\nsinks: [{stdout: {}}]\n"},
	{"a key of batches", "sources: [{values: [1]}]\noperators:\n  - partition:\n      size: 2\n      key: %s\nsinks: [{stdout: {}}]\n"},
	{"a case", "sources: [{values: [1]}]\noperators:\n  - name: s\n    switch:\n      cases:\n        - name: a\n          when: %s\nsinks: [{from: s.a, stdout: {}}]\n"},
	{"a literal of a tuple", "sources: [{name: a, values: [1]}, {name: b, values: [1]}]\noperators:\n  - from: [a, b]\n    zip:\n      literals:\n        1: %s\nsinks: [{stdout: {}}]\n"},
	{"the order's key", "order: key\nkey: %s\nsources: [{values: [1]}]\nsinks: [{stdout: {}}]\n"},
	{"a source", "sources:\n  - generate:\n      value: %s\nsinks: [{stdout: {}}]\n"},
	{"an output's key", "sources: [{values: [1]}]\nsinks:\n  - kafka:\n      brokers: [a]\n      topic: t\n      key: %s\n"},
	{"a header", "sources: [{values: [1]}]\nsinks:\n  - kafka:\n      brokers: [a]\n      topic: t\n      headers:\n        a: %s\n"},
	{"a topic", "sources: [{values: [1]}]\nsinks:\n  - kafka:\n      brokers: [a]\n      topic:\n        expr: %s\n"},
	{"a nested output", "sources: [{values: [1]}]\nsinks:\n  - healing:\n      to:\n        - kafka:\n            brokers: [a]\n            topic: t\n            key: %s\n"},
	{"a dead letter", "sources: [{values: [1]}]\nsinks: [{stdout: {}}]\non_error:\n  then: dead_letter\n  dead_letter:\n    kafka:\n      brokers: [a]\n      topic: t\n      key: %s\n"},
	{"an anchor", "x-expression: &here %s\nsources: [{values: [1]}]\noperators: [{filter: *here}]\nsinks: [{stdout: {}}]\n"},
	{"a merged mapping", "x-batches: &here\n  size: 2\n  key: %s\nsources: [{values: [1]}]\noperators: [{partition: {<<: *here, timeout: 1s}}]\nsinks: [{stdout: {}}]\n"},
	{"an anchored node", "x-node: &here\n  filter: %s\nsources: [{values: [1]}]\noperators: [*here]\nsinks: [{stdout: {}}]\n"},
}

// TestColumns puts one misspelt name, and two, into every kind of scalar at every
// place, with line ends of both kinds and with a byte order mark, and expects the
// carets exactly there.
func TestColumns(t *testing.T) {
	t.Setenv("WORDS", "value.words && 1 == 1")
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			for _, s := range scalars {
				if strings.Contains(p.file, "&here") && strings.Contains(s.written, "&anchor") && p.name == "an anchor" {
					continue // one anchor is enough for YAML
				}
				for _, written := range append(twice(s.written), s.written) {
					marked := put(p.file, written)
					caret(t, s.name, marked)
					caret(t, s.name+" with CRLF", strings.ReplaceAll(marked, "\n", "\r\n"))
					caret(t, s.name+" with a byte order mark", "\ufeff"+marked)
				}
			}
		})
	}
}

// put puts a scalar into a file; its further lines are indented as the line
// that it begins in.
func put(file, scalar string) string {
	before, after, _ := strings.Cut(file, "%s")
	line := before[strings.LastIndex(before, "\n")+1:]
	indent := line[:len(line)-len(strings.TrimLeft(line, " -"))]
	indent = strings.Repeat(" ", len(indent))
	return before + strings.ReplaceAll(scalar, "%s", indent) + after
}

// twice are two ways to misspell another name in a scalar: beside the first, and
// where it begins.
func twice(scalar string) []string {
	beside := strings.Replace(scalar, mark+"valeu", "get("+mark+"valeu, "+mark+"vlaue)", 1)
	if before, after, found := strings.Cut(scalar, "value."); found {
		return []string{beside, before + mark + "vlaue." + after}
	}
	return []string{beside}
}

// caret expects one problem at each mark, and no other that keeps the expression
// from compiling.
func caret(t *testing.T, name, marked string) {
	t.Helper()
	var want []string
	data := marked
	for {
		before, after, found := strings.Cut(data, mark)
		if !found {
			break
		}
		start := before[strings.LastIndex(before, "\n")+1:]
		line, column := strings.Count(before, "\n")+1, utf8.RuneCountInString(strings.TrimPrefix(start, "\ufeff"))+1
		want = append(want, fmt.Sprintf("p.yaml:%d:%d: error[expression]: unknown name %s", line, column, after[:len("valeu")]))
		data = before + after
	}
	pipeline, found := configs.Parse("p.yaml", []byte(data), specs(), configs.Environment{})
	_, problems := operators.NewPlan(pipeline, operators.Scope{})
	// What the records of a place are may be wrong, too.
	found = slices.DeleteFunc(append(found, problems...), func(d configs.Diagnostic) bool { return d.Code != configs.CodeExpression })
	var got []string
	for _, d := range found {
		got = append(got, d.String())
		if d.Width != len("valeu") {
			t.Errorf("%s: %v is %d wide", name, d, d.Width)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q\nwant %q\n%s", name, got, want, data)
		return
	}
	for _, d := range found {
		var out bytes.Buffer
		configs.Diagnostics{d}.Print(&out, map[string][]byte{"p.yaml": []byte(data)}, false)
		underlined(t, name, d.Message[len("unknown name "):], out.String())
	}
}

// underlined expects the carets of a printed diagnostic under the name, as a
// terminal shows it: with tabs kept, and wide characters two columns wide.
func underlined(t *testing.T, name, wrong, out string) {
	t.Helper()
	lines := strings.Split(out, "\n")
	if len(lines) < 3 {
		t.Errorf("%s: no line is shown:\n%s", name, out)
		return
	}
	blank, carets, _ := strings.Cut(lines[2], "^")
	rest := skip(lines[1], blank)
	if carets != "^^^^" || !strings.HasPrefix(rest, wrong) {
		t.Errorf("%s: the carets are under %q:\n%s", name, rest, out)
	}
}

// skip is what of a line stands behind white space that is as wide.
func skip(line, blank string) string {
	for blank != "" {
		if line == "" {
			return ""
		}
		c, size := utf8.DecodeRuneInString(line)
		line = line[size:]
		switch {
		case c == '\t':
			if blank[0] != '\t' {
				return ""
			}
			blank = blank[1:]
		default:
			blank = blank[min(wide(c), len(blank)):]
		}
	}
	return line
}

// wide is how many columns the characters of these tests take.
func wide(c rune) int {
	switch {
	case c == 0x301 || c == 0x200d:
		return 0
	case c >= 0x1F300 || c >= 0x4E00 && c <= 0x9FFF || c == 0x2705 || c == 0x26A1: // the last are ✅ and ⚡
		return 2
	}
	return 1
}

// TestColumnsOfNames puts misspelt keys, kinds, values and names of nodes where
// a file may hold them. What is misspelt ends with the second mark.
func TestColumnsOfNames(t *testing.T) {
	const tail = "sinks: [{stdout: {}}]\n"
	for _, c := range []struct{ name, file, code string }{
		{"a top key", "sources: [{values: [1]}]\n‸wrokers‸: 4\n" + tail, "unknown-key"},
		{"a quoted top key", "sources: [{values: [1]}]\n‸\"wrokers\"‸: 4\n" + tail, "unknown-key"},
		{"a key in JSON", "{\"sources\": [{\"values\": [1]}], ‸\"wrokers\"‸: 4, \"sinks\": [{\"stdout\": {}}]}\n", "unknown-key"},
		{"a kind", "sources: [{values: [1]}]\noperators:\n  -   ‸fliter‸: value.é\n" + tail, "unknown-kind"},
		{"a kind behind a name", "sources: [{values: [1]}]\noperators:\n  - name: 地震\n    ‸fliter‸: value\n" + tail, "unknown-kind"},
		{"a kind in a flow list", "sources: [{values: [1]}]\noperators: [{name: \"🌋é\", ‸fliter‸: value}]\n" + tail, "unknown-kind"},
		{"a field", "sources: [{values: [1]}]\noperators:\n  - partition:\n      size: 1\n      ‸timeuot‸: 2s\n" + tail, "unknown-key"},
		{"a field behind wide text", "sources: [{values: [1]}]\noperators:\n  - partition: {key: 'value.地震', ‸timeuot‸: 2s, size: 1}\n" + tail, "unknown-key"},
		{"a field with a tab before", "sources: [{values: [1]}]\noperators:\n  - partition: {size: 1,\t‸timeuot‸: 2s}\n" + tail, "unknown-key"},
		{"an anchored field", "x-a: &a {size: 1, ‸timeuot‸: 2s}\nsources: [{values: [1]}]\noperators: [{partition: *a}]\n" + tail, "unknown-key"},
		{"a merged field", "x-a: &a\n  ‸timeuot‸: 2s\nsources: [{values: [1]}]\noperators: [{partition: {<<: *a, size: 1}}]\n" + tail, "unknown-key"},
		{"a field of two merges", "x-a: &a {size: 1}\nx-b: &b {‸timeuot‸: 2s}\nsources: [{values: [1]}]\noperators: [{partition: {<<: [*a, *b]}}]\n" + tail, "unknown-key"},
		{"a field of on_error", "sources: [{values: [1]}]\n" + tail + "on_error: {retry: {‸atempts‸: 3}}\n", "unknown-key"},
		{"a value", "order: ‸partiton‸\nsources: [{values: [1]}]\n" + tail, "wrong-value"},
		{"a quoted value", "order: ‸\"partiton\"‸\nsources: [{values: [1]}]\n" + tail, "wrong-value"},
		{"a value with escapes", "order: ‸\"part\\u00ef\\x41\"‸ # é\nsources: [{values: [1]}]\n" + tail, "wrong-value"},
		{"an aliased value", "x-a: &a partiton\norder: ‸*a‸\nsources: [{values: [1]}]\n" + tail, "wrong-value"},
		{"a substituted value", "order: ‸${ORDER}‸\nsources: [{values: [1]}]\n" + tail, "wrong-value"},
		{"a duration", "sources: [{values: [1]}]\noperators: [{delay: ‸5sec‸}]\n" + tail, "wrong-type"},
		{"a from", "sources: [{name: a, values: [1]}]\noperators: [{map: value, from: ‸aa‸}]\n" + tail, "unknown-node"},
		{"one of several", "sources: [{name: a, values: [1]}, {name: 地震, values: [1]}]\noperators: [{map: value, from: [a, 地震, ‸ab‸]}]\n" + tail, "unknown-node"},
		{"one in a block list", "sources: [{name: a, values: [1]}]\noperators:\n  - map: value\n    from:\n      - a\n      - ‸'ab'‸\n" + tail, "unknown-node"},
		{"a node in a field", "sources: [{name: a, values: [1]}]\noperators:\n  - {collect: {flush_on: ‸b‸}, from: a}\n" + tail, "unknown-node"},
		{"an unset variable", "sources: [{file: \"é/‸${NOT_SET}‸/a\"}]\n" + tail, "unset-variable"},
		{"an unset variable in a block", "sources:\n  - file: |\n      é/‸${NOT_SET}‸\n" + tail, "unset-variable"},
	} {
		t.Setenv("ORDER", "partiton")
		for _, ends := range []string{"\n", "\r\n"} {
			file := strings.ReplaceAll(c.file, "\n", ends)
			before, rest, _ := strings.Cut(file, mark)
			wrong, after, _ := strings.Cut(rest, mark)
			line := strings.Count(before, "\n") + 1
			column := utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
			_, found := configs.Parse("p.yaml", []byte(before+wrong+after), specs(), configs.Environment{})
			want := fmt.Sprintf("p.yaml:%d:%d: error[%s]: ", line, column, c.code)
			if len(found) == 0 || !strings.HasPrefix(found[0].String(), want) || found[0].Width != utf8.RuneCountInString(wrong) {
				t.Errorf("%s %q: got %v, want %s of width %d", c.name, ends, found, want, utf8.RuneCountInString(wrong))
			}
		}
	}
}
