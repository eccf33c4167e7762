package editor

import "strings"

// span is a part of the text, from an offset to one behind its end.
type span struct{ from, to int }

func (s span) has(offset int) bool { return s.from <= offset && offset <= s.to }

// part is a key of a mapping or an element of a list, as far as the text shows.
type part struct {
	parent   *part
	children []*part

	item  bool   // an element of a list, otherwise a key
	key   string // without quotes
	name  span   // of the key as written, or of the dash
	colon bool   // there is a colon behind the key: otherwise it is a word
	flow  bool   // stands in [...] or {...}
	// column is where a key or a dash begins in its line, -1 for the root.
	column int
	depth  int

	// room is where the value can be written: behind the colon or the dash.
	room span
	// value is the text of a single value with its quotes; empty where there is none.
	value span
	// style is '\'' or '"' of a quoted value, '|' of a block, '{' or '[' of a
	// collection, 0 of plain text or nothing.
	style byte
}

func (p *part) child(key string) *part {
	for _, c := range p.children {
		if c.colon && c.key == key {
			return c
		}
	}
	return nil
}

// outline is the tree of a text.
type outline struct {
	text     string
	root     *part
	parts    []*part // in the order of the text
	comments []span
}

// newOutline never fails: what cannot be understood is left out.
func newOutline(text string) *outline {
	o := &outline{text: text, root: &part{column: -1, colon: true}}
	if len(text) > maxOutlined {
		return o
	}
	s := &scanner{outline: o, last: o.root}
	s.at = len(text) - len(strings.TrimPrefix(text, byteOrderMark))
	for s.at < len(text) {
		s.line()
	}
	return o
}

// scanner reads a text line by line.
type scanner struct {
	*outline
	at   int
	last *part // the last key or element of a block

	// The line that was looked at last: all may be one line, of many braces.
	known, end, next int
}

// lineEnd is the offset of the end of the line, and that of the next line.
func (s *scanner) lineEnd(from int) (end, next int) {
	if s.known <= from && from <= s.end && s.next > 0 {
		return s.end, s.next
	}
	s.known, s.end, s.next = from, len(s.text), len(s.text)
	if n := strings.IndexByte(s.text[from:], '\n'); n >= 0 {
		s.end, s.next = from+n, from+n+1
		if s.end > from && s.text[s.end-1] == '\r' {
			s.end--
		}
	}
	return s.end, s.next
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

func (s *scanner) skipBlanks(i, end int) int {
	for i < end && blank(s.text[i]) {
		i++
	}
	return i
}

// line reads the line at s.at, and those below that belong to its last value.
func (s *scanner) line() {
	start := s.at
	end, next := s.lineEnd(start)
	s.at = next
	i := s.skipBlanks(start, end)
	switch {
	case i == end:
		return
	case s.text[i] == '#':
		s.comments = append(s.comments, span{i, end})
		return
	case i == start && (strings.HasPrefix(s.text[i:end], "---") || strings.HasPrefix(s.text[i:end], "...")):
		s.last = s.root
		return
	}
	if i == start || !s.continues(start, i, end) {
		s.tokens(start, i, end)
	}
}

// continues adds a line to the plain text that began above, if it belongs to it.
func (s *scanner) continues(start, i, end int) bool {
	p := s.last
	if p.style != 0 || p.value.from == p.value.to || i-start <= p.column {
		return false
	}
	if s.text[i] == '-' && (i+1 == end || blank(s.text[i+1])) {
		return false
	}
	if _, colon := s.keyEnd(i, end); colon >= 0 {
		return false
	}
	p.value.to = s.plainEnd(i, end)
	p.room.to = end
	return true
}

// tokens reads the dashes, the key and the value of a line.
func (s *scanner) tokens(start, i, end int) {
	for i < end && s.text[i] == '-' && (i+1 == end || blank(s.text[i+1])) {
		p := s.push(&part{item: true, column: i - start, name: span{i, i + 1}, room: span{i + 1, end}})
		i = s.skipBlanks(i+1, end)
		s.last = p
	}
	if i == end {
		return
	}
	if s.text[i] == '#' {
		s.comments = append(s.comments, span{i, end})
		return
	}
	keyEnd, colon := s.keyEnd(i, end)
	if colon < 0 {
		if s.last.item && s.last.name.from >= start {
			s.value(s.last, i, end)
			return
		}
		if s.text[i] == '{' || s.text[i] == '[' {
			s.value(s.root, i, end) // a whole file in braces, or nothing that is known
			return
		}
		to := s.plainEnd(i, end)
		s.last = s.push(&part{key: s.text[i:to], column: i - start, name: span{i, to}, room: span{to, to}})
		return
	}
	p := s.push(&part{key: unquoted(s.text[i:keyEnd]), colon: true, column: i - start, name: span{i, keyEnd}, room: span{colon + 1, end}})
	s.last = p
	s.value(p, colon+1, end)
}

// push adds a part of a block where its column says that it belongs.
func (s *scanner) push(p *part) *part {
	parent := s.last
	for parent.column > p.column || parent.column == p.column && (parent.item || !p.item) {
		parent = parent.parent
	}
	return s.add(parent, p)
}

// add puts a part below another. What is nested too deeply for lint is flat here, so
// that no walk up or down is long.
func (o *outline) add(parent, p *part) *part {
	for parent.depth > 2*maxDepth {
		parent = parent.parent
	}
	p.parent, p.depth = parent, parent.depth+1
	parent.children = append(parent.children, p)
	o.parts = append(o.parts, p)
	return p
}

// keyEnd finds the key at i: where it ends and where its colon is, -1 for none.
func (s *scanner) keyEnd(i, end int) (keyEnd, colon int) {
	switch s.text[i] {
	case '"', '\'':
		closed := s.quoteEnd(i, end)
		if closed < 0 {
			return 0, -1
		}
		if j := s.skipBlanks(closed, end); j < end && s.text[j] == ':' && (j+1 == end || blank(s.text[j+1])) {
			return closed, j
		}
		return 0, -1
	case '{', '[', '#', '|', '>', '&', '*', '!', '%', '@', '`':
		return 0, -1
	}
	for j := i; j < end; j++ {
		switch c := s.text[j]; {
		case c == ':' && (j+1 == end || blank(s.text[j+1])):
			return i + len(strings.TrimRight(s.text[i:j], " \t")), j
		case c == '#' && j > i && blank(s.text[j-1]):
			return 0, -1
		}
	}
	return 0, -1
}

// quoteEnd is the offset behind the quote that closes the one at i, -1 for none.
func (s *scanner) quoteEnd(i, end int) int {
	quote := s.text[i]
	for j := i + 1; j < end; j++ {
		switch {
		case quote == '"' && s.text[j] == '\\':
			j++
		case s.text[j] == quote && quote == '\'' && j+1 < end && s.text[j+1] == quote:
			j++
		case s.text[j] == quote:
			return j + 1
		}
	}
	return -1
}

// plainEnd is the end of plain text in a line: before a comment, without blanks.
func (s *scanner) plainEnd(i, end int) int {
	for j := i; j < end; j++ {
		if s.text[j] == '#' && j > i && blank(s.text[j-1]) {
			s.comments = append(s.comments, span{j, end})
			end = j
			break
		}
	}
	return i + len(strings.TrimRight(s.text[i:end], " \t"))
}

func unquoted(text string) string {
	if len(text) >= 2 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1]
	}
	return text
}

// value reads the value of p in a line, and further lines where it has some.
func (s *scanner) value(p *part, i, end int) {
	i = s.skipBlanks(i, end)
	for i < end && (s.text[i] == '&' || s.text[i] == '!') { // an anchor or a tag
		for i < end && !blank(s.text[i]) {
			i++
		}
		i = s.skipBlanks(i, end)
	}
	if i == end {
		return
	}
	switch c := s.text[i]; c {
	case '#':
		s.comments = append(s.comments, span{i, end})
		p.room.to = i
	case '{', '[':
		f := &flow{scanner: s, limit: p.column + 1}
		p.room.to = f.collection(p, i)
		s.rest(p.room.to)
	case '|', '>':
		p.style, p.value = '|', span{i, end}
		s.block(p)
	case '"', '\'':
		s.quoted(p, i, end)
	default:
		to := s.plainEnd(i, end)
		p.value = span{i, to}
	}
}

// rest goes on behind a value that may have taken several lines.
func (s *scanner) rest(i int) {
	end, next := s.lineEnd(i)
	if j := s.skipBlanks(i, end); j < end && s.text[j] == '#' {
		s.comments = append(s.comments, span{j, end})
	}
	s.at = max(s.at, next)
}

// block takes the lines of a literal or folded value.
func (s *scanner) block(p *part) {
	for s.at < len(s.text) {
		end, next := s.lineEnd(s.at)
		i := s.skipBlanks(s.at, end)
		if i < end && i-s.at <= p.column {
			return
		}
		if i < end {
			p.value.to, p.room.to = end, end
		}
		s.at = next
	}
}

// quoted takes a value in quotes. One that nothing closes, in this line or those
// indented below, ends with the line.
func (s *scanner) quoted(p *part, i, end int) {
	p.style, p.value = s.text[i], span{i, end}
	last := end
	for from := s.at; from < len(s.text) && last-i < maxQuoted; {
		to, next := s.lineEnd(from)
		if j := s.skipBlanks(from, to); j < to && j-from <= p.column {
			break
		}
		last, from = to, next
	}
	if closed := s.quoteEnd(i, last); closed >= 0 {
		p.value.to, p.room.to = closed, max(closed, p.room.to)
		s.rest(closed)
	}
}

const (
	maxOutlined = 2 << 20  // as much as is linted
	maxQuoted   = 64 << 10 // of a quote that spans lines
	maxDepth    = 100
)
