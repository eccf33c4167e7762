package cmd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"waterhealer/configs"
)

// thousandNodes is a pipeline of a thousand operators with expressions.
func thousandNodes() []byte {
	var b strings.Builder
	b.WriteString("sources:\n  - name: quakes\n    kafka: {brokers: [kafka-1:9092], topics: [quakes], group: alerts}\noperators:\n")
	for i := range 250 {
		fmt.Fprintf(&b, "  - name: filter%d\n    filter: value.properties.mag >= %d && value.地震 != nil\n", i, i)
		b.WriteString("  - map:\n      id: value.id\n      properties: merge(value.properties, {a: 1})\n      地震: 'value.地震'\n      list: value.list\n")
		fmt.Fprintf(&b, "  - name: left%d\n    remove: 'value.id in [%d, %d] || any(value.list ?? [], # > 3)'\n", i, i, i+1)
		fmt.Fprintf(&b, "  - name: both%d\n    from: [filter%d, left%d]\n    union: {}\n", i, i, i)
	}
	b.WriteString("sinks:\n  - healing: {to: {kafka: {topic: alerts, key: value.id}}}\n")
	return []byte(strings.ReplaceAll(b.String(), "{a: 1}", "value"))
}

// TestLintThousandNodes bounds what takes a small part of a second by what the
// slowest machine must manage.
func TestLintThousandNodes(t *testing.T) {
	data := thousandNodes()
	start := time.Now()
	l := (&program{}).check("big.yaml", data)
	took := time.Since(start)
	if len(l.diagnostics) > 0 || len(l.pipeline.Operators) != 1000 {
		t.Fatalf("%d operators, %d diagnostics, first %v", len(l.pipeline.Operators), len(l.diagnostics), l.diagnostics[:min(1, len(l.diagnostics))])
	}
	if t.Logf("%v for %d bytes", took, len(data)); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func BenchmarkLintThousandNodes(b *testing.B) {
	data := thousandNodes()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if l := (&program{}).check("big.yaml", data); len(l.diagnostics) > 0 {
			b.Fatal(l.diagnostics[0])
		}
	}
}

// TestLintHostile expects an answer, with a message, to what nobody writes.
func TestLintHostile(t *testing.T) {
	const most = 1 << 18
	with := func(expression string) string {
		return "sources: [{values: [1]}]\noperators:\n  - map: '" + expression + "'\nsinks: [{stdout: {}}]\n"
	}
	chain := func(node string) string {
		var b strings.Builder
		for i := range 4000 {
			fmt.Fprintf(&b, node, i, max(i-1, 0))
		}
		return "sources: [{name: n0, values: [1]}]\noperators:\n" + b.String() + "sinks: [{stdout: {}}]\n"
	}
	for name, file := range map[string]string{
		"brackets in an expression":  with(strings.Repeat("(", most)),
		"lists in an expression":     with(strings.Repeat("[", most/2) + strings.Repeat("]", most/2)),
		"objects in an expression":   with(strings.Repeat(`{"a":`, most/8) + "1" + strings.Repeat("}", most/8)),
		"signs":                      with(strings.Repeat("-", most) + "1"),
		"negations":                  with(strings.Repeat("!", most) + "true"),
		"a long path":                with("value" + strings.Repeat(".a", most/2)),
		"a long sum":                 with("1" + strings.Repeat("+1", most/2)),
		"a long choice":              with(strings.Repeat("value ? 1 : ", most/16) + "1"),
		"calls in calls":             with(strings.Repeat("len(", most/8) + "value" + strings.Repeat(")", most/8)),
		"predicates in predicates":   with(strings.Repeat("map(value, ", most/32) + "#" + strings.Repeat(")", most/32)),
		"lets":                       with(strings.Repeat("let a = 1; ", most/16) + "a"),
		"a long text":                with(`"` + strings.Repeat("é", most/2) + `"`),
		"a large power":              with(strings.Repeat("9**", 1000) + "9"),
		"a pattern that backtracks":  with(`value matches "` + strings.Repeat("(a*)*", 1000) + `b"`),
		"nested data":                "vars: " + strings.Repeat("{a: ", most/8) + "\n",
		"doubling unions":            chain("  - {name: m%[1]d, from: [n0], union: {}}\n"),
		"diamonds":                   diamonds(1200),
		"zips of diamonds":           strings.Replace(diamonds(600), "union: {}}", "zip: {}}", 1),
		"a map of many":              "sources: [{values: [1]}]\noperators:\n  - map:\n" + strings.Repeat("      a: value\n", most/16) + "sinks: [{stdout: {}}]\n",
		"many tests":                 cleanFile + "tests:\n" + strings.Repeat("  - {input: [{values-1: 1}], output: {stdout-1: [1]}}\n", most/64),
		"windows as large as can be": "sources: [{values: [1]}]\noperators:\n  - sliding_window: 9223372036854775807\n  - partition: 9223372036854775807\n  - partition: 9223372036854775807\nsinks: [{stdout: {}}]\n",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			l := (&program{}).check("p.yaml", []byte(file))
			var printed bytes.Buffer
			l.diagnostics.Print(&printed, map[string][]byte{"p.yaml": l.pipeline.Text()}, false)
			took := time.Since(start)
			if t.Log(took, len(l.diagnostics), printed.Len()); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			if printed.Len() > 4<<20 {
				t.Errorf("%d bytes are printed", printed.Len())
			}
		})
	}
}

// diamonds splits and joins again and again, so that there are 2^n paths.
func diamonds(n int) string {
	var b strings.Builder
	b.WriteString("sources: [{name: n0, kafka: {brokers: [a:1], topics: [t], group: g}}]\noperators:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {name: a%d, from: n%d, map: value}\n  - {name: b%d, from: n%d, map: value}\n  - {name: n%d, from: [a%d, b%d], union: {}}\n", i, i, i, i, i+1, i, i)
	}
	return b.String() + "sinks: [{healing: {}}]\n"
}

// TestLintEndless: a file that is too large is refused before it is read to its
// end, if it has one.
func TestLintEndless(t *testing.T) {
	own(t)
	large, err := os.Create("large.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	if err := large.Close(); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "lint", "large.yaml").exits(t, 1); !strings.Contains(r.stdout, "error[yaml-limit]: the file is larger than 2 MiB") {
		t.Errorf("lint says %s", r.stdout)
	}
	run(t, "run", "large.yaml").exits(t, 2).says(t, "error[yaml-limit]")
	var stdout, stderr bytes.Buffer
	if code := execute(t.Context(), []string{"lint", "-"}, endless{}, &stdout, &stderr); code != 1 || !strings.Contains(stdout.String(), "error[yaml-limit]") {
		t.Errorf("exit code %d: %s%s", code, stdout.String(), stderr.String())
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '#'
	}
	return len(p), nil
}

// FuzzLint feeds anything: lint must come back with positions that are in the
// file, and what it accepts must start.
func FuzzLint(f *testing.F) {
	for _, pattern := range []string{"testdata/lint/bad/*.yaml", "testdata/lint/good/*.yaml", "testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := (&program{}).check("f.yaml", data)
		lines := bytes.Split(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n"))
		for _, d := range l.diagnostics {
			if d.Position.Line < 1 || d.Position.Line > len(lines) || d.Position.Column < 1 || d.Width < 1 || d.Message == "" {
				t.Fatalf("%v, width %d", d, d.Width)
			}
			if most := utf8.RuneCount(lines[d.Position.Line-1]) + 1; d.Position.Column > most {
				t.Fatalf("%v: the line has %d characters", d, most-1)
			}
			if _, known := configs.Explain(d.Code); !known {
				t.Fatalf("%v: the code is not explained", d)
			}
		}
		l.diagnostics.Print(io.Discard, map[string][]byte{"f.yaml": l.pipeline.Text()}, true)
		if err := writeSARIF(io.Discard, l.diagnostics); err != nil {
			t.Fatal(err)
		}
		if !l.diagnostics.HasErrors() {
			if err := starts(l); err != nil {
				t.Fatalf("lint accepts what does not start: %v", err)
			}
		}
	})
}
