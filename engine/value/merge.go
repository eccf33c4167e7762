package value

import "unsafe"

// Merge is a new object with the keys of o, then those of other that o has
// not. Where both have a key, other's value stands in o's place.
func (o *Object) Merge(other *Object) *Object {
	other = other.solid()
	if merged := o.mergeText(other.fields); merged != nil {
		return merged
	}
	merged := o.solid().cloneFor(len(other.fields))
	for i := range other.fields {
		merged.Set(other.fields[i].Key, other.fields[i].Value)
	}
	return merged
}

// mergeText is Merge where o is text, and what comes to it is little: then the
// fields of o are copied as they stand there. nil where that cannot be done.
func (o *Object) mergeText(fields []Field) *Object {
	l := o.lazy
	if l == nil || l.wanted != nil && l.wanted.partly || len(fields) == 0 || len(l.spans)+len(fields) >= indexFrom {
		return nil
	}
	size := len(l.text) + 1
	for i := range fields {
		part := Part{Value: fields[i].Value}
		if !asWritten(part.Value) {
			return nil
		}
		size += len(fields[i].Key) + 4 + part.room()
	}
	if size > shareUpTo || l.isOdd() {
		return nil
	}
	w := merger{text: make([]byte, 0, size)}
	for i := range l.spans {
		s := &l.spans[i]
		key := l.text[s.key:s.keyEnd]
		if f := fieldOf(fields, key); f != nil {
			w.add(key, f.Value)
		} else {
			w.copy(key, l.text[s.at:s.end])
		}
	}
	for i := range fields {
		if l.find(fields[i].Key) < 0 {
			w.add(fields[i].Key, fields[i].Value)
		}
	}
	if w.failed {
		return nil
	}
	w.text = append(w.text, '}')
	return newLazy(unsafe.String(&w.text[0], len(w.text)), w.spans[:w.n], nil)
}

// isOdd says that a field has another value than its text stands for.
func (l *lazy) isOdd() bool {
	m := l.made.Load()
	if m == nil {
		return false
	}
	for i, v := range m.values {
		if v != nil && !isContainer(l.text, &l.spans[i]) {
			return true
		}
	}
	return false
}

func fieldOf(fields []Field, key string) *Field {
	for i := range fields {
		if fields[i].Key == key {
			return &fields[i]
		}
	}
	return nil
}

// merger writes the text of a merged object.
type merger struct {
	text   []byte
	spans  [indexFrom]span
	n      int
	failed bool
}

func (m *merger) copy(key, text string) {
	m.begin(key)
	m.text = append(m.text, text...)
	m.end()
}

func (m *merger) add(key string, v any) {
	m.begin(key)
	text, err := appendValue(m.text, v, 1)
	if err != nil {
		m.failed = true
		return
	}
	m.text = text
	m.end()
}

// begin writes a key, which is left to be written in the plain way where it needs
// escapes.
func (m *merger) begin(key string) {
	if m.n == 0 {
		m.text = append(m.text, '{')
	} else {
		m.text = append(m.text, ',')
	}
	from := len(m.text) + 1
	text, err := appendString(m.text, key)
	if err != nil || len(text) != from+len(key)+1 {
		m.failed = true
		return
	}
	m.text = append(text, ':')
	m.spans[m.n] = span{key: uint32(from), keyEnd: uint32(from + len(key)), at: uint32(len(m.text))}
}

func (m *merger) end() {
	m.spans[m.n].end = uint32(len(m.text))
	m.n++
}
