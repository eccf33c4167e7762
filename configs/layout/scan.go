package layout

import "strings"

func blank(c byte) bool { return c == ' ' || c == '\t' }

// indented is the number of white characters before the first other one.
func indented(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

func empty(line string) bool { return indented(line) == len(line) }

// indicator says whether c stands alone at a place of a line, as `-` and `:` do.
func indicator(line string, at int, c byte) bool {
	return at < len(line) && line[at] == c && (at+1 == len(line) || blank(line[at+1]))
}

// skip is the first place from at that is not white.
func skip(line string, at int) int {
	for at < len(line) && blank(line[at]) {
		at++
	}
	return at
}

// word is the end of what stands at a place up to the next white character.
func word(line string, at int) int {
	for at < len(line) && !blank(line[at]) {
		at++
	}
	return at
}

// name is the end of the anchor, alias or tag that begins at a place.
func name(line string, at int) int {
	if line[at] == '!' {
		return word(line, at)
	}
	for at++; at < len(line); at++ {
		c := line[at]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
	}
	return at
}

// properties is the end of the anchors and tags that stand at a place, and of the
// white space behind them.
func properties(line string, at int) int {
	for at < len(line) && (line[at] == '&' || line[at] == '!') {
		at = skip(line, name(line, at))
	}
	return at
}

// plain is where a plain scalar in a block ends: before `: `, ` #` or the end of
// the line, without white space.
func plain(line string, at int) int {
	end := at
	for i := at; i < len(line); i++ {
		if indicator(line, i, ':') || line[i] == '#' && i > at && blank(line[i-1]) {
			break
		}
		if !blank(line[i]) {
			end = i + 1
		}
	}
	return end
}

// scanner goes through quoted scalars and flow collections, which may go over
// several lines.
type scanner struct {
	quote byte // the quote that is open, 0 for none
	depth int  // of the brackets that are open
	fresh bool // a value may begin here, so a quote opens one
}

// open says whether the value goes on in the next line.
func (s *scanner) open() bool { return s.quote != 0 || s.depth > 0 }

// line goes on in a line and returns where the value ends; the line's length if
// it is still open.
func (s *scanner) line(line string, at int) int {
	if s.quote == 0 && s.depth > 0 && at < len(line) && line[at] == '#' {
		return len(line)
	}
	for i := at; i < len(line); i++ {
		switch {
		case s.quote != 0:
			i = s.quoted(line, i)
		case line[i] == '#' && i > 0 && blank(line[i-1]):
			return len(line)
		default:
			i = s.flow(line, i)
		}
		if !s.open() {
			return i + 1
		}
	}
	return len(line)
}

// quoted reads a character between quotes and returns the last place it took.
func (s *scanner) quoted(line string, i int) int {
	switch {
	case line[i] == '\\' && s.quote == '"':
		return i + 1
	case line[i] == s.quote && s.quote == '\'' && i+1 < len(line) && line[i+1] == '\'':
		return i + 1
	case line[i] == s.quote:
		s.quote = 0
		if i+1 < len(line) && line[i+1] == ':' { // "key":value
			s.fresh = true
			return i + 1
		}
	}
	return i
}

// flow reads a character between brackets likewise.
func (s *scanner) flow(line string, i int) int {
	switch c := line[i]; c {
	case '[', '{':
		s.depth++
		s.fresh = true
	case ']', '}':
		s.depth--
		s.fresh = false
	case ',':
		s.fresh = true
	case ' ', '\t':
	case ':', '?':
		s.fresh = s.fresh || indicator(line, i, c)
	case '"', '\'':
		if s.fresh {
			s.quote = c
		}
		s.fresh = false
	case '&', '!':
		if !s.fresh {
			return i
		}
		for i+1 < len(line) && !blank(line[i+1]) && !strings.ContainsRune(",[]{}", rune(line[i+1])) {
			i++
		}
	default:
		s.fresh = false
	}
	return i
}
