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

// fewFields is how many fields most objects have at most, and fewWanted how many
// of them are looked at.
const (
	fewFields = 12
	fewWanted = 4
)

// span is a field of a lazy object: where its key and its value stand in the
// text. It holds no pointer, so that the garbage collector need not look.
type span struct {
	key, keyEnd uint32 // without the quotes
	at, end     uint32
}

// lazy is what an object is read from.
type lazy struct {
	text  string
	spans []span // of the fields, or of those that wanted names
	// wanted names the fields that have spans; nil where all have.
	wanted *wanted
	made   atomic.Pointer[made]
}

// made is what was made of a lazy object's text so far and is kept, so that it is
// the same each time: somebody may be looking at it, so it is never changed.
type made struct {
	// values are those of spans that are not read anew each time: lists and objects,
	// and what is another value than its text stands for; nil where not read.
	values []any
	all    *Object // with all fields read, each container in them lazy
}

// newMade makes room for the values of n spans, of few of them in one piece.
func newMade(n int) *made {
	if n > fewWanted {
		return &made{values: make([]any, n)}
	}
	whole := &struct {
		made
		few [fewWanted]any
	}{}
	whole.values = whole.few[:n]
	return &whole.made
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
		return newLazy(text, nil, nil), pos + 1
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
		next, more := scanNext(text, behind)
		switch {
		case more:
			pos = next
		case next < 0:
			return nil, -1
		default:
			return newLazy(text, spans[:n], nil), next
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

// newLazy makes a lazy object. Most have few fields, or few are looked at: then it
// is one piece of memory.
func newLazy(text string, spans []span, w *wanted) *Object {
	var o *Object
	var l *lazy
	switch n := len(spans); {
	case n <= fewWanted:
		whole := &struct {
			object Object
			lazy   lazy
			spans  [fewWanted]span
		}{}
		o, l = &whole.object, &whole.lazy
		l.spans = whole.spans[:n:n]
	case n <= fewFields:
		whole := &struct {
			object Object
			lazy   lazy
			spans  [fewFields]span
		}{}
		o, l = &whole.object, &whole.lazy
		l.spans = whole.spans[:n:n]
	default:
		whole := &struct {
			object Object
			lazy   lazy
		}{}
		o, l = &whole.object, &whole.lazy
		l.spans = make([]span, n)
	}
	l.text, l.wanted = text, w
	copy(l.spans, spans)
	o.lazy = l
	return o
}

// full is the object with all its fields noted, each container in them anew;
// plain is it where it cannot be read field by field.
func (l *lazy) full() (full *lazy, plain *Object) {
	if l.wanted == nil || !l.wanted.partly {
		return l, nil
	}
	if o := decodeLazy(l.text); o != nil {
		return o.lazy, nil
	}
	v, err := decodeAll(l.text)
	if err != nil {
		panic(err) // it was checked: this is a defect of the scanner
	}
	return nil, v.(*Object)
}

// append writes the object as [Append] does. What stands in the text as it would
// be written is copied.
func (l *lazy) append(dst []byte, depth int) ([]byte, error) {
	if err := writable(dst, depth); err != nil {
		return nil, err
	}
	if l.wanted != nil && l.wanted.written {
		return append(dst, l.text...), nil
	}
	l, plain := l.full()
	if plain != nil {
		return appendValue(dst, plain, depth)
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
			dst, err = appendValue(dst, l.container(i), depth+1)
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
	if l.wanted != nil && l.wanted.partly && l.wanted.find(key) == nil {
		return l.all().Get(key)
	}
	i := l.find(key)
	if i < 0 {
		return nil, false
	}
	if kept := l.kept(i); kept != nil {
		return kept, true
	}
	if isContainer(l.text, &l.spans[i]) {
		return l.container(i), true
	}
	return l.read(&l.spans[i]), true
}

// kept is the value of a span that is not read anew; nil where there is none.
func (l *lazy) kept(i int) any {
	if m := l.made.Load(); m != nil {
		return m.values[i]
	}
	return nil
}

func isContainer(text string, s *span) bool {
	return s.end > 0 && (text[s.at] == '{' || text[s.at] == '[')
}

// find is the span of a field; -1 where there is no such field.
func (l *lazy) find(key string) int {
	if l.wanted == nil {
		return findSpan(l.text, l.spans, key)
	}
	if f := l.wanted.find(key); f != nil && l.spans[f.at].end > 0 {
		return f.at
	}
	return -1
}

// container is the list or object at a span.
func (l *lazy) container(i int) any {
	for {
		before := l.made.Load()
		if before != nil && before.values[i] != nil {
			return before.values[i]
		}
		after := newMade(len(l.spans))
		if before != nil {
			copy(after.values, before.values)
			after.all = before.all
		}
		after.values[i] = l.read(&l.spans[i])
		if l.made.CompareAndSwap(before, after) {
			return after.values[i]
		}
	}
}

// all is the object with all its fields read.
func (l *lazy) all() *Object {
	for {
		before := l.made.Load()
		if before != nil && before.all != nil {
			return before.all
		}
		after := newMade(len(l.spans))
		if before != nil {
			copy(after.values, before.values)
		}
		after.all = l.readAll(after.values)
		if l.made.CompareAndSwap(before, after) {
			return after.all
		}
	}
}

// readAll reads all fields but those whose values are kept, and adds containers to
// these.
func (l *lazy) readAll(kept []any) *Object {
	full, plain := l.full()
	if plain != nil {
		return plain
	}
	all := &Object{fields: make([]Field, len(full.spans))}
	for i := range full.spans {
		s := &full.spans[i]
		f := Field{Key: full.text[s.key:s.keyEnd]}
		own := l.find(f.Key)
		if own >= 0 && kept[own] != nil {
			f.Value = kept[own]
		} else {
			f.Value = full.read(s)
		}
		if own >= 0 && isContainer(full.text, s) {
			kept[own] = f.Value
		}
		all.fields[i] = f
	}
	return all
}

// read makes the value of a field. The text was checked.
func (l *lazy) read(f *span) any {
	text := l.text[f.at:f.end]
	switch text[0] {
	case '{':
		if o, _ := scanObject(text, 0); o != nil {
			return o
		}
	case '[':
	default:
		if _, ok := scalarText(text); ok {
			return scalarOf(text)
		}
	}
	d := decoder{text: text, share: true}
	v, err := d.value(0)
	if err != nil {
		panic(err) // it was checked: this is a defect of the scanner
	}
	return v
}

// ScalarText is the JSON text of a field that is a number, a boolean, nil or not
// there, or a string without escapes; ok is false otherwise.
func (o *Object) ScalarText(key string) (text string, ok bool) {
	if o.built != nil {
		return ScalarText(o, []string{key})
	}
	if o.lazy == nil || o.lazy.wanted != nil && o.lazy.wanted.partly && o.lazy.wanted.find(key) == nil {
		return "", false
	}
	i := o.lazy.find(key)
	if i < 0 {
		return "null", true
	}
	if o.lazy.kept(i) != nil {
		return "", false
	}
	s := &o.lazy.spans[i]
	return scalarText(o.lazy.text[s.at:s.end])
}
