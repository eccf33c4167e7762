package configs

import (
	"strings"
	"unicode"
)

// TypeText is what a field takes, as references name it.
func (f *Field) TypeText() string {
	name := string(f.Type)
	switch {
	case f.Type == TypeMap && f.Item != nil:
		name = "map of names to " + f.Item.TypeText()
	case len(f.Values) > 0:
		name = strings.Join(f.Values, " | ")
	}
	if f.List {
		return "list of " + name
	}
	return name
}

// Note says what references add to a field's type: that it is required, or what
// it is by default.
func (f *Field) Note() string {
	switch {
	case f.Required:
		return ", required"
	case f.Default != "":
		return ", default " + f.Default
	}
	return ""
}

// Sentence gives a phrase a capital and a full stop.
func Sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	runes := []rune(text)
	runes[0] = unicode.ToUpper(runes[0])
	if last := runes[len(runes)-1]; last != '.' && last != ':' {
		runes = append(runes, '.')
	}
	return string(runes)
}
