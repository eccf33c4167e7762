package layout

import "strings"

// level is a list or mapping whose items may follow.
type level struct {
	list     bool
	old, new int // columns, from 0, of its `-` or of its keys
}

// pending is a line that waits for the next one to know where it belongs.
type pending struct {
	comment string // "" is a blank line
	old     int    // its column
}

// writer lays out lines one after another.
type writer struct {
	lines  []string
	ended  bool // the last line has a line end
	next   int  // the line being read
	levels []level
	waits  []pending
	out    strings.Builder
}

func (w *writer) refuse(reason string) error { return &Refusal{w.next + 1, reason} }

func (w *writer) all() error {
	for w.next < len(w.lines) {
		line := w.lines[w.next]
		at := indented(line)
		switch {
		case at == len(line):
			w.waits = append(w.waits, pending{})
			w.next++
		case line[at] == '#':
			w.waits = append(w.waits, pending{strings.TrimRight(line, " \t")[at:], at})
			w.next++
		case strings.HasPrefix(line, "---") || strings.HasPrefix(line, "..."):
			if err := w.marker(line); err != nil {
				return err
			}
		case line[0] == '%':
			return w.refuse("YAML directives are not laid out")
		case strings.Contains(line[:at], "\t"):
			return w.refuse("the line is indented with a tab")
		default:
			if err := w.structure(line, at); err != nil {
				return err
			}
		}
	}
	w.comments(nil)
	return nil
}

// marker writes the line that begins or ends a document.
func (w *writer) marker(line string) error {
	if rest := skip(line, 3); rest < len(line) && line[rest] != '#' || rest == 3 && len(line) > 3 {
		return w.refuse("there is something behind " + line[:3])
	}
	w.levels = nil
	w.comments(&level{})
	w.write(strings.TrimRight(line, " \t"))
	w.next++
	return nil
}

// structure writes a line that begins an item, a key or a value, and the lines
// that the value goes on in.
func (w *writer) structure(line string, at int) error {
	before := append([]level(nil), w.levels...)
	w.close(line, at)
	first := true
	var text strings.Builder
	var start level // where the line begins
	begin := func(l level) {
		if first {
			first, start = false, l
		}
	}
	for indicator(line, at, '-') {
		w.enter(true, at)
		begin(w.top())
		text.WriteString("-")
		if at = skip(line, at+1); at < len(line) && line[at] != '#' {
			text.WriteByte(' ')
		}
	}
	if indicator(line, at, '?') {
		return w.refuse("a key after `?` is not laid out")
	}
	if end, colon := key(line, at); colon >= 0 {
		w.enter(false, at)
		begin(w.top())
		text.WriteString(spaced(line[at:end]))
		if line[properties(line, at)] == '*' {
			text.WriteByte(' ') // a colon could belong to an alias
		}
		text.WriteByte(':')
		if at = skip(line, colon+1); at < len(line) && line[at] != '#' {
			text.WriteByte(' ')
		}
	}
	begin(level{old: at, new: w.child()})
	w.levels, before = before, w.levels
	w.comments(&start)
	w.levels = before
	return w.value(line, at, start, text.String())
}

// key is the end of the key at a place and the place of its colon, -1 if what
// stands there is no key.
func key(line string, at int) (end, colon int) {
	begin := properties(line, at)
	if begin == len(line) {
		return 0, -1
	}
	switch line[begin] {
	case '"', '\'', '[', '{':
		s := scanner{fresh: true}
		end = s.line(line, begin)
		if s.open() {
			return 0, -1
		}
		if line[end-1] == ':' { // taken with the quote
			end--
		}
	case '*':
		end = name(line, begin)
	case '|', '>', '#':
		return 0, -1
	default:
		end = plain(line, begin)
	}
	colon = skip(line, end)
	if end == begin && colon == end || !indicator(line, colon, ':') {
		return 0, -1
	}
	return end, colon
}

// spaced is a key or the properties of a value with single spaces around its
// anchors and tags.
func spaced(text string) string {
	rest := properties(text, 0)
	return strings.Join(append(strings.Fields(text[:rest]), text[rest:]), " ")
}
