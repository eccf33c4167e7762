package configs

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// report notes an error at a place.
func (r *reader) report(code string, pos Position, width int, message, hint string) {
	if r.quiet > 0 || r.full() {
		return
	}
	r.found = append(r.found, Diagnostic{
		Position: pos, Width: max(width, 1), Severity: Error, Code: code, Message: message, Hint: hint,
	})
}

// full reports that there are more problems than anyone reads.
func (r *reader) full() bool { return len(r.found) >= maxFound }

func (r *reader) reportAt(p place, code, message, hint string) {
	r.report(code, p.pos, p.width, message, hint)
}

// once notes an error of which one of a kind is enough.
func (r *reader) once(code string, pos Position, message string) {
	if r.said[code+message] {
		return
	}
	r.said[code+message] = true
	r.report(code, pos, 1, message, "such a file is refused")
}

// wrong notes what is wrong with a value, unless the value could not be had in
// the first place. Of an aliased value both places are named.
func (r *reader) wrong(it *item, p *problem) {
	if r.broken[it] {
		return
	}
	hint := p.hint
	if it.aliased != nil {
		at := r.text.at(it.aliased.Line, it.aliased.Column)
		hint = hints(hint, fmt.Sprintf("the value is that of &%s in line %d", it.aliased.Anchor, at.Line))
	}
	r.report(p.code, it.pos, it.width, p.message, hint)
}

// shown is how a message may name a value: secrets and substituted text are
// not repeated.
func (r *reader) shown(f *Field, it *item) string {
	switch {
	case it.shape != scalar:
		return it.shape.String()
	case f != nil && f.Secret:
		return "the value"
	case it.substituted:
		return "the substituted value"
	case it.empty():
		return "an empty value"
	case it.tag == "!!str":
		return fmt.Sprintf("%q", cut(it.text))
	}
	return cut(it.text)
}

// secret remembers where a secret stands in the file, so that it can be left
// out where the file's text is shown.
func (r *reader) secret(it *item) {
	if it.shape != scalar || it.substituted || it.source == nil {
		return
	}
	if places := r.text.scalarPlaces(it.source); len(places) > 1 {
		r.secrets = append(r.secrets, span{places[0], places[len(places)-1]})
	}
}

type span struct{ from, to int }

// masked is the file's text with every character of a secret replaced.
func masked(data []byte, secrets []span) []byte {
	out := append([]byte(nil), data...)
	for _, s := range secrets {
		for i := s.from; i < s.to && i < len(out); i++ {
			switch {
			case out[i] == '\n' || out[i] == '\r':
			case utf8.RuneStart(out[i]):
				out[i] = '*'
			default:
				out[i] = 0 // dropped below
			}
		}
	}
	kept := out[:0]
	for _, b := range out {
		if b != 0 {
			kept = append(kept, b)
		}
	}
	return kept
}

// shownText is the file's text without its secrets. In a file that could not
// be parsed they are found by the names of secret fields.
func (r *reader) shownText() []byte {
	shown := masked(r.text.data, r.secrets)
	names := secretNames(r.specs)
	if len(names) == 0 {
		return shown
	}
	field := regexp.MustCompile(`((?:^|[\s{,"'])(?:` + strings.Join(names, "|") + `)["']?:[ \t]+)([^\s"'$][^\s,}]*|"[^"\n$]*"|'[^'\n$]*')`)
	return field.ReplaceAllFunc(shown, func(m []byte) []byte {
		parts := field.FindSubmatch(m)
		return append(bytes.Clone(parts[1]), bytes.Repeat([]byte("*"), utf8.RuneCount(parts[2]))...)
	})
}

func secretNames(specs []Spec) []string {
	var names []string
	var look func(fields []Field)
	look = func(fields []Field) {
		for i := range fields {
			for f := &fields[i]; f != nil; f = f.Or {
				if f.Secret && !slices.Contains(names, regexp.QuoteMeta(f.Name)) {
					names = append(names, regexp.QuoteMeta(f.Name))
				}
				look(f.Fields)
			}
		}
	}
	for _, s := range specs {
		look(s.Fields)
	}
	return names
}
