package value

import "sync/atomic"

// built is an object as what it is made of: the texts that were found in another
// record, and values. Nothing is written before somebody wants it written, and a
// field that goes on into another object goes there as it is.
type built struct {
	layout *Layout
	parts  []Part
	plain  atomic.Pointer[Object] // it with all its fields read, once that was asked for
}

// fewParts is how many fields most objects that are built have at most.
const fewParts = 4

// Borrow makes an object of its fields, in the keys' order, that keeps the memory of
// their texts. So it is for objects that do not outlive what these were read from;
// [Layout.Object] is for others.
func (l *Layout) Borrow(parts []Part) *Object {
	var o *Object
	var b *built
	if len(parts) <= fewParts {
		whole := &struct {
			object Object
			built  built
			parts  [fewParts]Part
		}{}
		o, b = &whole.object, &whole.built
		b.parts = whole.parts[:len(parts)]
	} else {
		whole := &struct {
			object Object
			built  built
		}{}
		o, b = &whole.object, &whole.built
		b.parts = make([]Part, len(parts))
	}
	b.layout = l
	copy(b.parts, parts)
	o.built = b
	return o
}

// find is the place of a field; -1 where there is no such field.
func (b *built) find(key string) int {
	if f := b.layout.wanted.find(key); f != nil {
		return f.at
	}
	return -1
}

func (b *built) get(key string) (any, bool) {
	i := b.find(key)
	if i < 0 {
		return nil, false
	}
	return b.parts[i].AsValue(), true
}

// all is the object with all its fields read.
func (b *built) all() *Object {
	if all := b.plain.Load(); all != nil {
		return all
	}
	all := &Object{fields: make([]Field, len(b.parts))}
	for i := range b.parts {
		all.fields[i] = Field{Key: b.layout.wanted.fields[i].key, Value: b.parts[i].AsValue()}
	}
	if b.plain.CompareAndSwap(nil, all) {
		return all
	}
	return b.plain.Load()
}

// append writes the object as [Append] does.
func (b *built) append(dst []byte, depth int) ([]byte, error) {
	if err := writable(dst, depth); err != nil {
		return nil, err
	}
	before := byte('{')
	for i := range b.parts {
		dst = append(append(dst, before), b.layout.keys[i]...)
		before = ','
		part := &b.parts[i]
		if part.Text != "" {
			dst = append(dst, part.Text...)
			continue
		}
		var err error
		if dst, err = appendValue(dst, part.Value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// PartOf is what a chain of keys leads to, as far as that is known without making
// anything: a text that [ScalarText] gives, or a part that the object was built of.
func PartOf(v any, path []string) (part Part, ok bool) {
	for {
		o, isObject := v.(*Object)
		if !isObject || o.built == nil || len(path) == 0 {
			part.Text, ok = ScalarText(v, path)
			return part, ok
		}
		i := o.built.find(path[0])
		switch {
		case i < 0:
			return Part{Text: "null"}, len(path) == 1
		case len(path) == 1:
			return o.built.parts[i], true
		case o.built.parts[i].Text != "":
			return Part{}, false
		}
		v, path = o.built.parts[i].Value, path[1:]
	}
}

// text is the text of a part, where it is known or costs nothing.
func (p *Part) text() (text string, ok bool) {
	if p.Text != "" {
		return p.Text, true
	}
	switch v := p.Value.(type) {
	case nil:
		return "null", true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	case Number:
		return string(v), true
	}
	return "", false
}
