package layout

import (
	"strings"
	"unicode/utf8"
)

func (w *writer) top() level { return w.levels[len(w.levels)-1] }

// child is the column of what is inside the innermost level.
func (w *writer) child() int {
	if len(w.levels) == 0 {
		return 0
	}
	return w.top().new + 2
}

// outer is the old column of the innermost level, -1 outside of all.
func (w *writer) outer() int {
	if len(w.levels) == 0 {
		return -1
	}
	return w.top().old
}

// close leaves the levels that a line at this column is not in. A list may stand
// in the column of the key that it belongs to.
func (w *writer) close(line string, at int) {
	for len(w.levels) > 0 && w.top().old > at {
		w.levels = w.levels[:len(w.levels)-1]
	}
	if len(w.levels) > 0 && w.top().old == at && w.top().list && !indicator(line, at, '-') {
		w.levels = w.levels[:len(w.levels)-1]
	}
}

// enter goes to the list or mapping whose items are in a column.
func (w *writer) enter(list bool, at int) {
	if len(w.levels) > 0 && w.top().old == at && w.top().list == list {
		return
	}
	w.levels = append(w.levels, level{list: list, old: at, new: w.child()})
}

// write adds a line.
func (w *writer) write(line string) {
	w.out.WriteString(line)
	w.out.WriteByte('\n')
}

func (w *writer) indent(n int, text string) { w.write(strings.Repeat(" ", n) + text) }

// comments writes the comments and blank lines before a line that begins at
// next, nil for the end of the text.
func (w *writer) comments(next *level) {
	space := false
	for _, p := range w.waits {
		if p.comment == "" {
			space = true
			continue
		}
		w.space(&space)
		w.indent(w.column(p.old, next), p.comment)
	}
	w.waits = nil
	if next != nil {
		w.space(&space)
	}
}

// space writes a blank line, but not at the start of the text.
func (w *writer) space(wanted *bool) {
	if *wanted && w.out.Len() > 0 {
		w.write("")
	}
	*wanted = false
}

// column is where a comment goes that stood at old: with the line below it if
// they were in one column or if it is the first of its level, else with the
// nearest of the levels around it.
func (w *writer) column(old int, next *level) int {
	if next != nil && (next.old == old || next.old > w.outer() && old > w.outer()) {
		return next.new
	}
	around := append([]level{{}}, w.levels...)
	if next != nil {
		around = append(around, *next)
	}
	found, distance := 0, old
	for _, l := range around {
		if d := max(l.old-old, old-l.old); d < distance {
			found, distance = l.new, d
		}
	}
	return found
}

// behind puts a comment behind a text, in the column in which it was if there is
// room.
func behind(text, line string, at int) string {
	comment := strings.TrimRight(line[at:], " \t")
	column := utf8.RuneCountInString(line[:at])
	room := column - utf8.RuneCountInString(text)
	if strings.TrimSpace(text) == "" {
		room = max(room, 0)
	} else {
		room = max(room, 1)
	}
	return text + strings.Repeat(" ", room) + comment
}
