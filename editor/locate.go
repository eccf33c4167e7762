package editor

import (
	"sort"
	"strings"
)

// where says where in a part a position is.
type where int

const (
	atKey   where = iota // in a key, or in a word that may become one
	atValue              // in a single value, or where one can be written
	inside               // in a collection, where a key or an element can be written
)

// spot is a position as the outline sees it.
type spot struct {
	part  *part
	where where
	// word is the key or the value there; empty where nothing is written yet.
	word span
}

// locate finds where an offset is; ok is false where nothing can be written, as in
// a comment or behind a value.
func (o *outline) locate(offset int) (at spot, ok bool) {
	for _, c := range o.comments {
		if c.from < offset && offset <= c.to {
			return spot{}, false
		}
	}
	if at, ok = o.written(offset); ok {
		return at, at.part != nil
	}
	start := lineStart(o.text, offset)
	end := offset + len(o.text[offset:])
	if n := strings.IndexByte(o.text[offset:], '\n'); n >= 0 {
		end = offset + n
	}
	if strings.TrimSpace(o.text[start:offset]) != "" || strings.TrimSpace(o.text[offset:end]) != "" {
		return spot{}, false
	}
	return o.between(offset, offset-start), true
}

// written finds the part in whose key, value or collection an offset is: the
// innermost, which comes last. Its part is nil where nothing can be written.
func (o *outline) written(offset int) (at spot, ok bool) {
	empty := span{offset, offset}
	for n := sort.Search(len(o.parts), func(i int) bool { return o.parts[i].name.from > offset }) - 1; n >= 0; n-- {
		p := o.parts[n]
		single := p.style != '{' && p.style != '['
		switch {
		case !p.item && p.name.from < p.name.to && p.name.has(offset):
			return spot{part: p, where: atKey, word: p.name}, true
		case !single && p.value.from < offset && (offset < p.value.to || offset == p.value.to && !o.closed(p)):
			return spot{part: p, where: inside, word: empty}, true
		case single && p.value.from < p.value.to && p.value.has(offset):
			if p.quoted() && (offset == p.value.from || offset == p.value.to && o.closedQuote(p)) {
				return spot{}, true
			}
			return spot{part: p, where: atValue, word: o.inner(p)}, true
		case single && (p.colon || p.item) && p.room.has(offset):
			if p.value.from < p.value.to && (p.style != 0 || offset < p.value.from) {
				return spot{}, true
			}
			return spot{part: p, where: atValue, word: empty}, true
		}
	}
	return spot{}, false
}

func (p *part) quoted() bool { return p.style == '"' || p.style == '\'' }

func (o *outline) closedQuote(p *part) bool {
	return p.value.to-p.value.from > 1 && o.text[p.value.to-1] == p.style
}

// inner is a single value without its quotes.
func (o *outline) inner(p *part) span {
	in := p.value
	if p.quoted() {
		if o.closedQuote(p) {
			in.to--
		}
		in.from++
	}
	return in
}

// value is the text of a single value, without quotes.
func (o *outline) value(p *part) string {
	if p.style == '{' || p.style == '[' {
		return ""
	}
	in := o.inner(p)
	return o.text[in.from:in.to]
}

// closed says that a collection has its last bracket.
func (o *outline) closed(p *part) bool {
	last := o.text[max(p.value.to-1, 0)]
	return p.value.to-p.value.from > 1 && (last == '}' || last == ']')
}

// between finds what can be written in an empty line: the column says to what it
// belongs.
func (o *outline) between(offset, column int) spot {
	n := sort.Search(len(o.parts), func(i int) bool { return o.parts[i].name.from >= offset }) - 1
	p := o.root
	if n >= 0 {
		p = o.parts[n]
	}
	for p.flow {
		p = p.parent
	}
	above := p
	for p.column >= column {
		p = p.parent
	}
	at := spot{part: p, where: inside, word: span{offset, offset}}
	if p == above && p.value.from < p.value.to && (p.style == 0 || p.style == '|') {
		at.where = atValue // goes on with the value above
	}
	return at
}

func lineStart(text string, offset int) int {
	for offset > 0 && text[offset-1] != '\n' {
		offset--
	}
	return offset
}
