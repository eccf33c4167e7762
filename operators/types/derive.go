package types

import "slices"

// Made says of all objects in the type that nobody vouches for yet who made
// them so.
func (t Type) Made(by string) Type { return t.made(by, 0) }

func (t Type) made(by string, depth int) Type {
	if depth > maxDepth {
		return t
	}
	if t.fields != nil {
		f := Fields{Rest: t.fields.Rest, Says: t.fields.Says, Sampled: t.fields.Sampled}
		if f.Says == "" && f.Closed() {
			f.Says = by
		}
		for _, field := range t.fields.List {
			field.Type = field.Type.made(by, depth+1)
			f.List = append(f.List, field)
		}
		t.fields = f.weighed()
	}
	if t.items != nil {
		items := Items{each: t.items.each.made(by, depth+1), Exact: t.items.Exact}
		for _, item := range t.items.Tuple {
			items.Tuple = append(items.Tuple, item.made(by, depth+1))
		}
		t.items = items.weighed()
	}
	return t
}

// AnyText is the type where each of its texts may be any other.
func (t Type) AnyText() Type { return t.anyText(0) }

func (t Type) anyText(depth int) Type {
	t.texts = nil
	if depth > maxDepth {
		return t
	}
	if t.fields != nil {
		f := *t.fields
		f.Rest, f.List = f.Rest.anyText(depth+1), slices.Clone(f.List)
		for i := range f.List {
			f.List[i].Type = f.List[i].Type.anyText(depth + 1)
		}
		t.fields = f.weighed()
	}
	if t.items != nil {
		items := *t.items
		items.each, items.Tuple = items.each.anyText(depth+1), slices.Clone(items.Tuple)
		for i := range items.Tuple {
			items.Tuple[i] = items.Tuple[i].anyText(depth + 1)
		}
		t.items = items.weighed()
	}
	return t
}
