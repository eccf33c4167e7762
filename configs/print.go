package configs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Print writes each diagnostic as path:line:col: error[code]: message, the
// source line, a caret range under the place, and the hint. sources are the
// files' texts by path ([Pipeline.Text]); a file that is not among them is
// shown without its line. color adds terminal colours.
func (ds Diagnostics) Print(w io.Writer, sources map[string][]byte, color bool) {
	out := bufio.NewWriter(w)
	texts := make(map[string]*text)
	for _, d := range ds {
		paint := palette(color, d.Severity)
		fmt.Fprintf(out, "%s%s:%s %s%s[%s]:%s %s\n", paint.bold, d.Position, paint.off,
			paint.severity, d.Severity, d.Code, paint.off, printable(d.Message))
		if t := textOf(texts, sources, d.Position.File); t != nil {
			printLine(out, t.line(d.Position.Line), d, paint)
		}
		if d.Hint != "" {
			fmt.Fprintf(out, "  %shint:%s %s\n", paint.bold, paint.off, printable(d.Hint))
		}
	}
	_ = out.Flush() // where nobody reads diagnostics, there is nobody to tell
}

func textOf(texts map[string]*text, sources map[string][]byte, file string) *text {
	if t, ok := texts[file]; ok {
		return t
	}
	var t *text
	if data, ok := sources[file]; ok {
		t = newText(file, data)
	}
	texts[file] = t
	return t
}

type colours struct{ bold, severity, caret, off string }

func palette(color bool, s Severity) colours {
	if !color {
		return colours{}
	}
	severity := "\x1b[1;31m"
	if s == Warning {
		severity = "\x1b[1;33m"
	}
	return colours{bold: "\x1b[1m", severity: severity, caret: "\x1b[1;32m", off: "\x1b[0m"}
}

// Long lines are shown as a window around the caret.
const (
	lineBefore = 80
	lineAfter  = 100
)

func printLine(out io.Writer, line []byte, d Diagnostic, paint colours) {
	characters := []rune(string(bytes.ToValidUTF8(line, []byte("\uFFFD"))))
	at := min(d.Position.Column-1, len(characters))
	width := max(min(d.Width, len(characters)-at), 1)
	from, to := max(at-lineBefore, 0), min(at+lineAfter, len(characters))
	before, under, after := "", "", ""
	if from > 0 {
		before = "…"
	} else {
		from = 0
	}
	if to < len(characters) {
		after = "…"
	}
	for i := from; i < at; i++ {
		before += shownAs(characters[i])
	}
	for i := at; i < min(at+width, to); i++ {
		under += shownAs(characters[i])
	}
	rest := ""
	for i := at + width; i < to; i++ {
		rest += shownAs(characters[i])
	}
	fmt.Fprintf(out, "  %s%s%s%s\n", before, under, rest, after)
	fmt.Fprintf(out, "  %s%s%s%s\n", indentLike(before), paint.caret, strings.Repeat("^", max(columns(under), 1)), paint.off)
}

// shownAs is a character as it can be printed: a control character in a file
// must not reach the terminal.
func shownAs(c rune) string {
	if c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == 0x2028 || c == 0x2029) {
		return "\uFFFD"
	}
	return string(c)
}

func printable(s string) string {
	var b strings.Builder
	for _, c := range s {
		b.WriteString(shownAs(c))
	}
	return b.String()
}

// indentLike is white space as wide as a text: tabs stay, so that they are as
// wide as above.
func indentLike(s string) string {
	var b strings.Builder
	for _, c := range s {
		if c == '\t' {
			b.WriteByte('\t')
			continue
		}
		b.WriteString(strings.Repeat(" ", cells(c)))
	}
	return b.String()
}

func columns(s string) int {
	n := 0
	for _, c := range s {
		n += cells(c)
	}
	return n
}

// cells is how many columns of a terminal a character takes.
func cells(c rune) int {
	switch {
	case c < utf8.RuneSelf:
		return 1
	case unicode.In(c, unicode.Mn, unicode.Me):
		return 0
	case wide(c):
		return 2
	}
	return 1
}

// wide reports the characters of two columns: East Asian wide and full-width
// forms, and emoji.
func wide(c rune) bool {
	for _, r := range [...][2]rune{
		{0x1100, 0x115F}, {0x231A, 0x231B}, {0x23E9, 0x23EC}, {0x2E80, 0x303E}, {0x3041, 0x4DBF},
		{0x4E00, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},
		{0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x16FE0, 0x18AFF}, {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F},
		{0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
	} {
		if c >= r[0] && c <= r[1] {
			return true
		}
	}
	return false
}
