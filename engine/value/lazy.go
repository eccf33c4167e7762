package value

import (
	"strings"
	"sync/atomic"
)

// Most fields of most records are never looked at. So an object that is read
// from text keeps the text, and where in it each field stands; a field becomes
// a value when somebody asks for it. What is seen is the same as if all had
// been read at once: the text was checked to its end before, and what is out of
// the ordinary (keys with escapes, many keys, big documents, deep nesting, any
// error) is read at once.

// lazyDepth is how deep a text may nest that is read field by field.
const lazyDepth = 64

// fewFields is how many fields most objects have at most.
const fewFields = 12

// span is a field of a lazy object: where its key and its value stand in the
// text. It holds no pointer, so that the garbage collector need not look.
type span struct {
	key, keyEnd uint32 // without the quotes
	at, end     uint32
}

// lazy is what an object is read from.
type lazy struct {
	text  string
	spans []span
	// solid is the object with all its fields read, each container in them lazy;
	// nil until somebody needs it.
	solid atomic.Pointer[Object]
}

// decodeLazy checks a text that is an object, and makes it a lazy one; nil
// where it must be read in the plain way, which knows what is wrong.
func decodeLazy(text string) *Object {
	pos := scanSpace(text, 0)
	if pos == len(text) || text[pos] != '{' {
		return nil
	}
	o, end := scanObject(text, pos)
	if o == nil || scanSpace(text, end) != len(text) {
		return nil
	}
	return o
}

// scanObject reads the object at pos, and only checks what is in it.
func scanObject(text string, pos int) (o *Object, end int) {
	var spans [indexFrom]span
	n := 0
	pos = scanSpace(text, pos+1)
	if pos < len(text) && text[pos] == '}' {
		return newLazy(text, nil), pos + 1
	}
	for {
		keyEnd, plain, at := scanKey(text, pos)
		if !plain || n == len(spans)-1 { // or it wants an index
			return nil, -1
		}
		behind := scanValue(text, at, 1)
		if behind < 0 {
			return nil, -1
		}
		if i := findSpan(text, spans[:n], text[pos+1:keyEnd-1]); i >= 0 {
			spans[i].at, spans[i].end = uint32(at), uint32(behind) // the last wins, in the first's place
		} else {
			spans[n] = span{key: uint32(pos) + 1, keyEnd: uint32(keyEnd) - 1, at: uint32(at), end: uint32(behind)}
			n++
		}
		next, more := scanNext(text, behind, '}')
		switch {
		case more:
			pos = next
		case next < 0:
			return nil, -1
		default:
			return newLazy(text, spans[:n]), next
		}
	}
}

func findSpan(text string, spans []span, key string) int {
	for i := range spans {
		s := &spans[i]
		if int(s.keyEnd-s.key) == len(key) && text[s.key:s.keyEnd] == key {
			return i
		}
	}
	return -1
}

// newLazy makes a lazy object. Most have few fields, and then it is one piece of
// memory.
func newLazy(text string, spans []span) *Object {
	var o *Object
	var l *lazy
	if len(spans) <= fewFields {
		whole := &struct {
			object Object
			lazy   lazy
			spans  [fewFields]span
		}{}
		o, l = &whole.object, &whole.lazy
		l.spans = whole.spans[:len(spans):len(spans)]
	} else {
		whole := &struct {
			object Object
			lazy   lazy
		}{}
		o, l = &whole.object, &whole.lazy
		l.spans = make([]span, len(spans))
	}
	l.text = text
	copy(l.spans, spans)
	o.lazy = l
	return o
}

// append writes the object as [Append] does. What stands in the text as it would
// be written is copied.
func (l *lazy) append(dst []byte, depth int) ([]byte, error) {
	if err := writable(dst, depth); err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	var err error
	for i := range l.spans {
		s := &l.spans[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, l.text[s.key-1:s.keyEnd+1]...)
		dst = append(dst, ':')
		text := l.text[s.at:s.end]
		switch c := text[0]; {
		case c == '{' || c == '[':
			dst, err = appendValue(dst, l.all().fields[i].Value, depth+1)
		case c == '"' && strings.IndexByte(text, '\\') >= 0:
			dst, err = appendValue(dst, l.read(s), depth+1)
		default:
			dst = append(dst, text...)
		}
		if err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// get is a field of a lazy object.
func (l *lazy) get(key string) (any, bool) {
	i := findSpan(l.text, l.spans, key)
	if i < 0 {
		return nil, false
	}
	if solid := l.solid.Load(); solid != nil {
		return solid.fields[i].Value, true
	}
	if s := &l.spans[i]; l.text[s.at] != '{' && l.text[s.at] != '[' {
		return l.read(s), true
	}
	// A container is read once, so that it is the same one each time.
	return l.all().fields[i].Value, true
}

// all is the object with all its fields read.
func (l *lazy) all() *Object {
	if solid := l.solid.Load(); solid != nil {
		return solid
	}
	solid := &Object{fields: make([]Field, len(l.spans))}
	for i := range l.spans {
		s := &l.spans[i]
		solid.fields[i] = Field{Key: l.text[s.key:s.keyEnd], Value: l.read(s)}
	}
	if l.solid.CompareAndSwap(nil, solid) {
		return solid
	}
	return l.solid.Load()
}

// read makes the value of a field. The text was checked.
func (l *lazy) read(f *span) any {
	text := l.text[f.at:f.end]
	switch text[0] {
	case '{':
		if o, _ := scanObject(text, 0); o != nil {
			return o
		}
	case '"':
		if strings.IndexByte(text, '\\') < 0 {
			return text[1 : len(text)-1]
		}
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	case '[':
	default:
		return Number(text)
	}
	d := decoder{text: text, share: true}
	v, err := d.value(0)
	if err != nil {
		panic(err) // it was checked: this is a defect of the scanner
	}
	return v
}

// Text is the JSON text of a field as it stands in what the object was read
// from, where that is a number, or a string without escapes; ok is false
// otherwise. Nothing is made of it: see [CompareText].
func (o *Object) Text(key string) (text string, ok bool) {
	text, ok = o.ScalarText(key)
	if !ok || text[0] == 't' || text[0] == 'f' || text[0] == 'n' {
		return "", false
	}
	return text, true
}

// ScalarText is the JSON text of a field that is a number, a boolean, nil or not
// there, or a string without escapes; ok is false otherwise.
func (o *Object) ScalarText(key string) (text string, ok bool) {
	if o.lazy == nil {
		return "", false
	}
	i := findSpan(o.lazy.text, o.lazy.spans, key)
	if i < 0 {
		return "null", true
	}
	s := &o.lazy.spans[i]
	text = o.lazy.text[s.at:s.end]
	switch text[0] {
	case '{', '[':
		return "", false
	case '"':
		return text, strings.IndexByte(text, '\\') < 0
	}
	return text, true
}

// Layout is what objects with the same keys share: see [Layout.Object].
type Layout struct {
	keys []string // with quotes and colon, as written
	size int
}

// NewLayout makes the layout of objects with these keys, which must differ; nil
// where such objects are not made of texts: a key needs escapes, or there are many.
func NewLayout(keys []string) *Layout {
	if len(keys) == 0 || len(keys) >= indexFrom {
		return nil
	}
	l := &Layout{size: 1}
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
	return newLazy(text.String(), spans[:len(texts)]), true
}

// CompareText is [Compare] of the value that [Object.Text] stands for and v; ok
// is false where they have no order.
func CompareText(text string, v any) (order int, ok bool) {
	if text[0] == '"' {
		s, ok := v.(string)
		return strings.Compare(text[1:len(text)-1], s), ok
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
