package value

import "strings"

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

// Object makes an object of its fields' texts, which [Object.ScalarText] gave, in
// the keys' order. ok is false where they are too long for it.
func (l *Layout) Object(texts []string) (o *Object, ok bool) {
	size := l.size
	for _, text := range texts {
		size += len(text)
	}
	if size > shareUpTo {
		return nil, false
	}
	var text strings.Builder
	text.Grow(size)
	var spans [indexFrom]span
	before := byte('{')
	for i, key := range l.keys {
		text.WriteByte(before)
		before = ','
		from := uint32(text.Len())
		text.WriteString(key)
		at := uint32(text.Len())
		text.WriteString(texts[i])
		spans[i] = span{key: from + 1, keyEnd: at - 2, at: at, end: uint32(text.Len())}
	}
	text.WriteByte('}')
	return newLazy(text.String(), spans[:len(texts)], l.wanted), true
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
