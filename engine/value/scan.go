package value

import "strings"

// The scan functions go over a text from a place on and check it as the decoder
// does, without making anything. They return the place behind, or -1 where the
// text is not what it should be, or out of the ordinary; then the decoder says
// what is wrong. Places go from hand to hand as plain numbers, so that they stay
// in registers: every byte of every record passes through here.

// scanValue goes over a value and all that is in it, in one loop: a call for each
// value would cost as much as most of them.
func scanValue(text string, pos, depth int) int {
	// kinds has a bit for each object and list that is open, the innermost last: 1
	// is an object. So that it does not overflow, open is less than 64.
	kinds, open, room := uint64(0), 0, lazyDepth-depth
	for pos < len(text) {
		switch c := text[pos]; {
		case c == '"':
			pos, _ = scanString(text, pos)
		case c-'0' <= 9 || c == '-':
			pos = scanFigures(text, pos)
		case c == '{' || c == '[':
			if open >= room {
				return -1
			}
			pos = scanSpace(text, pos+1)
			if pos < len(text) && text[pos] == c+2 { // ] and } come two behind [ and {
				pos++
				break
			}
			open++
			kinds <<= 1
			if c == '[' {
				continue
			}
			kinds |= 1
			if _, _, pos = scanKey(text, pos); pos >= 0 {
				continue
			}
		default:
			pos = scanWord(text, pos)
		}
		if pos < 0 {
			return -1
		}
		// What stands behind the value: the ends of what is open, up to a comma.
		for {
			if open == 0 {
				return pos
			}
			pos = scanSpace(text, pos)
			if pos >= len(text) {
				return -1
			}
			if text[pos] == ',' {
				break
			}
			if text[pos] != ']'|byte(kinds&1)<<5 { // a bit is between ] and }
				return -1
			}
			pos++
			kinds >>= 1
			open--
		}
		if pos = scanSpace(text, pos+1); kinds&1 == 0 {
			continue
		}
		if _, _, pos = scanKey(text, pos); pos < 0 {
			return -1
		}
	}
	return -1
}

// scanKey goes over a key, its colon, and the space up to the value at end.
func scanKey(text string, pos int) (keyEnd int, plain bool, end int) {
	keyEnd, plain = scanString(text, pos)
	if keyEnd < 0 {
		return -1, false, -1
	}
	end = scanSpace(text, keyEnd)
	if end >= len(text) || text[end] != ':' {
		return -1, false, -1
	}
	return keyEnd, plain, scanSpace(text, end+1)
}

// scanNext goes over what stands behind a field: a comma and the space up to the
// next one, or the end of the object.
func scanNext(text string, pos int) (next int, more bool) {
	pos = scanSpace(text, pos)
	switch {
	case pos >= len(text):
		return -1, false
	case text[pos] == ',':
		return scanSpace(text, pos+1), true
	case text[pos] == '}':
		return pos + 1, false
	}
	return -1, false
}

func scanWord(text string, pos int) int {
	word := "null"
	switch text[pos] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	}
	if !strings.HasPrefix(text[pos:], word) {
		return -1
	}
	return pos + len(word)
}

func scanSpace(text string, pos int) int {
	for pos < len(text) && text[pos] <= ' ' {
		switch text[pos] {
		case ' ', '\t', '\n', '\r':
			pos++
		default:
			return pos
		}
	}
	return pos
}
