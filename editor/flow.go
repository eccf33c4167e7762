package editor

import "strings"

// flow reads the collections in brackets and braces.
type flow struct {
	*scanner
	limit int // lines below are indented by so much, unless they close a bracket
	depth int
}

// collection reads the one at i into p, and gives the offset behind it. One that
// nothing closes ends where the lines are indented less.
func (f *flow) collection(p *part, i int) int {
	open := f.text[i]
	p.style, p.value = open, span{i, i + 1}
	if f.depth++; f.depth > maxDepth {
		p.value.to = i + 1
		return i + 1
	}
	defer func() { f.depth-- }()
	i++
	for {
		var more bool
		if i, more = f.skip(i); !more {
			break
		}
		switch c := f.text[i]; c {
		case '}', ']':
			i++
			p.value.to = i
			return i
		case ',':
			i++
		default:
			i = f.entry(p, i, open == '{')
		}
	}
	p.value.to = i
	return i
}

// skip goes to the next character that is no white space or comment. It stops at
// the end of a line after which the collection does not go on.
func (f *flow) skip(i int) (at int, more bool) {
	for i < len(f.text) {
		switch c := f.text[i]; {
		case blank(c) || c == '\r':
			i++
		case c == '#' && i > 0 && (blank(f.text[i-1]) || f.text[i-1] == '\n'):
			end, _ := f.lineEnd(i)
			f.comments = append(f.comments, span{i, end})
			i = end
		case c == '\n':
			end, _ := f.lineEnd(i + 1)
			j := f.skipBlanks(i+1, end)
			if j < end && j-i-1 < f.limit && f.text[j] != '}' && f.text[j] != ']' {
				return i, false
			}
			i++
			if j == end && end == len(f.text) {
				return len(f.text), false
			}
		default:
			return i, true
		}
	}
	return i, false
}

// entry reads one key with its value, or one element.
func (f *flow) entry(p *part, i int, keyed bool) int {
	text, to, style := f.scalar(i)
	after := f.skipLine(to)
	colon := after < len(f.text) && f.text[after] == ':' && f.endsKey(after+1, style)
	if to > i && (keyed || colon) {
		if !keyed { // [a: 1] is a list of one mapping
			p = f.add(p, &part{item: true, flow: true, column: p.column, name: span{i, i}, room: span{i, i}, style: '{', value: span{i, i}})
		}
		k := f.add(p, &part{key: text, flow: true, column: p.column, name: span{i, to}, colon: colon, room: span{to, to}})
		if !colon {
			return to
		}
		return f.value(k, after+1)
	}
	if keyed {
		k := f.add(p, &part{flow: true, column: p.column, name: span{i, i}, colon: true, room: span{i, i}})
		return max(f.value(k, i), i+1) // a value where a key should be
	}
	element := f.add(p, &part{item: true, flow: true, column: p.column, name: span{i, i}, room: span{i, i}})
	return max(f.value(element, i), i+1)
}

// endsKey says that a colon ends a key: a blank or the end of the collection is
// behind it, or the key is quoted.
func (f *flow) endsKey(i int, style byte) bool {
	return style != 0 || i >= len(f.text) || strings.IndexByte(" \t\r\n,[]{}", f.text[i]) >= 0
}

func (f *flow) skipLine(i int) int {
	for i < len(f.text) && blank(f.text[i]) {
		i++
	}
	return i
}

// value reads what stands behind a colon, or an element.
func (f *flow) value(p *part, i int) int {
	from := f.skipLine(i)
	if from < len(f.text) && (f.text[from] == '{' || f.text[from] == '[') {
		to := f.collection(p, from)
		p.room.to = to
		return to
	}
	_, to, style := f.scalar(from)
	p.style, p.value = style, span{from, to}
	end := f.skipLine(to)
	p.room.to = max(end, p.room.to)
	return end
}

// scalar reads quoted or plain text within a line.
func (f *flow) scalar(i int) (text string, to int, style byte) {
	end, _ := f.lineEnd(min(i, len(f.text)))
	if i >= end {
		return "", i, 0
	}
	if c := f.text[i]; c == '"' || c == '\'' {
		closed := f.quoteEnd(i, end)
		if closed < 0 {
			closed = end
		}
		return unquoted(f.text[i:closed]), closed, c
	}
	j := i
	for ; j < end; j++ {
		c := f.text[j]
		if strings.IndexByte(",[]{}", c) >= 0 || c == ':' && f.endsKey(j+1, 0) || c == '#' && j > i && blank(f.text[j-1]) {
			break
		}
	}
	trimmed := strings.TrimRight(f.text[i:j], " \t")
	return trimmed, i + len(trimmed), 0
}
