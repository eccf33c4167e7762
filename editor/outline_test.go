package editor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"waterhealer/configs"
)

// TestOutlineOfPipelines: of the files that are YAML, the tolerant outline finds the
// same nodes as the parser.
func TestOutlineOfPipelines(t *testing.T) {
	count := 0
	for _, pattern := range []string{"../cmd/testdata/lint/*/*.yaml", "../configs/testdata/ok/*.yaml", "../examples/*/*.yaml", "../examples/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			pipeline, found := configs.Parse(file, data, specs(), configs.Environment{})
			text := string(data)
			if found.HasErrors() || strings.Contains(text, "<<:") || strings.Contains(text, ": *") || strings.Contains(text, "- *") || strings.Contains(text, "${") {
				continue // aliases are not followed
			}
			var want, got []string
			for _, n := range slices.Concat(pipeline.Sources, pipeline.Operators, pipeline.Sinks) {
				want = append(want, n.Name+" "+n.Kind)
			}
			for _, n := range newLanguage(specs()).nodesOf(newOutline(text)) {
				if n.spec == nil {
					t.Fatalf("%s: %s has no kind", file, n.name)
				}
				got = append(got, n.name+" "+n.spec.Kind)
			}
			count++
			if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
				t.Errorf("%s: got %q, want %q", file, got, want)
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d files were looked at", count)
	}
}

// asked asks everything at an offset, and checks what must hold of any answer.
func asked(t interface{ Fatalf(string, ...any) }, l *language, text string, offset int) {
	o, doc := newOutline(text), newText(text)
	for _, p := range l.complete(o, offset) {
		if p.replace.from > offset || p.replace.to < offset || strings.ContainsAny(text[p.replace.from:p.replace.to], "\r\n") {
			t.Fatalf("%q at %d: %q replaces %q", text, offset, p.label, text[p.replace.from:p.replace.to])
		}
	}
	if answer, at := l.hover(o, offset); answer != "" && !at.has(offset) {
		t.Fatalf("%q at %d: hover on %v", text, offset, at)
	}
	if at, ok := l.definition(o, offset); ok && (at.from >= at.to || at.to > len(text)) {
		t.Fatalf("%q at %d: defined at %v", text, offset, at)
	}
	for _, s := range l.symbols(o, doc) {
		for _, n := range s.Children {
			if before(n.SelectionRange.Start, n.Range.Start) || before(n.Range.End, n.SelectionRange.End) {
				t.Fatalf("%q: symbol %+v", text, n)
			}
		}
	}
}

func before(a, b position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// TestAnything: whatever stands in a file, there is an answer.
func TestAnything(t *testing.T) {
	l := newLanguage(specs())
	word := rapid.SampledFrom([]string{"sources:", "operators:", "sinks:", "\n", "\n  ", "\n    ", "\n      ", "- ", "-", "filter: ", "kafka:", "from: ", "[", "]", "{", "}",
		",", ": ", "name: ", "a", "'", "\"", "|", ">", "#", " # ", "value", ".", "\t", "\r\n", "tests:", "input:", "map:", "on_error: ", "then: ", "😀", "---\n", "switch:", "cases:", "&x ", "*x", "!t "})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(word, 0, 40).Draw(t, "text"), "")
		asked(t, l, text, rapid.IntRange(0, len(text)).Draw(t, "offset"))
	})
}

// FuzzAsk: whatever is asked of whatever text, there is an answer.
func FuzzAsk(f *testing.F) {
	files, _ := filepath.Glob("testdata/ask/*.txt")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range strings.Split(string(data), "=== ") {
			text, _, _ := strings.Cut(c, "--- ")
			before, after, _ := strings.Cut(text, cursor)
			f.Add(before+after, len(before))
		}
	}
	l := newLanguage(specs())
	f.Fuzz(func(t *testing.T, text string, offset int) {
		if len(text) > 1<<14 {
			return
		}
		doc := newText(text)
		asked(t, l, text, doc.offset(doc.position(min(max(offset, 0), len(text)))))
	})
}

// TestHostile: large files cost no more than moments, counted in time of the
// processor, since the machine may have other work.
func TestHostile(t *testing.T) {
	const size = configs.MaxBytes / 2
	l := newLanguage(specs())
	deep := func(line string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			b.WriteString(strings.Repeat(" ", i%2000) + line + "\n")
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"brackets":     strings.Repeat("[", size),
		"braces":       strings.Repeat("{a: ", size/4),
		"pairs":        "a: {" + strings.Repeat("b: c, ", size/6),
		"dashes":       strings.Repeat("- ", size/2),
		"deep":         deep("a:"),
		"deep quotes":  deep("a: 'x"),
		"deep lists":   deep("- - a"),
		"quotes":       strings.Repeat("a: \"\n", size/5),
		"open quote":   "a: '" + strings.Repeat("\n x", size/3),
		"comments":     strings.Repeat("a: b # c\n", size/9),
		"one line":     "sources: " + strings.Repeat("x", size),
		"nodes":        "sources:\n" + strings.Repeat("- file: a\n  name: b\n", size/21),
		"block":        "a: |\n" + strings.Repeat(" b\n", size/3),
		"keys":         strings.Repeat("a:\n", size/3),
		"blank":        strings.Repeat(" ", size),
		"carriage":     strings.Repeat("\r", size),
		"too large":    strings.Repeat("a:\n", 3*size),
		"open objects": "operators:\n" + strings.Repeat("  - partition: {size: 5,\n", size/26),
	} {
		begun := processorTime(t)
		asked(t, l, text, len(text)/2)
		if took := processorTime(t) - begun; took > 4*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkComplete is what a key press costs in a file of a thousand nodes.
func BenchmarkComplete(b *testing.B) {
	l := newLanguage(specs())
	text := "operators:\n" + strings.Repeat("  - filter: value.a > 3\n", 1000) + "  - fil"
	for b.Loop() {
		l.complete(newOutline(text), len(text))
	}
}

// TestOffersLint: a key that is offered is one that lint knows there.
func TestOffersLint(t *testing.T) {
	l, count := newLanguage(specs()), 0
	for _, text := range []string{
		cursor, "sources:\n  - " + cursor, "operators:\n  - " + cursor, "sinks:\n  - " + cursor, "on_error:\n  " + cursor,
		"on_error:\n  retry:\n    " + cursor, "supervise:\n  " + cursor, "tests:\n  - " + cursor, "max_in_flight:\n  " + cursor,
		"sinks:\n  - healing:\n      to:\n        " + cursor, "sinks:\n  - healing:\n      report:\n        " + cursor,
		"on_error:\n  dead_letter:\n    " + cursor, "sources:\n  - values: []\n    on_error:\n      " + cursor,
	} {
		count += offersLint(t, l, text)
	}
	for _, s := range specs() {
		at := string(s.Section) + "s:\n  - " + s.Kind + ":\n      " + cursor
		if s.Section == configs.SectionOutput {
			at = "sinks:\n  - " + s.Kind + ":\n      " + cursor
		}
		n := offersLint(t, l, at)
		if n < len(s.Fields) && !s.ShortMapping {
			t.Errorf("of %d fields of %s %d are offered", len(s.Fields), s.Kind, n)
		}
		count += n
	}
	if count < 200 {
		t.Errorf("only %d offers were looked at", count)
	}
}

func offersLint(t *testing.T, l *language, marked string) (count int) {
	t.Helper()
	before, after, _ := strings.Cut(marked, cursor)
	for _, p := range l.complete(newOutline(before+after), len(before)) {
		if p.kind != itemField && p.kind != itemClass {
			continue
		}
		count++
		text := before + p.insert + after + "\n"
		for _, d := range check("a.yaml", []byte(text)) {
			switch d.Code {
			case configs.CodeUnknownKey, configs.CodeUnknownKind, configs.CodeWrongSection, configs.CodeSecondKind, configs.CodeSyntax, configs.CodeDuplicateKey:
				t.Errorf("%q: %s", text, d)
			}
		}
	}
	return count
}
