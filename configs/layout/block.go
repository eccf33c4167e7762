package layout

import "strings"

// value writes a line whose `-` and key are in text already, with the value that
// begins at a place, and the lines that it goes on in.
func (w *writer) value(line string, at int, start level, text string) error {
	text = strings.Repeat(" ", start.new) + text
	begin := properties(line, at)
	text += strings.Join(strings.Fields(line[at:begin]), " ")
	if begin == len(line) || line[begin] == '#' {
		w.last(text, line, begin)
		return nil
	}
	if begin > at {
		text += " "
	}
	switch line[begin] {
	case '|', '>':
		return w.block(line, begin, text)
	case '"', '\'', '[', '{':
		return w.long(line, begin, start, text)
	case '*':
		end := name(line, begin)
		w.last(text+line[begin:end], line, skip(line, end))
		return nil
	}
	return w.plain(line, begin, start, text)
}

// last ends a line, behind whose text only a comment can stand.
func (w *writer) last(text, line string, at int) {
	text = strings.TrimRight(text, " ")
	if at < len(line) {
		text = behind(text, line, at)
	}
	w.write(text)
	w.next++
}

// long writes a quoted scalar or a flow collection.
func (w *writer) long(line string, at int, start level, text string) error {
	s := scanner{fresh: true}
	end := s.line(line, at)
	if !s.open() {
		rest := skip(line, end)
		if rest < len(line) && line[rest] != '#' {
			return w.refuse("there is something behind the value")
		}
		w.last(text+line[at:end], line, rest)
		return nil
	}
	w.write(text + trimmed(line[at:], &s))
	shift := start.new - indented(line)
	for w.next++; s.open() && w.next < len(w.lines); w.next++ {
		line := w.lines[w.next]
		if empty(line) {
			w.write("")
			continue
		}
		begin := indented(line)
		s.line(line, begin)
		w.indent(max(begin+shift, w.child()-1, 0), trimmed(line[begin:], &s))
	}
	return nil
}

// trimmed drops white space at the end of a line, unless a quoted scalar goes on
// behind it.
func trimmed(line string, s *scanner) string {
	if s.quote != 0 {
		return line
	}
	return strings.TrimRight(line, " \t")
}

// plain writes a plain scalar: it goes on in the lines that are indented further
// than what it belongs to, up to a comment.
func (w *writer) plain(line string, at int, start level, text string) error {
	shift := start.new - indented(line)
	end := plain(line, at)
	rest := skip(line, end)
	if rest < len(line) && line[rest] != '#' {
		return w.refuse("there is something behind the value")
	}
	w.last(text+line[at:end], line, rest)
	for rest == len(line) {
		next := w.next
		for next < len(w.lines) && empty(w.lines[next]) {
			next++
		}
		if next == len(w.lines) {
			break
		}
		line = w.lines[next]
		at := indented(line)
		if at <= w.outer() || line[at] == '#' {
			break
		}
		for ; w.next < next; w.next++ {
			w.write("")
		}
		end := plain(line, at)
		rest = skip(line, end)
		w.last(strings.Repeat(" ", max(at+shift, w.child()-1, 0))+line[at:end], line, rest)
	}
	return nil
}

// block writes a literal or folded scalar. Its lines keep what they are indented
// beyond its own indentation.
func (w *writer) block(line string, at int, text string) error {
	end := word(line, at)
	header := line[at:end]
	rest := skip(line, end)
	if rest < len(line) && line[rest] != '#' {
		return w.refuse("there is something behind the value")
	}
	w.last(text+header, line, rest)
	from, to := w.indentation(header)
	if from < 0 {
		return w.refuse("blank lines at the start of the text are indented further than it is")
	}
	last := w.next - 1 // the last line that is not blank
	for i := w.next; i < len(w.lines); i++ {
		spaces := len(w.lines[i]) - len(strings.TrimLeft(w.lines[i], " "))
		if empty(w.lines[i]) && len(w.lines[i]) <= from {
			if strings.Contains(header, "+") {
				last = i
			}
			continue
		}
		if spaces < from {
			break
		}
		last = i
	}
	for ; w.next <= last; w.next++ {
		line := w.lines[w.next]
		if len(line) <= from {
			w.write("")
			continue
		}
		w.indent(to, line[from:])
	}
	if w.next == len(w.lines) && !w.ended {
		// The text has no line end, and would have one.
		out := strings.TrimSuffix(w.out.String(), "\n")
		w.out.Reset()
		w.out.WriteString(out)
	}
	return nil
}

// indentation is how far the lines of a block scalar are indented, and how far
// they are to be. from is -1 where blank lines hide it.
func (w *writer) indentation(header string) (from, to int) {
	if i := strings.IndexAny(header, "123456789"); i >= 0 {
		n := int(header[i] - '0')
		return max(w.outer(), 0) + n, max(w.child()-2, 0) + n
	}
	widest := 0
	for _, line := range w.lines[w.next:] {
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		if spaces == len(line) {
			widest = max(widest, spaces)
			continue
		}
		if spaces <= w.outer() {
			break
		}
		if widest > spaces {
			return -1, 0
		}
		return spaces, max(w.child(), 1)
	}
	return max(widest, w.outer()+1, 1), max(w.child(), 1) // there is no text
}
