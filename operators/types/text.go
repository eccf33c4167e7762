package types

import (
	"strconv"
	"strings"
)

// String is the type in a few words, for example {id: string, mag?: number}:
// `?` marks a field that may be missing, `…` what is not told.
func (t Type) String() string {
	var b strings.Builder
	t.write(&b, 3)
	return b.String()
}

// write tells what is in objects and lists to a depth.
func (t Type) write(b *strings.Builder, depth int) {
	switch {
	case t.Empty():
		b.WriteString("nothing")
		return
	case t.Unknown():
		b.WriteString("any")
		return
	}
	parts := 0
	part := func() {
		if parts++; parts > 1 {
			b.WriteString(" | ")
		}
	}
	rest := t.Kinds
	if rest&Number == Number {
		part()
		b.WriteString("number")
		rest &^= Number
	}
	for i, name := range kindNames {
		k := Kinds(1) << i
		switch {
		case rest&k == 0 || k == Nil:
		case k == Object && t.fields != nil:
			part()
			t.fields.write(b, depth)
		case k == List && t.items != nil:
			part()
			t.items.write(b, depth)
		case k == String && t.texts != nil:
			for _, text := range t.texts {
				part()
				b.WriteString(strconv.Quote(text))
			}
		default:
			part()
			b.WriteString(name)
		}
	}
	if rest&Nil != 0 {
		part()
		b.WriteString("nil")
	}
}

func (f *Fields) write(b *strings.Builder, depth int) {
	const most = 12
	b.WriteByte('{')
	for i, field := range f.List {
		if i > 0 {
			b.WriteString(", ")
		}
		if depth == 0 || i == most {
			b.WriteString("…}")
			return
		}
		b.WriteString(field.Name)
		if field.Optional {
			b.WriteByte('?')
		}
		b.WriteString(": ")
		field.Type.write(b, depth-1)
	}
	if !f.Closed() {
		if len(f.List) > 0 {
			b.WriteString(", ")
		}
		b.WriteString("…")
		if !f.Rest.Unknown() {
			b.WriteString(": ")
			f.Rest.write(b, max(depth-1, 0))
		}
	}
	b.WriteByte('}')
}

func (i *Items) write(b *strings.Builder, depth int) {
	b.WriteByte('[')
	defer b.WriteByte(']')
	switch {
	case depth == 0:
		b.WriteString("…")
	case i.Exact:
		for at, item := range i.Tuple {
			if at > 0 {
				b.WriteString(", ")
			}
			item.write(b, depth-1)
		}
	case i.each.Empty():
	default:
		i.each.write(b, depth-1)
		b.WriteString(", …")
	}
}
