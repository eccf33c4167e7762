package types

import (
	"strings"

	"waterhealer/engine/value"
)

// Exactly is the type of this very value.
func Exactly(v any) Type { return exactly(v, 0) }

func exactly(v any, depth int) Type {
	if depth > maxDepth {
		return Of(KindOf(v))
	}
	switch v := v.(type) {
	case string:
		if len(v) <= maxTextBytes {
			return TextOf(v)
		}
	case *value.Object:
		if v.Len() > maxFields {
			return Of(Object)
		}
		f := Fields{List: make([]Field, 0, v.Len())}
		for name, item := range v.All() {
			f.List = append(f.List, Field{Name: name, Type: exactly(item, depth+1)})
		}
		return ObjectOf(f)
	case []any:
		if len(v) > maxTuple {
			return listOf(v, depth)
		}
		items := make([]Type, len(v))
		for i, item := range v {
			items[i] = exactly(item, depth+1)
		}
		return TupleOf(items...)
	}
	return Of(KindOf(v))
}

// maxTextBytes is the length of the longest string that a type remembers.
const maxTextBytes = 256

func listOf(items []any, depth int) Type {
	const most = 1000
	if len(items) > most {
		return Of(List)
	}
	var each Type
	for _, item := range items {
		each = union(each, exactly(item, depth+1), depth+1)
	}
	return ListOf(each)
}

// Sample finds the type of values that are like those it is shown. Integers and
// floats count as one, strings as any strings; where only nil was seen, or an
// object or list with nothing in it, anything may come. The zero Sample is
// ready.
type Sample struct {
	seen    Kinds
	objects int
	names   []string
	fields  map[string]*sampled
	item    *Sample
	wide    bool // so many names that they are no fields, but keys
}

type sampled struct {
	Sample
	count int
}

// maxNames is from how many different names on an object is taken for a table
// by keys.
const maxNames = 300

// Add takes one more value.
func (s *Sample) Add(v any) { s.add(v, 0) }

func (s *Sample) add(v any, depth int) {
	s.seen |= KindOf(v)
	if s.seen&Number != 0 {
		s.seen |= Number
	}
	if depth > maxDepth {
		s.wide = true
		return
	}
	switch v := v.(type) {
	case *value.Object:
		s.objects++
		for name, item := range v.All() {
			s.field(name).add(item, depth+1)
		}
	case []any:
		if s.item == nil && len(v) > 0 {
			s.item = &Sample{}
		}
		for _, item := range v {
			s.item.add(item, depth+1)
		}
	}
}

func (s *Sample) field(name string) *Sample {
	f := s.fields[name]
	if f == nil {
		if s.fields == nil {
			s.fields = make(map[string]*sampled)
		}
		if len(s.names) >= maxNames {
			s.wide = true
			return &Sample{}
		}
		f = &sampled{}
		name = strings.Clone(name) // not the record's whole text
		s.fields[name] = f
		s.names = append(s.names, name)
	}
	f.count++
	return &f.Sample
}

// Type is what all the values are. says is who was seen, for messages: "in the
// sample's 12 records".
func (s *Sample) Type(says string) Type {
	if s.seen&^Nil == 0 {
		return Any()
	}
	t := Of(s.seen)
	if s.seen&Object != 0 && !s.wide && len(s.names) > 0 {
		f := Fields{Says: says, Sampled: true, List: make([]Field, 0, len(s.names))}
		for _, name := range s.names {
			field := s.fields[name]
			f.List = append(f.List, Field{Name: name, Type: field.Type(says), Optional: field.count < s.objects})
		}
		t.fields = f.weighed()
	}
	if s.item != nil {
		t.items = Items{each: s.item.Type(says)}.weighed()
	}
	return t
}
