package value

import (
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string from its opening quote on.
func (d *decoder) string() (string, error) {
	start := d.pos + 1
	ascii := true
	for i := start; i < len(d.text); i++ {
		switch c := d.text[i]; {
		case c == '"':
			if !ascii {
				if bad := invalidUTF8(d.text[start:i]); bad >= 0 {
					return "", d.errorf(start+bad, "invalid UTF-8")
				}
			}
			d.pos = i + 1
			return d.cut(start, i), nil
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			return "", d.errorf(i, "control character %q in a string", c)
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", d.errorf(len(d.text), "a string is not closed: the text ends")
}

// escaped reads the rest of a string that started at start and has its first
// backslash at i.
func (d *decoder) escaped(start, i int) (string, error) {
	buf := make([]byte, 0, i-start+32)
	buf = append(buf, d.text[start:i]...)
	for i < len(d.text) {
		c := d.text[i]
		switch {
		case c == '"':
			if bad := invalidUTF8(d.text[start:i]); bad >= 0 {
				return "", d.errorf(start+bad, "invalid UTF-8")
			}
			d.pos = i + 1
			return string(buf), nil
		case c == '\\':
			r, size, err := d.escape(i)
			if err != nil {
				return "", err
			}
			buf = utf8.AppendRune(buf, r)
			i += size
		case c < ' ':
			return "", d.errorf(i, "control character %q in a string", c)
		default:
			buf = append(buf, c)
			i++
		}
	}
	return "", d.errorf(len(d.text), "a string is not closed: the text ends")
}

// escape reads one escape sequence (or the two of a surrogate pair) at i.
func (d *decoder) escape(i int) (r rune, size int, err error) {
	if i+1 == len(d.text) {
		return 0, 0, d.errorf(i+1, "a string is not closed: the text ends")
	}
	switch c := d.text[i+1]; c {
	case '"', '\\', '/':
		return rune(c), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
		return d.unicode(i)
	}
	return 0, 0, d.errorf(i, "unknown escape in a string")
}

func (d *decoder) unicode(i int) (r rune, size int, err error) {
	r, ok := hex4(d.text, i+2)
	if !ok {
		return 0, 0, d.errorf(i, `\u without four hexadecimal digits`)
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, nil
	}
	if i+7 < len(d.text) && d.text[i+6] == '\\' && d.text[i+7] == 'u' {
		if low, ok := hex4(d.text, i+8); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12, nil
			}
		}
	}
	return 0, 0, d.errorf(i, "half a surrogate pair")
}

func hex4(s string, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// invalidUTF8 is the place of the first byte that is not UTF-8, or -1.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
			return i
		}
	}
	return -1
}
