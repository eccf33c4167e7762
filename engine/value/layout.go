package value

import (
	"strings"
	"unsafe"
)

// Layout is what objects with the same keys share: see [Layout.Object].
type Layout struct {
	keys   []string // with quotes and colon, as written
	size   int
	wanted *wanted
}

// NewLayout makes the layout of objects with these keys, which must differ; nil
// where such objects are not made of texts: a key needs escapes, or there are many.
func NewLayout(keys []string) *Layout {
	if len(keys) == 0 || len(keys) >= indexFrom {
		return nil
	}
	l := &Layout{size: 1, wanted: layoutOf(keys)}
	for _, key := range keys {
		written, err := appendString(nil, key)
		if err != nil || len(written) != len(key)+2 {
			return nil
		}
		l.keys = append(l.keys, string(written)+":")
		l.size += len(written) + 2 // the colon, and the comma or the end
	}
	return l
}

// Part is what a field of an object is made of: the text that [ScalarText] gave or,
// where that is empty, a value.
type Part struct {
	Text  string
	Value any
}

// AsValue is the value that a part stands for.
func (p *Part) AsValue() any {
	if p.Text != "" {
		return scalarOf(p.Text)
	}
	return p.Value
}

// asWritten says that a value and what is read from its text are the same. Of a
// float that is not so: 8/2 is written as 4, which is an integer.
func asWritten(v any) bool {
	switch v.(type) {
	case nil, bool, string, int64, Number:
		return true
	}
	return false
}

// room is about how long the text of a part is; -1 where the object is not to be
// made of texts.
func (p *Part) room() int {
	const most = 32 // of numbers and times
	if p.Text != "" {
		return len(p.Text)
	}
	switch v := p.Value.(type) {
	case string:
		return len(v) + 2
	case *Object, []any, []byte:
		return -1
	}
	return most
}

// Object makes an object of its fields, in the keys' order, as the text in which it
// is written. ok is false where it is not to be made in that way: it is too long, or
// holds lists or objects.
func (l *Layout) Object(parts []Part) (o *Object, ok bool) {
	size := l.size
	for i := range parts {
		room := parts[i].room()
		if size += room; room < 0 || size > shareUpTo {
			return nil, false
		}
	}
	text := make([]byte, 0, size)
	var spans [indexFrom]span
	before, odd := byte('{'), false
	for i := range parts {
		part := &parts[i]
		from := uint32(len(text)) + 1 // behind the comma
		text = append(append(text, before), l.keys[i]...)
		before = ','
		at := uint32(len(text))
		if part.Text != "" {
			text = append(text, part.Text...)
		} else {
			odd = odd || !asWritten(part.Value)
			var err error
			if text, err = appendValue(text, part.Value, 1); err != nil {
				return nil, false // whoever writes the object says why
			}
		}
		spans[i] = span{key: from + 1, keyEnd: at - 2, at: at, end: uint32(len(text))}
	}
	text = append(text, '}')
	o = newLazy(unsafe.String(&text[0], len(text)), spans[:len(parts)], l.wanted)
	if odd {
		o.lazy.keep(parts)
	}
	return o, true
}

// keep notes the values that are not the same as what is read from their text.
func (l *lazy) keep(parts []Part) {
	m := newMade(len(parts))
	for i := range parts {
		if parts[i].Text == "" && !asWritten(parts[i].Value) {
			m.values[i] = parts[i].Value
		}
	}
	l.made.Store(m)
}

// CompareText is [Compare] of a number or a string whose text [ScalarText] gave
// and v; ok is false where they have no order.
func CompareText(text string, v any) (order int, ok bool) {
	switch text[0] {
	case '"':
		s, ok := v.(string)
		return strings.Compare(text[1:len(text)-1], s), ok
	case 't', 'f', 'n':
		return 0, false
	}
	if !isNumber(v) {
		return 0, false
	}
	if m, scale, ok := small(text); ok {
		if n, other, ok := smallOf(v); ok {
			return compareSmall(m, scale, n, other), true
		}
	}
	return compareNumbers(Number(text), v), true
}
