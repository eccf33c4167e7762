package configs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
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

// cells is how many columns of a terminal a character takes, whatever the
// locale: an ambiguous one takes one.
func cells(c rune) int {
	narrow := runewidth.Condition{}
	if c < utf8.RuneSelf {
		return 1
	}
	return narrow.RuneWidth(c)
}
