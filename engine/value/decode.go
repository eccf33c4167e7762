package value

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// MaxDepth is how deep lists and objects may nest, when read and when written.
const MaxDepth = 10000

// shareUpTo is the size in bytes up to which the strings of a document share
// its one copy. Above it each string is copied, so that a small field that is
// kept long does not hold a big document in memory.
const shareUpTo = 16 << 10

// DecodeError says why bytes are not JSON, and where: Offset counts bytes from 0.
type DecodeError struct {
	Offset  int
	Message string
}

// Error is the message with its place.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("not JSON: %s at byte offset %d", e.Message, e.Offset)
}

// Decode reads one JSON value and nothing after it. It is strict, as RFC 8259
// is; of equal keys in one object the last value wins, at the place of the
// first. Invalid UTF-8, half a surrogate pair, and nesting beyond [MaxDepth]
// are errors. Every error is a *[DecodeError].
func Decode(data []byte) (any, error) {
	text := string(data)
	if len(text) <= shareUpTo {
		if o := decodeLazy(text); o != nil {
			return o, nil
		}
	}
	return decodeAll(text)
}

// decodeAll reads all of a text at once.
func decodeAll(text string) (any, error) {
	d := decoder{text: text, share: len(text) <= shareUpTo}
	d.space()
	if d.pos == len(d.text) {
		return nil, d.errorf(d.pos, "there is no value")
	}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.pos < len(d.text) {
		return nil, d.errorf(d.pos, "%s follows the value", d.here())
	}
	return v, nil
}

type decoder struct {
	text  string
	pos   int
	share bool
	// items and fields are stacks of the open lists and objects, so that each
	// finished one is allocated once, in its size.
	items  []any
	fields []Field
}

func (d *decoder) value(depth int) (any, error) {
	if depth > MaxDepth {
		return nil, d.errorf(d.pos, "nested deeper than %d", MaxDepth)
	}
	if d.pos == len(d.text) {
		return nil, d.errorf(d.pos, "a value is missing: the text ends")
	}
	switch c := d.text[d.pos]; c {
	case '{':
		return d.object(depth)
	case '[':
		return d.list(depth)
	case '"':
		s, err := d.string()
		return s, err
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return d.number()
	}
	return nil, d.errorf(d.pos, "%s where a value should be", d.here())
}

func (d *decoder) object(depth int) (any, error) {
	base := len(d.fields)
	var index map[string]int
	d.pos++
	for d.space(); !d.take('}'); d.space() {
		if len(d.fields) > base || index != nil {
			if !d.take(',') {
				return nil, d.errorf(d.pos, "%s where a comma or } should be", d.here())
			}
			d.space()
		}
		if d.pos == len(d.text) || d.text[d.pos] != '"' {
			return nil, d.errorf(d.pos, "%s where a key should be", d.here())
		}
		key, err := d.string()
		if err != nil {
			return nil, err
		}
		d.space()
		if !d.take(':') {
			return nil, d.errorf(d.pos, "%s where a colon should be", d.here())
		}
		d.space()
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		index = d.set(base, index, key, v)
	}
	o := &Object{fields: make([]Field, len(d.fields)-base), index: index}
	copy(o.fields, d.fields[base:])
	clear(d.fields[base:])
	d.fields = d.fields[:base]
	return o, nil
}

// set adds a field to the object whose fields start at base, and gives its
// index once the object is big.
func (d *decoder) set(base int, index map[string]int, key string, v any) map[string]int {
	own := d.fields[base:]
	if index != nil {
		if i, ok := index[key]; ok {
			own[i].Value = v
			return index
		}
		index[key] = len(own)
	} else {
		for i := range own {
			if own[i].Key == key {
				own[i].Value = v
				return nil
			}
		}
	}
	d.fields = append(d.fields, Field{key, v})
	if own = d.fields[base:]; index == nil && len(own) == indexFrom {
		index = make(map[string]int, 2*indexFrom)
		for i := range own {
			index[own[i].Key] = i
		}
	}
	return index
}

func (d *decoder) list(depth int) (any, error) {
	base := len(d.items)
	d.pos++
	for d.space(); !d.take(']'); d.space() {
		if len(d.items) > base {
			if !d.take(',') {
				return nil, d.errorf(d.pos, "%s where a comma or ] should be", d.here())
			}
			d.space()
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		d.items = append(d.items, v)
	}
	list := make([]any, len(d.items)-base)
	copy(list, d.items[base:])
	clear(d.items[base:])
	d.items = d.items[:base]
	return list, nil
}

func (d *decoder) number() (any, error) {
	end := scanNumber(d.text, d.pos)
	if end < 0 {
		return nil, d.errorf(d.pos, "malformed number")
	}
	text := d.cut(d.pos, end)
	d.pos = end
	return Number(text), nil
}

// scanNumber is the end of the number that starts at i, or -1.
func scanNumber(s string, i int) int {
	if i < len(s) && s[i] == '-' {
		i++
	}
	start := i
	i = scanDigits(s, i)
	if i == start || (s[start] == '0' && i > start+1) {
		return -1
	}
	if i < len(s) && s[i] == '.' {
		start = i + 1
		if i = scanDigits(s, start); i == start {
			return -1
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		start = i
		if i = scanDigits(s, i); i == start {
			return -1
		}
	}
	return i
}

func scanDigits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

func (d *decoder) word(w string) error {
	if !strings.HasPrefix(d.text[d.pos:], w) {
		return d.errorf(d.pos, "a word that is not %s", w)
	}
	d.pos += len(w)
	return nil
}

func (d *decoder) space() {
	for d.pos < len(d.text) {
		switch d.text[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

func (d *decoder) take(c byte) bool {
	if d.pos < len(d.text) && d.text[d.pos] == c {
		d.pos++
		return true
	}
	return false
}

func (d *decoder) cut(from, to int) string {
	if d.share {
		return d.text[from:to]
	}
	return strings.Clone(d.text[from:to])
}

// here names the character at the current place.
func (d *decoder) here() string {
	if d.pos >= len(d.text) {
		return "the end of the text"
	}
	r, _ := utf8.DecodeRuneInString(d.text[d.pos:])
	return fmt.Sprintf("%q", r)
}

func (d *decoder) errorf(offset int, format string, args ...any) error {
	return &DecodeError{Offset: offset, Message: fmt.Sprintf(format, args...)}
}

// Check says what [Decode] would say against data, and makes nothing of it.
func Check(data []byte) error {
	if len(data) > 0 && len(data) <= shareUpTo {
		// The scan keeps nothing of the text, so data need not be copied for it.
		text := unsafe.String(&data[0], len(data))
		if end := scanValue(text, scanSpace(text, 0), 0); end >= 0 && scanSpace(text, end) == len(text) {
			return nil
		}
	}
	_, err := Decode(data)
	return err
}
