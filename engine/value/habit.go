package value

import "strings"

// The records of a topic mostly have the same keys in the same order, written in
// the same way. A habit is what stood between the values of an object that was
// read before. Where it stands again, one comparison takes the place of a search
// for the key's end and for the field that it names, and the place of the next
// value is known without waiting for that search. Where something else stands, the
// text is read in the ordinary way: a habit is a guess that is held against the
// text, byte by byte.

const (
	habitKeys  = 64 // of an object
	habitDepth = 8
)

// habit is how the objects in one place of a document are written.
type habit struct {
	keys []habitKey
}

type habitKey struct {
	// text is all from behind the value before up to the value, `,"id":` for example.
	text string
	// The first 16 bytes of it, as words, and masks of those that are there.
	words, masks [2]uint64
	key, keyEnd  int // where the key is in it
	field        *wantedField
	// How its value is written, where that is an object, and its items, where they
	// are objects; nil where that was not seen.
	object, items *habit
}

// stands says that this is what stands at a place.
func (k *habitKey) stands(text string, pos int) bool {
	if pos+16 > len(text) {
		return strings.HasPrefix(text[pos:], k.text)
	}
	other := (word(text, pos)^k.words[0])&k.masks[0] | (word(text, pos+8)^k.words[1])&k.masks[1]
	return other == 0 && (len(k.text) <= 16 || strings.HasPrefix(text[pos+16:], k.text[16:]))
}

func newHabitKey(text string, key, keyEnd int) habitKey {
	k := habitKey{text: text, key: key, keyEnd: keyEnd}
	padded := text + strings.Repeat("\x00", 16)
	for i := range k.words {
		k.words[i] = word(padded, 8*i)
		for j := 8 * i; j < min(8*i+8, len(text)); j++ {
			k.masks[i] |= 0xff << (8 * (j % 8))
		}
	}
	return k
}

// find is the place behind a key.
func (h *habit) find(key string) int {
	for i := range h.keys {
		if k := &h.keys[i]; k.text[k.key:k.keyEnd] == key {
			return i + 1
		}
	}
	return -1
}

// learn makes a habit of how the object at pos is written, in a text that was
// checked, and what is behind it. Some of its fields are wanted, or w is nil.
func learn(text string, pos, depth int, w *wanted) *habit {
	h := &habit{}
	if depth > habitDepth {
		return h
	}
	behind := pos + 1
	pos = scanSpace(text, behind)
	for more := text[pos] != '}'; more && len(h.keys) < habitKeys; {
		keyEnd, plain, at := scanKey(text, pos)
		if !plain {
			break
		}
		k := newHabitKey(text[behind:at], pos+1-behind, keyEnd-1-behind)
		var below *wanted
		if k.field = w.find(text[pos+1 : keyEnd-1]); k.field != nil {
			below = k.field.below
		}
		switch text[at] {
		case '{':
			k.object = learn(text, at, depth+1, below)
		case '[':
			if first := scanSpace(text, at+1); text[first] == '{' {
				k.items = learn(text, first, depth+2, nil)
			}
		}
		h.keys = append(h.keys, k)
		behind = scanValue(text, at, 0)
		if behind < 0 {
			break
		}
		pos, more = scanNext(text, behind)
	}
	return h
}

// scanner goes over a document, notes where the wanted fields stand, and whether
// it was written as habits say.
type scanner struct {
	spans [mostWanted]span
	odd   bool
}

// object goes over the object at pos. h may be empty, but not nil.
func (s *scanner) object(text string, pos, depth int, w *wanted, h *habit) int {
	keys, first, next := h.keys, true, 0
	pos++
	for {
		var at, key, keyEnd int
		var k *habitKey
		var f *wantedField
		if next < len(keys) && keys[next].stands(text, pos) {
			k = &keys[next]
			at, key, keyEnd, f = pos+len(k.text), pos+k.key, pos+k.keyEnd, k.field
			next++
		} else {
			more := true
			if !first {
				pos, more = scanNext(text, pos)
			} else if pos = scanSpace(text, pos); pos < len(text) && text[pos] == '}' {
				pos, more = pos+1, false
			}
			if !more {
				return pos
			}
			var plain bool
			key = pos + 1
			if keyEnd, plain, at = scanKey(text, pos); at < 0 || !plain && w != nil {
				return -1
			}
			keyEnd--
			f, s.odd = w.find(text[key:keyEnd]), true
			if behind := h.find(text[key:keyEnd]); behind > 0 {
				next = behind
				k = &keys[behind-1]
			}
		}
		first = false
		if at >= len(text) {
			return -1
		}
		if f != nil && f.below != nil { // of equal keys the last counts
			clear(s.spans[f.at+1 : f.below.last])
		}
		switch c := text[at]; {
		case c == '"':
			pos, _ = scanString(text, at)
		case c-'0' <= 9 || c == '-':
			pos = scanFigures(text, at)
		default:
			pos = s.value(text, at, depth+1, f, k)
		}
		if pos < 0 {
			return -1
		}
		if f != nil {
			s.spans[f.at] = span{key: uint32(key), keyEnd: uint32(keyEnd), at: uint32(at), end: uint32(pos)}
		}
	}
}

// value goes over a value that is neither a string nor a number.
func (s *scanner) value(text string, at, depth int, f *wantedField, k *habitKey) int {
	if depth > lazyDepth {
		return -1
	}
	var below *wanted
	if f != nil {
		below = f.below
	}
	switch c := text[at]; {
	case c == '{' && k != nil && k.object != nil:
		return s.object(text, at, depth, below, k.object)
	case c == '{' && below != nil:
		return s.object(text, at, depth, below, &habit{})
	case c == '[' && k != nil && k.items != nil:
		return s.items(text, at, depth, k.items)
	}
	return scanValue(text, at, depth)
}

// items goes over a list of objects.
func (s *scanner) items(text string, pos, depth int, h *habit) int {
	pos = scanSpace(text, pos+1)
	if pos < len(text) && text[pos] == ']' {
		return pos + 1
	}
	for {
		if pos < len(text) && text[pos] == '{' && depth < lazyDepth {
			pos = s.object(text, pos, depth+1, nil, h)
		} else {
			pos = scanValue(text, pos, depth+1)
		}
		if pos < 0 {
			return -1
		}
		pos = scanSpace(text, pos)
		if pos >= len(text) {
			return -1
		}
		if text[pos] == ']' {
			return pos + 1
		}
		if text[pos] != ',' {
			return -1
		}
		pos = scanSpace(text, pos+1)
	}
}
