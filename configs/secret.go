package configs

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// secret remembers where a secret stands in the file, so that it can be left
// out where the file's text is shown.
func (r *reader) secret(it *item) {
	if it.shape != scalar || it.source == nil {
		return
	}
	places := r.text.scalarPlaces(it.source)
	switch {
	case len(places) < 2:
	case it.substituted:
		for _, part := range writtenParts(it.source.Value, 0) {
			r.secrets = append(r.secrets, span{places[part.from], places[part.to]})
		}
	default:
		r.secrets = append(r.secrets, span{places[0], places[len(places)-1]})
	}
}

// writtenParts are the characters of a text that are not what a substitution
// names: what stands around substitutions, and their defaults. from is the
// number of the text's first character.
func writtenParts(text string, from int) (parts []span) {
	write := func(written string) {
		if n := utf8.RuneCountInString(written); n > 0 {
			parts = append(parts, span{from, from + n})
			from += n
		}
	}
	for {
		before, rest, found := strings.Cut(text, "${")
		if found && strings.HasSuffix(before, "$") { // a literal
			write(before + "${")
			text = rest
			continue
		}
		body, after, closed := closing(rest)
		if !found || !closed {
			write(text)
			return parts
		}
		write(before)
		from += 2
		if name, fallback, has := strings.Cut(body, ":-"); has && variableName.MatchString(name) {
			parts = append(parts, writtenParts(fallback, from+utf8.RuneCountInString(name)+2)...)
		}
		from += utf8.RuneCountInString(body) + 1
		text = after
	}
}

// writtenSecret warns of a secret that everyone who reads the file knows.
func (r *reader) writtenSecret(f *Field, it *item) {
	if it.shape != scalar || it.text == "" || r.broken[it] || it.substituted && !writtenDefault(it) {
		return
	}
	if f.SecretPath && !strings.Contains(it.text, "\n") && !strings.Contains(it.text, "-----BEGIN ") {
		return
	}
	r.warn(CodeSecret, it.pos, it.width, fmt.Sprintf("the %s is written in the file, where all who can read it can use it", f.Name),
		"take it from the environment or a file: \"${KAFKA_PASSWORD}\", \"${file:/run/secrets/kafka}\"")
}

// writtenDefault reports a substitution with a default or with text beside it.
func writtenDefault(it *item) bool {
	return it.source != nil && len(writtenParts(it.source.Value, 0)) > 0
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
// be parsed, or at a place where no field is known, they are found by the names
// of secret fields.
func (r *reader) shownText() []byte {
	shown := masked(r.text.data, r.secrets)
	names := secretNames(r.specs)
	if len(names) == 0 {
		return shown
	}
	quoted := make([]string, 0, len(names))
	for name := range names {
		quoted = append(quoted, regexp.QuoteMeta(name))
	}
	slices.Sort(quoted)
	field := regexp.MustCompile(`(?:^|[\s{,"'])(` + strings.Join(quoted, "|") + `)(?:["']?:[ \t]+|[ \t]*=[ \t]*)([^\s"'$=][^\s,};]*|"[^"\n$]*"|'[^'\n$]*')`)
	var found []span
	for _, m := range field.FindAllSubmatchIndex(shown, -1) {
		within := names[string(shown[m[2]:m[3]])]
		property := bytes.ContainsRune(shown[m[3]:m[4]], '=') // `password="..."` in a line of settings of another program
		if parent, known := keyAround(shown, m[2]); within == nil || !property && (!known || slices.Contains(within, parent)) {
			found = append(found, span{m[4], m[5]})
		}
	}
	return masked(shown, found)
}

// secretNames are the names of secret fields. One that other fields have, too,
// comes with the keys below which it is a secret.
func secretNames(specs []Spec) map[string][]string {
	names := make(map[string][]string)
	plain := make(map[string]bool)
	var look func(parent string, fields []Field)
	look = func(parent string, fields []Field) {
		for i := range fields {
			for f := &fields[i]; f != nil; f = f.Or {
				switch {
				case !f.Secret:
					plain[f.Name] = true
				case !slices.Contains(names[f.Name], parent):
					names[f.Name] = append(names[f.Name], parent)
				}
				look(f.Name, f.Fields)
			}
		}
	}
	look("", PipelineFields())
	for _, s := range specs {
		look(s.Kind, s.Fields)
	}
	for name := range names {
		if !plain[name] {
			names[name] = nil
		}
	}
	return names
}

// keyBefore is a key at the end of a text, with its colon.
var keyBefore = regexp.MustCompile(`([A-Za-z0-9_-]+)["']?:\s*$`)

// keyAround is the key of the mapping that holds the key at an offset, "" at the
// top of the file. It is not known where the text is not clear enough: it may be
// anything but YAML.
func keyAround(text []byte, at int) (key string, known bool) {
	start := bytes.LastIndexByte(text[:at], '\n') + 1
	depth := 0
	for i := at - 1; i >= start; i-- {
		switch text[i] {
		case '}':
			depth++
		case '{':
			if depth--; depth < 0 {
				return lastKey(text[start:i])
			}
		}
	}
	for column := indent(text[start:at]); start > 0; {
		end := start - 1
		start = bytes.LastIndexByte(text[:end], '\n') + 1
		line := text[start:end]
		if len(bytes.TrimSpace(line)) > 0 && indent(line) < column {
			return lastKey(bytes.TrimRight(line, " \t\r{"))
		}
	}
	return "", true
}

func lastKey(text []byte) (key string, known bool) {
	if m := keyBefore.FindSubmatch(text); m != nil {
		return string(m[1]), true
	}
	return "", false
}

// indent is where a line's first key stands; a dash before it is no part of it.
func indent(line []byte) int {
	return len(line) - len(bytes.TrimLeft(line, " -"))
}
