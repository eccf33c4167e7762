package types

import (
	"slices"
	"strings"
)

// Union is what may be of one type or of another.
func Union(a, b Type) Type { return union(a, b, 0) }

func union(a, b Type, depth int) Type {
	switch {
	case a.Empty():
		return b
	case b.Empty():
		return a
	}
	u := Type{Kinds: a.Kinds | b.Kinds}
	if depth > maxDepth {
		return u
	}
	switch {
	case a.Kinds&Object == 0:
		u.fields = b.fields
	case b.Kinds&Object == 0:
		u.fields = a.fields
	case a.fields != nil && b.fields != nil:
		u.fields = unionFields(a.fields, b.fields, depth+1)
	}
	switch {
	case a.Kinds&List == 0:
		u.items = b.items
	case b.Kinds&List == 0:
		u.items = a.items
	case a.items != nil && b.items != nil:
		u.items = unionItems(a.items, b.items, depth+1)
	}
	switch {
	case a.Kinds&String == 0:
		u.texts = b.texts
	case b.Kinds&String == 0:
		u.texts = a.texts
	case a.texts != nil && b.texts != nil:
		u.texts = TextOf(slices.Concat(a.texts, b.texts)...).texts
	}
	return u
}

// unionFields are the fields of objects of which some are of one type and some
// of another.
func unionFields(a, b *Fields, depth int) *Fields {
	if a == b {
		return a
	}
	u := Fields{Rest: union(a.Rest, b.Rest, depth), Says: BothSay(a.Says, b.Says), Sampled: a.Sampled || b.Sampled}
	add := func(f Field, other *Fields) {
		same, there := other.Find(f.Name)
		switch {
		case there:
			f.Type, f.Optional = union(f.Type, same.Type, depth), f.Optional || same.Optional
		default:
			f.Type, f.Optional = union(f.Type, other.Rest, depth), true
		}
		u.List = append(u.List, f)
	}
	for _, f := range a.List {
		add(f, b)
	}
	for _, f := range b.List {
		if _, there := a.Find(f.Name); !there {
			add(f, a)
		}
	}
	return u.weighed()
}

// BothSay is who knows what two know together; "" where one of them is nobody, or
// where they are so many that nobody wants to read it.
func BothSay(a, b string) string {
	const most = 100
	switch {
	case a == b, b != "" && strings.Contains(a, b):
		return a
	case a == "" || b == "" || len(a)+len(b) > most:
		return ""
	case strings.Contains(b, a):
		return b
	}
	return a + " and " + b
}

func unionItems(a, b *Items, depth int) *Items {
	if !a.Exact || !b.Exact || len(a.Tuple) != len(b.Tuple) {
		return Items{each: union(a.Each(), b.Each(), depth)}.weighed()
	}
	u := Items{Exact: true}
	for i := range a.Tuple {
		u.Tuple = append(u.Tuple, union(a.Tuple[i], b.Tuple[i], depth))
	}
	return u.weighed()
}

// Both is what is of one type and of another; empty where nothing is.
func Both(a, b Type) Type { return both(a, b, 0) }

func both(a, b Type, depth int) Type {
	t := Type{Kinds: a.Kinds & b.Kinds, fields: a.fields, items: a.items, texts: a.texts}
	if depth > maxDepth {
		return t.only(t.Kinds)
	}
	switch {
	case a.fields == nil:
		t.fields = b.fields
	case b.fields != nil:
		t.fields = bothFields(a.fields, b.fields, depth+1)
	}
	switch {
	case a.items == nil:
		t.items = b.items
	case b.items != nil:
		t.items = bothItems(a.items, b.items, depth+1)
	}
	switch {
	case a.texts == nil:
		t.texts = b.texts
	case b.texts != nil:
		t.texts = slices.DeleteFunc(slices.Clone(a.texts), func(s string) bool { return !slices.Contains(b.texts, s) })
		if len(t.texts) == 0 {
			t.Kinds &^= String
		}
	}
	return t.only(t.Kinds)
}

func bothFields(a, b *Fields, depth int) *Fields {
	t := Fields{Rest: both(a.Rest, b.Rest, depth), Says: a.Says, Sampled: a.Sampled && b.Sampled}
	if t.Says == "" {
		t.Says = b.Says
	}
	add := func(f Field, other *Fields) {
		same, there := other.Find(f.Name)
		if there {
			f.Type, f.Optional = both(f.Type, same.Type, depth), f.Optional && same.Optional
		} else {
			f.Type = both(f.Type, other.Rest, depth)
		}
		if !f.Type.Empty() {
			t.List = append(t.List, f)
		}
	}
	for _, f := range a.List {
		add(f, b)
	}
	for _, f := range b.List {
		if _, there := a.Find(f.Name); !there {
			add(f, a)
		}
	}
	return t.weighed()
}

func bothItems(a, b *Items, depth int) *Items {
	switch {
	case !a.Exact && !b.Exact:
		return Items{each: both(a.each, b.each, depth)}.weighed()
	case !a.Exact:
		a, b = b, a
	}
	t := Items{Exact: true}
	for i, item := range a.Tuple {
		other := b.each
		if b.Exact && i < len(b.Tuple) {
			other = b.Tuple[i]
		}
		t.Tuple = append(t.Tuple, both(item, other, depth))
	}
	return t.weighed()
}
