package value

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// The scan functions go over a text from a place on and check it as the decoder
// does, without making anything. They return the place behind, or -1 where the
// text is not what it should be, or out of the ordinary; then the decoder says
// what is wrong. Places go from hand to hand as plain numbers, so that they stay
// in registers: every byte of every record passes through here.

func scanValue(text string, pos, depth int) int {
	if depth > lazyDepth || pos >= len(text) {
		return -1
	}
	switch text[pos] {
	case '{':
		return scanMembers(text, pos, depth)
	case '[':
		return scanItems(text, pos, depth)
	case '"':
		end, _ := scanString(text, pos)
		return end
	case 't':
		return scanWord(text, pos, "true")
	case 'f':
		return scanWord(text, pos, "false")
	case 'n':
		return scanWord(text, pos, "null")
	}
	return scanNumber(text, pos)
}

func scanMembers(text string, pos, depth int) int {
	pos = scanSpace(text, pos+1)
	if pos < len(text) && text[pos] == '}' {
		return pos + 1
	}
	for {
		_, _, end := scanKey(text, pos)
		if end < 0 {
			return -1
		}
		if pos = scanValue(text, end, depth+1); pos < 0 {
			return -1
		}
		next, more := scanNext(text, pos, '}')
		if !more {
			return next
		}
		pos = next
	}
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

func scanItems(text string, pos, depth int) int {
	pos = scanSpace(text, pos+1)
	if pos < len(text) && text[pos] == ']' {
		return pos + 1
	}
	for {
		if pos = scanValue(text, pos, depth+1); pos < 0 {
			return -1
		}
		next, more := scanNext(text, pos, ']')
		if !more {
			return next
		}
		pos = next
	}
}

// scanNext goes over what stands behind a field or an item: a comma and the space
// up to the next one, or the end of the object or list.
func scanNext(text string, pos int, end byte) (next int, more bool) {
	pos = scanSpace(text, pos)
	switch {
	case pos >= len(text):
		return -1, false
	case text[pos] == ',':
		return scanSpace(text, pos+1), true
	case text[pos] == end:
		return pos + 1, false
	}
	return -1, false
}

// scanString goes over a string; plain says that it has no escapes. Of eight
// bytes at once the first is found that is not simply passed over: what is taken
// from a byte borrows only from those behind it, so the first one found is
// certain. See "Determine if a word has a byte less than n" in Anderson's Bit
// Twiddling Hacks.
func scanString(text string, pos int) (end int, plain bool) {
	if pos >= len(text) || text[pos] != '"' {
		return -1, false
	}
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := pos + 1
	bytes := unsafe.Slice(unsafe.StringData(text), len(text))
	for ; i+8 <= len(bytes); i += 8 {
		w := binary.LittleEndian.Uint64(bytes[i:])
		quote, escape := w^(ones*'"'), w^(ones*'\\')
		found := ((w-ones*' ')&^w | (quote-ones)&^quote | (escape-ones)&^escape | w) & tops
		if found != 0 {
			i += bits.TrailingZeros64(found) / 8
			if text[i] == '"' {
				return i + 1, true
			}
			return scanOddString(text, pos+1, i)
		}
	}
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case !special[c]:
		case c == '"':
			return i + 1, true
		default:
			return scanOddString(text, pos+1, i)
		}
	}
	return -1, false
}

// scanOddString goes over the rest of a string that has something else in it
// than plain ASCII.
func scanOddString(text string, start, i int) (end int, plain bool) {
	ascii, plain := true, true
	for i < len(text) {
		c := text[i]
		switch {
		case c == '"':
			if !ascii && !utf8.ValidString(text[start:i]) {
				return -1, false
			}
			return i + 1, plain
		case c == '\\':
			_, size, err := (&decoder{text: text}).escape(i)
			if err != nil {
				return -1, false
			}
			plain = false
			i += size
			continue
		case c < ' ':
			return -1, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
		i++
	}
	return -1, false
}

// special marks the bytes that are not simply passed over in a string.
//
//nolint:gochecknoglobals // a constant table
var special = func() (is [256]bool) {
	for i := range is {
		is[i] = i < ' ' || i >= utf8.RuneSelf || i == '"' || i == '\\'
	}
	return is
}()

func scanWord(text string, pos int, word string) int {
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
