package value

import (
	"strings"
	"unicode/utf8"
)

// scanner goes over a text and checks it as the decoder does, without making
// anything.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) value(depth int) bool {
	if depth > lazyDepth || s.pos == len(s.text) {
		return false
	}
	switch s.text[s.pos] {
	case '{':
		return s.members(depth)
	case '[':
		return s.items(depth)
	case '"':
		_, ok := s.string()
		return ok
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	end := scanNumber(s.text, s.pos)
	if end < 0 {
		return false
	}
	s.pos = end
	return true
}

func (s *scanner) members(depth int) bool {
	s.pos++
	first := true
	for s.space(); !s.take('}'); s.space() {
		if !first {
			if !s.take(',') {
				return false
			}
			s.space()
		}
		first = false
		if _, ok := s.string(); !ok {
			return false
		}
		s.space()
		if !s.take(':') {
			return false
		}
		s.space()
		if !s.value(depth + 1) {
			return false
		}
	}
	return true
}

func (s *scanner) items(depth int) bool {
	s.pos++
	first := true
	for s.space(); !s.take(']'); s.space() {
		if !first {
			if !s.take(',') {
				return false
			}
			s.space()
		}
		first = false
		if !s.value(depth + 1) {
			return false
		}
	}
	return true
}

// string goes over a string; plain says that it has no escapes.
func (s *scanner) string() (plain, ok bool) {
	if s.pos == len(s.text) || s.text[s.pos] != '"' {
		return false, false
	}
	text, start, ascii, plain := s.text, s.pos+1, true, true
	for i := start; i < len(text); {
		c := text[i]
		if classes[c] == 0 {
			i++
			continue
		}
		switch {
		case c == '"':
			s.pos = i + 1
			return plain, ascii || utf8.ValidString(text[start:i])
		case c == '\\':
			_, size, err := (&decoder{text: text}).escape(i)
			if err != nil {
				return false, false
			}
			plain = false
			i += size
		case c < ' ':
			return false, false
		default:
			ascii = false
			i++
		}
	}
	return false, false
}

// classes marks the bytes that are not simply passed over in a string.
//
//nolint:gochecknoglobals // a constant table
var classes = func() (c [256]uint8) {
	for i := range c {
		if i < ' ' || i >= utf8.RuneSelf || i == '"' || i == '\\' {
			c[i] = 1
		}
	}
	return c
}()

func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.pos:], w) {
		return false
	}
	s.pos += len(w)
	return true
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}
