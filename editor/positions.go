package editor

import (
	"sort"
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
)

// text is a document with what is needed to go between offsets, the positions of
// the protocol (lines end at LF, CRLF or a lone CR; UTF-16 units from 0) and those
// of diagnostics (lines end at LF; characters from 1; a byte order mark is none).
type text struct {
	data  string
	lines []int // offsets of line starts as the protocol counts them
	feeds []int // as diagnostics do
}

const byteOrderMark = "\ufeff"

func newText(data string) *text {
	t := &text{data: data, lines: []int{0}, feeds: []int{0}}
	if strings.HasPrefix(data, byteOrderMark) {
		t.feeds[0] = len(byteOrderMark)
	}
	for i := range len(data) {
		switch {
		case data[i] == '\n':
			t.lines, t.feeds = append(t.lines, i+1), append(t.feeds, i+1)
		case data[i] == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// lineEnd is the offset behind the last character of the line that starts at an
// offset.
func (t *text) lineEnd(start int) int {
	if n := strings.IndexAny(t.data[start:], "\r\n"); n >= 0 {
		return start + n
	}
	return len(t.data)
}

// offset is where a position of the protocol is; one outside the text is at its
// nearest end. Within a character that takes two units it is before it.
func (t *text) offset(p position) int {
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(t.lines) {
		return len(t.data)
	}
	i := t.lines[p.Line]
	end := t.lineEnd(i)
	for units := 0; i < end; {
		c, size := utf8.DecodeRuneInString(t.data[i:])
		if units += utf16Units(c); units > p.Character {
			break
		}
		i += size
	}
	return i
}

func utf16Units(c rune) int {
	if c > 0xFFFF {
		return 2
	}
	return 1
}

// position is how the protocol writes an offset.
func (t *text) position(offset int) position {
	offset = max(min(offset, len(t.data)), 0)
	line := sort.SearchInts(t.lines, offset+1) - 1
	units := 0
	for _, c := range t.data[t.lines[line]:offset] {
		units += utf16Units(c)
	}
	return position{line, units}
}

func (t *text) span(s span) textRange { return textRange{t.position(s.from), t.position(s.to)} }

// place is the range of a diagnostic.
func (t *text) place(p configs.Position, width int) textRange {
	line := max(min(p.Line, len(t.feeds)), 1)
	end := len(t.data)
	if line < len(t.feeds) {
		end = t.feeds[line] - 1
		if end > t.feeds[line-1] && t.data[end-1] == '\r' {
			end--
		}
	}
	from := t.advance(t.feeds[line-1], p.Column-1, end)
	to := t.advance(from, width, end)
	return textRange{t.position(from), t.position(to)}
}

// advance goes on by a number of characters, at most to end.
func (t *text) advance(offset, characters, end int) int {
	for ; characters > 0 && offset < end; characters-- {
		_, size := utf8.DecodeRuneInString(t.data[offset:])
		offset += size
	}
	return min(offset, end)
}

// changed is the text after a change.
func (t *text) changed(c contentChange) *text {
	if c.Range == nil {
		return newText(c.Text)
	}
	from, to := t.offset(c.Range.Start), t.offset(c.Range.End)
	if to < from {
		from, to = to, from
	}
	return newText(t.data[:from] + c.Text + t.data[to:])
}
