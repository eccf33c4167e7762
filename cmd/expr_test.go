package cmd

import (
	"strings"
	"testing"
)

// TestExpr: what an expression gives for each record, and what is said of those
// on which it fails.
func TestExpr(t *testing.T) {
	own(t)
	file(t, "a.jsonl", "{\"mag\": 4.50, \"id\": 9007199254740993}\n\n{\"mag\": \"x\"}\n{bad\n{\"mag\": null}\n")
	file(t, "b.csv", "name,n\nann,1\n\"b\nob\",2\nshort\n")

	got := run(t, "expr", "{\"m\": value.mag, \"more\": value.mag + 1, \"at\": [index, offset]}", "--input", "a.jsonl").exits(t, 1)
	got.prints(t, `{"m":4.50,"more":5.5,"at":[0,0]}`+"\n")
	want := `a.jsonl:3: expression:1:36: error[expression]: + does not work on string and integer
  {"m": value.mag, "more": value.mag + 1, "at": [index, offset]}
                                     ^
`
	if !strings.HasPrefix(got.stderr, want) {
		t.Errorf("stderr is\n%s\nwant\n%s", got.stderr, want)
	}
	got.says(t, "a.jsonl:4: payload is not json: ", "a.jsonl:5: expression:1:36: ", "3 of 4 records failed\n")

	for _, row := range []struct{ expression, input, decode, format, stdin, want string }{
		{"value.id", "a.jsonl", "", "", "", "9007199254740993\nnull\nnull\n"},
		{"value.name", "b.csv", "", "", "", "\"ann\"\n\"b\\nob\"\n"},
		{"value", "b.csv", "csv", "", "", "[\"name\",\"n\"]\n[\"ann\",\"1\"]\n[\"b\\nob\",\"2\"]\n[\"short\"]\n"},
		{"value", "-", "text", "", "a b\nc\n", "\"a b\"\n\"c\"\n"},
		{"value", "-", "bytes", "", "a\n", "\"YQ==\"\n"},
		{"value.x", "-", "", "csv", "x\n1\n", "\"1\"\n"},
		{"[topic, partition, offset, index, key, headers]", "-", "", "", "1\n2\n", "[\"stdin\",0,0,0,null,{}]\n[\"stdin\",0,1,1,null,{}]\n"},
		{"timestamp > date(\"2020-01-01\")", "-", "", "", "1\n", "true\n"},
		{"value", "-", "", "", "", ""},
	} {
		args := []string{"expr", row.expression, "--input", row.input}
		if row.decode != "" {
			args = append(args, "--decode", row.decode)
		}
		if row.format != "" {
			args = append(args, "--format", row.format)
		}
		if got := runWith(t, row.stdin, args...); got.stdout != row.want {
			t.Errorf("%v prints\n%s%s\nwant\n%s", args, got.stdout, got.stderr, row.want)
		}
	}
}

// TestExprAlone: without input it is computed once; its mistakes are shown where
// they are, and exit codes tell the record's from the expression's.
func TestExprAlone(t *testing.T) {
	own(t)
	run(t, "expr", "1 + 2").exits(t, 0).prints(t, "3\n")
	run(t, "expr", "--", "-1").exits(t, 0).prints(t, "-1\n")
	run(t, "expr", "[value, topic, offset, index]").exits(t, 0).prints(t, "[null,null,null,0]\n")
	run(t, "expr", "1 +\n  fail(\"é\")").exits(t, 1).prints(t, "").says(t, "expression:2:3: error[expression]: é\n    fail(\"é\")\n    ^^^^\n")
	run(t, "expr", "\"é\" + vlaue").exits(t, 2).says(t, "expression:1:7: error[expression]: unknown name vlaue\n  \"é\" + vlaue\n        ^^^^^\n  hint: did you mean value?\n")
	run(t, "expr", "upper(1) +\n  vlaue.x").exits(t, 2).says(t, "expression:1:7: error[expression]: upper needs a string, got integer\n  upper(1) +\n        ^\n",
		"expression:2:3: error[expression]: unknown name vlaue\n    vlaue.x\n    ^^^^^\n  hint: did you mean value?\n")
	run(t, "expr", "").exits(t, 2).says(t, "the expression is empty")
	run(t, "expr").exits(t, 2)
	run(t, "expr", "1", "--input", "gone.jsonl").exits(t, 2).says(t, "cannot read the input", "gone.jsonl")
	run(t, "expr", "1", "--decode", "xml").exits(t, 2).says(t, `--decode is "xml", must be json, text, bytes or csv`)
	run(t, "expr", "1", "--format", "xml").exits(t, 2).says(t, `--format is "xml", must be jsonl, csv or text`)
}
