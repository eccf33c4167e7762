package value

import "iter"

// indexFrom is the number of keys from which an object keeps a map of its
// keys. Below it, a scan over the keys is as fast and costs no memory.
const indexFrom = 40

// Object is a JSON object that keeps its keys in order. Set and Delete are for
// building one: after it was emitted it is only read, and then reading is safe
// from many goroutines.
type Object struct {
	fields []Field
	// index is nil while the object is small. It is built when a key is set,
	// never when one is read, so that readers need no lock.
	index map[string]int
	// lazy is set as long as the object is the text that it was read from; then
	// the other fields are empty. So they are with built.
	lazy  *lazy
	built *built
}

// Field is one key of an object and its value.
type Field struct {
	Key   string
	Value any
}

// NewObject makes an empty object with room for n keys.
func NewObject(n int) *Object {
	return &Object{fields: make([]Field, 0, n)}
}

// Len is the number of keys.
func (o *Object) Len() int {
	if o.built != nil {
		return len(o.built.parts)
	}
	if l := o.lazy; l != nil && (l.wanted == nil || !l.wanted.partly) {
		return len(l.spans)
	}
	o = o.solid()
	return len(o.fields)
}

// solid is the object with all its fields read.
func (o *Object) solid() *Object {
	switch {
	case o.lazy != nil:
		return o.lazy.all()
	case o.built != nil:
		return o.built.all()
	}
	return o
}

// settle makes any object a plain one, to be changed.
func (o *Object) settle() {
	if o.lazy == nil && o.built == nil {
		return
	}
	*o = *o.solid().cloneFor(0)
}

// At is the i-th key, from 0, and its value.
func (o *Object) At(i int) (string, any) {
	f := &o.solid().fields[i]
	return f.Key, f.Value
}

// All yields the keys and values in order.
func (o *Object) All() iter.Seq2[string, any] {
	o = o.solid()
	return func(yield func(string, any) bool) {
		for i := range o.fields {
			if !yield(o.fields[i].Key, o.fields[i].Value) {
				return
			}
		}
	}
}

// Get is the value of a key, and whether there is one.
func (o *Object) Get(key string) (any, bool) {
	switch {
	case o.lazy != nil:
		return o.lazy.get(key)
	case o.built != nil:
		return o.built.get(key)
	}
	if i := o.find(key); i >= 0 {
		return o.fields[i].Value, true
	}
	return nil, false
}

// Set gives key a value: in its place if it is there, else at the end.
func (o *Object) Set(key string, v any) {
	o.settle()
	if i := o.find(key); i >= 0 {
		o.fields[i].Value = v
		return
	}
	o.fields = append(o.fields, Field{key, v})
	o.indexLast()
}

// Delete takes a key out, if it is there. It is slow on big objects.
func (o *Object) Delete(key string) {
	o.settle()
	i := o.find(key)
	if i < 0 {
		return
	}
	o.fields = append(o.fields[:i], o.fields[i+1:]...)
	o.index = nil
	o.indexLast()
}

// Clone copies the object, not the values in it.
func (o *Object) Clone() *Object {
	return o.solid().cloneFor(0)
}

func (o *Object) cloneFor(more int) *Object {
	c := NewObject(len(o.fields) + more)
	c.fields = append(c.fields, o.fields...)
	c.indexLast()
	return c
}

func (o *Object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.fields {
		if o.fields[i].Key == key {
			return i
		}
	}
	return -1
}

// indexLast brings the index up to date after a key was appended: it adds that
// key, or all of them when the object has just become big enough.
func (o *Object) indexLast() {
	n := len(o.fields)
	if o.index != nil {
		o.index[o.fields[n-1].Key] = n - 1
		return
	}
	if n < indexFrom {
		return
	}
	o.index = make(map[string]int, cap(o.fields))
	for i := range o.fields {
		o.index[o.fields[i].Key] = i
	}
}
