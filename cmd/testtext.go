package cmd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/rehearsal"
)

// printTests writes a line per test, and below those that failed what was
// expected beside what came.
func printTests(w io.Writer, files []tested) {
	passed, failed, refused := 0, 0, 0
	var b strings.Builder
	for _, f := range files {
		switch {
		case f.refused:
			refused++
			fmt.Fprintf(&b, "FAIL  %s: not tested\n", f.path)
		case f.tests == 0:
			fmt.Fprintf(&b, "      %s: no tests\n", f.path)
		case len(f.results) == 0:
			fmt.Fprintf(&b, "      %s: none of %s matches --run\n", f.path, counted(f.tests, "test", "tests"))
		}
		for i := range f.results {
			r := &f.results[i]
			if r.passed() {
				passed++
				fmt.Fprintf(&b, "ok    %s: %s\n", r.Test.Pos, r.Test.Name)
				continue
			}
			failed++
			fmt.Fprintf(&b, "FAIL  %s: %s\n", r.Test.Pos, r.Test.Name)
			b.WriteString(indented(details(r), "      "))
		}
	}
	if passed+failed > 0 {
		fmt.Fprintf(&b, "%s: %d passed, %d failed\n", counted(passed+failed, "test", "tests"), passed, failed)
	}
	if refused > 0 {
		fmt.Fprintf(&b, "%s not tested\n", counted(refused, "file", "files"))
	}
	_, _ = io.WriteString(w, b.String())
}

// details say why a test failed.
func details(r *testResult) string {
	var b strings.Builder
	if r.err != nil {
		fmt.Fprintf(&b, "%v\n", r.err)
	}
	for i := range r.Mismatches {
		m := &r.Mismatches[i]
		verb := "are"
		if m.Expectation.Single() || m.Expectation.Check == configs.CheckOutput {
			verb = "is"
		}
		fmt.Fprintf(&b, "%s: %s %s not as expected\n", m.Expectation.KeyPos, subject(m.Expectation), verb)
		sideBySide(&b, m.Rows())
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "%v, then %s\n", f, f.Then)
	}
	for _, w := range r.Waiting {
		fmt.Fprintf(&b, "%s of source %s never entered the pipeline\n", counted(w.Inputs, "record", "records"), w.Source)
	}
	if r.Halted != nil && !slices.ContainsFunc(r.Failures, func(f *engine.Failure) bool { return errors.Is(r.Halted, f) }) {
		fmt.Fprintf(&b, "the pipeline halted: %v\n", r.Halted)
	}
	return b.String()
}

// subject names what an expectation is about.
func subject(x *configs.Expectation) string {
	switch x.Check {
	case configs.CheckCommitted:
		return "the watermark of " + x.Name()
	case configs.CheckOutput:
		return "the output of " + x.Name()
	case configs.CheckDead:
		return "the dead letters of " + x.Name()
	}
	return fmt.Sprintf("the %s offsets of %s", x.Check, x.Name())
}

// cellWidth is where a long value is continued on the next line, surroundings
// how many values that are alike are shown beside others, and mostLines how many
// lines are shown at all.
const (
	cellWidth    = 56
	surroundings = 2
	mostLines    = 100
)

// sideBySide writes rows as a table: a mark, the place, what was expected, what
// came.
func sideBySide(b *strings.Builder, rows []rehearsal.Row) {
	lines := [][4]string{{"", "", "expected", "got"}}
	for i, row := range rows {
		if row.Mark == rehearsal.Same && !near(rows, i) {
			if i == 0 || rows[i-1].Mark != rehearsal.Same || near(rows, i-1) {
				lines = append(lines, [4]string{"", "...", "", ""})
			}
			continue
		}
		expected, got := folded(row.Expected), folded(row.Got)
		for j := range max(len(expected), len(got)) {
			line := [4]string{}
			if j == 0 {
				line[0], line[1] = string(row.Mark), row.Path
			}
			if j < len(expected) {
				line[2] = expected[j]
			}
			if j < len(got) {
				line[3] = got[j]
			}
			lines = append(lines, line)
		}
	}
	more := max(len(lines)-mostLines, 0)
	lines = lines[:len(lines)-more]
	var widths [4]int
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		text := "  " + pad(line[0], widths[0]) + " " + pad(line[1], widths[1]) + "  " + pad(line[2], widths[2]) + "  " + line[3]
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	if more > 0 {
		fmt.Fprintf(b, "    and %s\n", counted(more, "line more", "lines more"))
	}
}

// near says that a row stands close to one that differs.
func near(rows []rehearsal.Row, at int) bool {
	for i := max(at-surroundings, 0); i <= min(at+surroundings, len(rows)-1); i++ {
		if rows[i].Mark != rehearsal.Same {
			return true
		}
	}
	return false
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", width-utf8.RuneCountInString(s))
}

// folded is a cell as lines.
func folded(s string) []string {
	var lines []string
	for rest := []rune(s); len(rest) > 0; {
		n := min(len(rest), cellWidth)
		lines = append(lines, string(rest[:n]))
		rest = rest[n:]
	}
	return lines
}

func indented(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(by + line)
	}
	return b.String()
}
