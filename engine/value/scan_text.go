package value

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// Strings and numbers are gone over eight bytes at a time. In a word of eight the
// first byte is found that is not simply passed over: what is taken from a byte
// borrows only from those behind it, and only where it is itself one of those
// that are looked for, so the first one found is certain. See "Determine if a
// word has a byte less than n" in Anderson's Bit Twiddling Hacks.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// word is eight bytes of a text, the first lowest. The caller has seen that they
// are there.
func word(text string, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text)), i))[:])
}

// ends marks the bytes of a word that end a stretch of plain ASCII in a string:
// quotes, backslashes, control characters and what is beyond ASCII. A quote is
// 0x22, so with its bit 1 turned it comes right behind the control characters,
// and the space makes room for it.
func ends(w uint64) uint64 {
	return (((w ^ ones*2) - ones*0x21) | ((w ^ ones*'\\') - ones) | w) & tops
}

// scanString goes over a string; plain says that it has no escapes.
func scanString(text string, pos int) (end int, plain bool) {
	if pos >= len(text) || text[pos] != '"' {
		return -1, false
	}
	i := pos + 1
	for ; i+8 <= len(text); i += 8 {
		if found := ends(word(text, i)); found != 0 {
			i += bits.TrailingZeros64(found) / 8
			if text[i] == '"' {
				return i + 1, true
			}
			return scanOddString(text, pos+1, i)
		}
	}
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, true
		case c < ' ' || c == '\\' || c >= utf8.RuneSelf:
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

// scanFigures is [scanNumber], eight digits at a time.
func scanFigures(text string, pos int) int {
	i := pos
	if text[i] == '-' {
		i++
	}
	if i+8 > len(text) {
		return scanNumber(text, pos)
	}
	// Most numbers are in one word, with what stands behind them.
	other := figures(word(text, i))
	n := bits.TrailingZeros64(other) / 8
	if n > 1 && text[i] == '0' || n == 0 {
		return -1
	}
	if n == 8 {
		return scanNumber(text, pos)
	}
	if text[i+n] == '.' {
		point := n
		other &= other - 1
		if n = bits.TrailingZeros64(other) / 8; n == point+1 || n == 8 {
			return scanNumber(text, pos)
		}
	}
	if i += n; text[i]|0x20 == 'e' {
		return scanNumber(text, pos)
	}
	return i
}

// figures marks the bytes of a word that are no digits. A byte that is one is at
// most 9 when the bits of '0' are turned.
func figures(w uint64) uint64 {
	w ^= ones * '0'
	return (w + ones*(0x7f-9) | w) & tops
}
