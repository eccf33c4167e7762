package configs

import "strings"

// block follows a literal or folded scalar from its | or >.
func (w *scalarWalk) block(folded bool) {
	data := w.text.data
	for w.at < len(data) && w.text.breakAt(w.at) == 0 {
		w.at++ // indicators and a comment
	}
	if w.at < len(data) {
		w.at += w.text.breakAt(w.at)
	}
	indent := w.indent()
	for !w.done() {
		w.line(indent)
		if w.done() {
			return
		}
		if folded {
			w.fold(indent)
			continue
		}
		w.emit('\n', w.at)
		w.at += w.text.breakAt(w.at)
	}
}

// indent is how many blanks the block takes away from each line: what the
// first line with text has more of in the file than in the value.
func (w *scalarWalk) indent() int {
	file := leadingSpaces(string(w.text.data[w.at:]))
	return max(file-leadingSpaces(string(w.want)), 0)
}

// leadingSpaces counts the spaces before the first line's text, empty lines
// left aside.
func leadingSpaces(s string) int {
	for {
		line := strings.TrimLeft(s, " ")
		if line == "" || line[0] != '\n' && line[0] != '\r' {
			return len(s) - len(line)
		}
		s = line[1:]
	}
}

// line copies the rest of a line, its indent left out.
func (w *scalarWalk) line(indent int) {
	data := w.text.data
	for i := 0; i < indent && w.at < len(data) && data[w.at] == ' '; i++ {
		w.at++
	}
	for !w.done() && w.text.breakAt(w.at) == 0 {
		w.copy()
	}
}

// fold joins two lines of a folded scalar. Whether a line end became a blank,
// was kept or dropped is seen in the value, which yaml.v3 has folded already.
func (w *scalarWalk) fold(indent int) {
	place, breaks := w.at, 0
	for w.at < len(w.text.data) {
		n := w.text.breakAt(w.at)
		if n == 0 {
			break
		}
		breaks++
		w.at += n
		w.skipEmpty(indent)
	}
	if w.want[len(w.got)] != '\n' {
		w.emit(' ', place)
		return
	}
	for ; breaks > 0 && !w.full() && w.want[len(w.got)] == '\n'; breaks-- {
		w.emit('\n', place)
	}
}

func (w *scalarWalk) full() bool { return len(w.got) >= len(w.want) }

// skipEmpty steps over the blanks of a line that holds nothing else within the
// block's indent.
func (w *scalarWalk) skipEmpty(indent int) {
	i := w.at
	for i < len(w.text.data) && w.text.data[i] == ' ' && i-w.at < indent {
		i++
	}
	if i < len(w.text.data) && w.text.breakAt(i) > 0 {
		w.at = i
	}
}
