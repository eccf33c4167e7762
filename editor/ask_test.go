package editor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waterhealer/operators/expression"
)

// cursor marks in testdata/ask where something is asked.
const cursor = "‸"

// TestAsk plays the files of testdata/ask. Each holds cases: a line `=== TITLE`, a
// file with a cursor in it, a line `--- complete`, `--- hover` or `--- definition`,
// and the answer, which -update writes.
func TestAsk(t *testing.T) {
	files, err := filepath.Glob("testdata/ask/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, c := range strings.Split(string(data), "=== ")[1:] {
			title, rest, _ := strings.Cut(c, "\n")
			text, rest, asked := strings.Cut(rest, "--- ")
			question, want, _ := strings.Cut(rest, "\n")
			if !asked || strings.Count(text, cursor) != 1 {
				t.Fatalf("%s: %q has no question or not one cursor", file, title)
			}
			got := ask(t, text, question)
			if strings.TrimRight(got, "\n") != strings.TrimRight(want, "\n") && !*update {
				t.Errorf("%s: %s: %s: got\n%swant\n%s", file, title, question, got, want)
			}
			fmt.Fprintf(&out, "=== %s\n%s--- %s\n%s\n", title, text, question, got)
		}
		if *update {
			if err := os.WriteFile(file, []byte(strings.TrimRight(out.String(), "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func ask(t *testing.T, marked, question string) string {
	t.Helper()
	before, after, _ := strings.Cut(marked, cursor)
	l, o := newLanguage(specs()), newOutline(before+after)
	switch question {
	case "complete":
		return completed(l, o, len(before))
	case "hover":
		text, at := l.hover(o, len(before))
		if text == "" {
			return "nothing\n"
		}
		return fmt.Sprintf("on %q\n%s", o.text[at.from:at.to], text)
	case "definition":
		at, ok := l.definition(o, len(before))
		if !ok {
			return "nothing\n"
		}
		return fmt.Sprintf("line %d, %q\n", o.lineOf(at.from), o.text[at.from:at.to])
	}
	t.Fatalf("what is %q?", question)
	return ""
}

// completed lists what is offered: what would stand there, a · at its end where a
// blank does. Functions are many.
func completed(l *language, o *outline, offset int) string {
	offers := l.complete(o, offset)
	if len(offers) == 0 {
		return "nothing\n"
	}
	functions := make(map[string]bool)
	for _, f := range expression.FunctionDocs() {
		functions[f.Name] = true
	}
	var b strings.Builder
	first, count := offers[0].replace, 0
	fmt.Fprintf(&b, "in place of %q\n", o.text[first.from:first.to])
	for _, p := range offers {
		if p.replace != first {
			fmt.Fprintf(&b, "in place of %q\n", o.text[p.replace.from:p.replace.to])
			first = p.replace
		}
		if p.kind == itemFunction && functions[p.label] {
			count++
			continue
		}
		insert := p.insert
		if strings.HasSuffix(insert, " ") {
			insert = insert[:len(insert)-1] + "·"
		}
		fmt.Fprintln(&b, insert)
	}
	switch count {
	case 0:
	case len(functions):
		fmt.Fprintln(&b, "and all functions")
	default:
		fmt.Fprintf(&b, "and %d functions\n", count)
	}
	return b.String()
}
