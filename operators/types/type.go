package types

import (
	"reflect"
	"slices"

	"waterhealer/engine/value"
)

// Type is what is known of a value: a set of values, in which are at least all
// that it may be. The zero Type has no value in it. Types are not changed once
// they are made.
type Type struct {
	Kinds Kinds
	// fields are what is known where it is an object, items where it is a list,
	// texts the only strings that it may be; nil is nothing known.
	fields *Fields
	items  *Items
	texts  []string
}

// Fields are what is known of an object's fields.
type Fields struct {
	List []Field // sorted as the schema, the sample or the expression has them
	// Rest is what a field that is not in List may be; without a kind there is
	// no other field.
	Rest Type
	// Says is who knows that there is no other field, for a message: "by the
	// schema".
	Says string
	// Sampled says that records were seen, not promised: there may be others.
	Sampled bool

	weight int
}

// Field is one known field of an object.
type Field struct {
	Name     string
	Type     Type
	Optional bool // an object may be without it
}

// Items are what is known of a list's items.
type Items struct {
	// Tuple are the items one by one, where Exact says that there are so many.
	Tuple []Type
	Exact bool

	each   Type // what every item may be, where they are not known one by one
	weight int
}

// The limits of what is kept of a type; beyond them less is known. A type may
// hold another several times, so that a short text can make one that is huge:
// weight counts all that is in it, each time.
const (
	maxTexts  = 64
	maxTuple  = 64
	maxFields = 2000
	maxDepth  = 24
	maxWeight = 20_000
)

func (t Type) weight() int {
	w := 1
	if t.fields != nil {
		w += t.fields.weight
	}
	if t.items != nil {
		w += t.items.weight
	}
	return w
}

// Any is a value of which nothing is known.
func Any() Type { return Type{Kinds: Anything} }

// Of is a value of some kinds.
func Of(k Kinds) Type { return Type{Kinds: k} }

// ObjectOf is an object with these fields.
func ObjectOf(f Fields) Type { return Type{Kinds: Object, fields: f.weighed()} }

// weighed is nil where it would be too much to keep.
func (f Fields) weighed() *Fields {
	f.weight = f.Rest.weight()
	for i := range f.List {
		f.weight += f.List[i].Type.weight()
	}
	if f.weight > maxWeight || len(f.List) > maxFields {
		return nil
	}
	return &f
}

// ListOf is a list of such items.
func ListOf(each Type) Type { return Type{Kinds: List, items: Items{each: each}.weighed()} }

// TupleOf is a list of exactly these items.
func TupleOf(items ...Type) Type {
	return Type{Kinds: List, items: Items{Tuple: items, Exact: true}.weighed()}
}

// weighed is nil where it would be too much to keep.
func (i Items) weighed() *Items {
	i.weight = i.each.weight()
	for at := range i.Tuple {
		i.weight += i.Tuple[at].weight()
	}
	switch {
	case i.weight > maxWeight:
		return nil
	case len(i.Tuple) > maxTuple:
		return &Items{each: i.Each(), weight: i.weight}
	}
	return &i
}

// Each is what every item may be.
func (i *Items) Each() Type {
	if !i.Exact {
		return i.each
	}
	var each Type
	for _, item := range i.Tuple {
		each = Union(each, item)
	}
	return each
}

// TextOf is one of some strings.
func TextOf(texts ...string) Type {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	if len(texts) > maxTexts {
		texts = nil
	}
	return Type{Kinds: String, texts: texts}
}

// Unknown says that nothing is known of it.
func (t Type) Unknown() bool {
	return t.Kinds == Anything && t.fields == nil && t.items == nil && t.texts == nil
}

// Empty says that there is no such value.
func (t Type) Empty() bool { return t.Kinds == 0 }

// Without is the type without some kinds.
func (t Type) Without(k Kinds) Type { return t.only(t.Kinds &^ k) }

// With is the type, which may also be of some kinds of which no more is known.
func (t Type) With(k Kinds) Type { return Union(t, Of(k)) }

// only keeps what is known of the kinds that are left.
func (t Type) only(k Kinds) Type {
	t.Kinds &= k
	if t.Kinds&Object == 0 {
		t.fields = nil
	}
	if t.Kinds&List == 0 {
		t.items = nil
	}
	if t.Kinds&String == 0 {
		t.texts = nil
	}
	return t
}

// Fields are what is known where it is an object; nil is nothing.
func (t Type) Fields() *Fields { return t.fields }

// Items are what is known where it is a list; nil is nothing.
func (t Type) Items() *Items { return t.items }

// Texts are the only strings that it may be, sorted; nil is any.
func (t Type) Texts() []string { return t.texts }

// Each is what the items may be, where it is a list.
func (t Type) Each() Type {
	if t.items == nil {
		return Any()
	}
	return t.items.Each()
}

// Item is the item at a place, counted from the end if it is negative; false
// where there is none in any such list.
func (t Type) Item(n int64) (Type, bool) {
	if t.items == nil {
		return Any(), true
	}
	if !t.items.Exact {
		return t.items.each, true
	}
	size := int64(len(t.items.Tuple))
	if n < 0 {
		n += size
	}
	if n < 0 || n >= size {
		return Type{}, false
	}
	return t.items.Tuple[n], true
}

// Field is what reading a field gives, where it is an object: nil too, if the
// object may be without it. known is false where it never has the field.
func (t Type) Field(name string) (of Type, known bool) {
	if t.fields == nil {
		return Any(), true
	}
	if f, ok := t.fields.Find(name); ok {
		if f.Optional {
			return f.Type.With(Nil), true
		}
		return f.Type, true
	}
	if t.fields.Rest.Empty() {
		return Of(Nil), false
	}
	return t.fields.Rest.With(Nil), true
}

// Find is a field of the list.
func (f *Fields) Find(name string) (Field, bool) {
	for i := range f.List {
		if f.List[i].Name == name {
			return f.List[i], true
		}
	}
	return Field{}, false
}

// Names are the names of the known fields.
func (f *Fields) Names() []string {
	names := make([]string, len(f.List))
	for i := range f.List {
		names[i] = f.List[i].Name
	}
	return names
}

// Closed says that there are no other fields than the known ones.
func (f *Fields) Closed() bool { return f.Rest.Empty() }

// Has says whether a value is in the type.
func (t Type) Has(v any) bool {
	if !t.Kinds.Has(v) {
		return false
	}
	switch v := v.(type) {
	case string:
		return t.texts == nil || slices.Contains(t.texts, v)
	case *value.Object:
		return t.fields == nil || t.fields.has(v)
	case []any:
		return t.items == nil || t.items.has(v)
	}
	return true
}

func (f *Fields) has(o *value.Object) bool {
	for _, field := range f.List {
		v, there := o.Get(field.Name)
		if !there && !field.Optional || there && !field.Type.Has(v) {
			return false
		}
	}
	for name, v := range o.All() {
		if _, known := f.Find(name); !known && !f.Rest.Has(v) {
			return false
		}
	}
	return true
}

func (i *Items) has(list []any) bool {
	if i.Exact && len(list) != len(i.Tuple) {
		return false
	}
	for at, v := range list {
		if i.Exact && !i.Tuple[at].Has(v) || !i.Exact && !i.each.Has(v) {
			return false
		}
	}
	return true
}

// Same says that two types are known to be the same.
func (t Type) Same(other Type) bool { return reflect.DeepEqual(t, other) }

// Vouched is who knows that there are no other fields, as the end of a message.
func (f *Fields) Vouched() string {
	switch {
	case f.Says == "":
		return ""
	case f.Sampled:
		return " " + f.Says // the sample is a place, not somebody
	}
	return ", " + f.Says
}
