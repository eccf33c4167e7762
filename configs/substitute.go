package configs

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// piece is a run of characters of a substituted text: either copied from the
// scalar's own text, or put in place of a substitution that starts there.
type piece struct {
	length int  // characters in the substituted text
	from   int  // the character of the scalar's text it comes from
	copied bool // character by character; otherwise all from the same place
}

const maxNestedDefaults = 10

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// substitute replaces ${NAME}, ${NAME:-default} and ${file:PATH} in a scalar.
// A default may hold further substitutions. As in a shell, an empty variable
// takes the default, too.
func (r *reader) substitute(it *item) {
	s := substitution{reader: r, item: it}
	text := s.expand(it.text, 0, 0, true)
	if !s.found {
		return
	}
	it.text, it.pieces = text, s.pieces
	it.substituted = s.replaced
}

type substitution struct {
	reader   *reader
	item     *item
	pieces   []piece
	found    bool // something changed
	replaced bool // by text that is not in the file
	from     int  // of the outermost substitution being made: its first character
	length   int  // its characters
}

// expand substitutes in text, whose first character is number from of the
// scalar. Only the outermost level keeps pieces.
func (s *substitution) expand(text string, from, level int, outermost bool) string {
	var out strings.Builder
	keep := func(part string, at int, copied bool) {
		out.WriteString(part)
		if outermost && part != "" {
			s.pieces = append(s.pieces, piece{utf8.RuneCountInString(part), at, copied})
		}
	}
	for text != "" {
		dollar := strings.Index(text, "${")
		if dollar < 0 {
			break
		}
		if dollar > 0 && text[dollar-1] == '$' { // $${ is a literal ${
			s.found = true
			keep(text[:dollar-1], from, true)
			from += utf8.RuneCountInString(text[:dollar])
			keep("${", from, true)
			text, from = text[dollar+2:], from+2
			continue
		}
		keep(text[:dollar], from, true)
		from += utf8.RuneCountInString(text[:dollar])
		body, rest, ok := closing(text[dollar+2:])
		if !ok {
			if outermost {
				s.from, s.length = from, 2
			}
			s.fail(CodeBadSubstitution, "`${` has no closing `}`", "write `$${` for a literal `${`")
			text = text[dollar:]
			break
		}
		s.found, s.replaced = true, true
		if outermost {
			s.from, s.length = from, utf8.RuneCountInString(body)+3
		}
		keep(s.value(body, level), from, false)
		from += utf8.RuneCountInString(body) + 3
		text = rest
	}
	keep(text, from, true)
	return out.String()
}

// closing splits at the } that closes a substitution, which may hold others.
func closing(text string) (body, rest string, ok bool) {
	depth := 1
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '}':
			if depth--; depth == 0 {
				return text[:i], text[i+1:], true
			}
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		}
	}
	return "", "", false
}

// value is what a substitution stands for.
func (s *substitution) value(body string, level int) string {
	if path, ok := strings.CutPrefix(body, "file:"); ok {
		return s.file(path)
	}
	if strings.HasPrefix(body, "!") {
		s.fail(CodeBadSubstitution, fmt.Sprintf("%q is no name of a variable", cut(body)),
			"what is computed from a record is an expression, alone: `key: value.id`, `topic: {expr: value.country}`")
		return ""
	}
	name, fallback, hasDefault := strings.Cut(body, ":-")
	if !variableName.MatchString(name) {
		s.fail(CodeBadSubstitution, fmt.Sprintf("%q is no name of a variable", cut(name)),
			"write ${NAME}, ${NAME:-default} or ${file:PATH}; `$${` is a literal `${`")
		return ""
	}
	if value, ok := s.reader.env.Lookup(name); ok && (value != "" || !hasDefault) {
		return value
	}
	if !hasDefault {
		s.fail(CodeUnsetVariable, fmt.Sprintf("the environment variable %s is not set", name),
			fmt.Sprintf("set it, or give a default: ${%s:-default}", name))
		return ""
	}
	if level >= maxNestedDefaults {
		s.fail(CodeLimit, "defaults are nested too deeply", "")
		return ""
	}
	return s.expand(fallback, 0, level+1, false)
}

func (s *substitution) file(path string) string {
	data, err := s.reader.env.ReadFile(path)
	if err != nil {
		s.fail(CodeUnreadableFile, fmt.Sprintf("cannot read the file %q: %v", cut(path), err), "")
		return ""
	}
	content := strings.TrimSuffix(string(data), "\n")
	return strings.TrimSuffix(content, "\r")
}

func (s *substitution) fail(code, message, hint string) {
	at := place{s.item.pos, s.item.width}
	if places := s.reader.text.scalarPlaces(s.item.source); s.from < len(places) {
		at = place{s.reader.text.position(places[s.from]), s.length}
	}
	s.reader.reportAt(at, code, message, hint)
	s.reader.broken[s.item] = true
}
