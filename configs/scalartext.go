package configs

import (
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// scalarPlaces gives for each character of a scalar's value the offset in the
// file that it was written at, and at the end the offset behind the last. It
// is nil when the file's text cannot be followed, which would be a mistake
// here: the caller then falls back to the scalar's start.
func (t *text) scalarPlaces(n *yaml.Node) []int {
	w := &scalarWalk{text: t, at: t.value(t.mark(n.Line, n.Column)), want: []rune(n.Value)}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.block(n.Style&yaml.FoldedStyle != 0)
	case n.Style&yaml.SingleQuotedStyle != 0:
		w.at++
		w.flow('\'')
	case n.Style&yaml.DoubleQuotedStyle != 0:
		w.at++
		w.flow('"')
	default:
		w.flow(0)
	}
	if string(w.got) != n.Value {
		return nil
	}
	return append(w.places, w.at)
}

// scalarWidth is the number of characters of a scalar as written, within its
// first line; at least 1.
func (t *text) scalarWidth(n *yaml.Node) int {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return 1
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
		width := 0
		for _, c := range n.Value {
			if c == '\n' {
				break
			}
			width++
		}
		return max(width, 1)
	}
	quote, escape := byte('\''), byte('\'')
	if n.Style&yaml.DoubleQuotedStyle != 0 {
		quote, escape = '"', '\\'
	}
	start := t.value(t.mark(n.Line, n.Column))
	for i := start + 1; i < len(t.data) && t.data[i] != '\n' && t.data[i] != '\r'; i++ {
		switch {
		case t.data[i] == escape && i+1 < len(t.data) && (escape == '\\' || t.data[i+1] == quote):
			i++
		case t.data[i] == quote:
			return utf8.RuneCount(t.data[start : i+1])
		}
	}
	return 1
}

// scalarWalk reads a scalar's text again, as YAML does, noting where each
// character of the value comes from.
type scalarWalk struct {
	text   *text
	at     int // offset
	want   []rune
	got    []rune
	places []int
}

func (w *scalarWalk) done() bool { return len(w.got) >= len(w.want) || w.at >= len(w.text.data) }

func (w *scalarWalk) emit(c rune, place int) {
	w.got = append(w.got, c)
	w.places = append(w.places, place)
}

// flow follows a plain (quote 0) or quoted scalar.
func (w *scalarWalk) flow(quote byte) {
	data := w.text.data
	for !w.done() {
		switch c := data[w.at]; {
		case c == ' ' || c == '\t' || w.text.breakAt(w.at) > 0:
			w.white()
		case quote == '\'' && c == '\'':
			w.emit('\'', w.at)
			w.at += 2
		case quote == '"' && c == '\\':
			w.escape()
		default:
			w.copy()
		}
	}
}

func (w *scalarWalk) copy() {
	c, size := utf8.DecodeRune(w.text.data[w.at:])
	w.emit(c, w.at)
	w.at += size
}

// white follows a run of blanks: kept within a line, folded around line ends.
func (w *scalarWalk) white() {
	end, breaks := w.blanks(w.at)
	switch breaks {
	case 0:
		for w.at < end {
			w.copy()
		}
	case 1:
		w.emit(' ', w.at)
	default:
		for range breaks - 1 {
			w.emit('\n', w.at)
		}
	}
	w.at = end
}

// blanks finds the end of a run of blanks and counts the line ends in it.
func (w *scalarWalk) blanks(i int) (end, breaks int) {
	for i < len(w.text.data) {
		if n := w.text.breakAt(i); n > 0 {
			breaks++
			i += n
			continue
		}
		if c := w.text.data[i]; c != ' ' && c != '\t' {
			break
		}
		i++
	}
	return i, breaks
}

// escape follows a backslash in a double-quoted scalar. What it stands for is
// taken from the value, which yaml.v3 has decoded.
func (w *scalarWalk) escape() {
	if w.at+1 >= len(w.text.data) {
		w.at++
		return
	}
	length := 2
	switch w.text.data[w.at+1] {
	case 'x':
		length = 4
	case 'u':
		length = 6
	case 'U':
		length = 10
	default:
		if n := w.text.breakAt(w.at + 1); n > 0 { // joins two lines
			end, breaks := w.blanks(w.at + 1 + n)
			for range breaks {
				w.emit('\n', w.at)
			}
			w.at = end
			return
		}
	}
	w.emit(w.want[len(w.got)], w.at)
	w.at += length
}
