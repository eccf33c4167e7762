package schema

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"waterhealer/configs"
)

// ignored are the keys that are never looked at, wherever keys are fixed.
func ignored() Properties { return Properties{{"^x-", &Schema{}}} }

// property is the schema of a field under its key, with its doc and default.
func (w *writer) property(f *configs.Field) Property {
	s := w.forms(f)
	if s.Ref != "" || s.Description != "" {
		// What is said about the type is kept from hiding what is said about the field.
		s = &Schema{AnyOf: []*Schema{s}}
	}
	s.Description, s.Default = f.Doc, defaultOf(f)
	return Property{f.Name, s}
}

// forms is any of the forms that a field takes.
func (w *writer) forms(f *configs.Field) *Schema {
	var all []*Schema
	for c := f; c != nil; c = c.Or {
		all = append(all, w.form(c)...)
	}
	return anyOf(all)
}

// anyOf is one schema of several; alternatives that are any of several themselves
// are put into one row.
func anyOf(all []*Schema) *Schema {
	var row []*Schema
	for _, s := range all {
		if s.Description == "" && len(s.AnyOf) > 0 {
			row = append(row, s.AnyOf...)
			continue
		}
		row = append(row, s)
	}
	if len(row) == 1 {
		return row[0]
	}
	return &Schema{AnyOf: row}
}

// form is one form of a field; a list may be one value alone.
func (w *writer) form(f *configs.Field) []*Schema {
	one := w.single(f)
	if !f.List {
		return []*Schema{one}
	}
	list := &Schema{Type: "array", Items: one}
	if f.Required && !f.Empty {
		list.MinItems = 1
	}
	return []*Schema{one, list}
}

// single is one value of a field's type.
func (w *writer) single(f *configs.Field) *Schema {
	switch f.Type {
	case configs.TypeTree:
		return reference(defTree)
	case configs.TypeData:
		return &Schema{}
	case configs.TypeObject:
		s := w.object(f.Fields)
		if len(s.Required) == 0 {
			s.Type = []string{"object", "null"}
		}
		return s
	case configs.TypeMap:
		item := f.Item
		if item == nil {
			item = &configs.Field{Type: configs.TypeString}
		}
		return &Schema{Type: []string{"object", "null"}, Additional: w.forms(item)}
	case configs.TypeOutput:
		return w.output(f)
	}
	return scalar(f)
}

// object is a mapping with these fields.
func (w *writer) object(fields []configs.Field) *Schema {
	s := &Schema{Type: "object", PatternProperties: ignored(), Additional: false}
	for i := range fields {
		f := &fields[i]
		s.Properties = append(s.Properties, w.property(f))
		if f.Required {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s
}

// kind is the schema of what stands behind a kind's key: its fields, or the
// short form that sets one of them.
func (w *writer) kind(spec *configs.Spec) *Schema {
	full := w.object(spec.Fields)
	if len(full.Required) == 0 {
		full.Type = []string{"object", "null"}
	}
	i := slices.IndexFunc(spec.Fields, func(f configs.Field) bool { return f.Name == spec.Short })
	if i < 0 {
		return full
	}
	short := &spec.Fields[i]
	if !spec.ShortMapping {
		return anyOf(append(w.shortForms(short), full))
	}
	if len(spec.Fields) == 1 {
		return w.property(short).Schema
	}
	var names []any
	for _, f := range spec.Fields {
		names = append(names, f.Name)
	}
	full.MinProperties = 2
	// A mapping of the short field and others of the kind's is the full form.
	mapping := &Schema{AnyOf: []*Schema{w.forms(short)}, Not: &Schema{
		Type: "object", Required: []string{short.Name}, MinProperties: 2, PropertyNames: &Schema{Enum: names},
	}}
	return &Schema{AnyOf: []*Schema{mapping, full}}
}

// shortForms are the forms of a field that are no mapping: a mapping is the full
// form of its kind.
func (w *writer) shortForms(f *configs.Field) []*Schema {
	var all []*Schema
	for c := f; c != nil; c = c.Or {
		for _, s := range w.form(c) {
			switch {
			case c.Type == configs.TypeData:
				s = &Schema{Not: &Schema{Type: "object"}}
			case c.Type == configs.TypeTree:
				s = reference(defExpression)
			case c.Type == configs.TypeObject || c.Type == configs.TypeMap || c.Type == configs.TypeOutput:
				continue
			}
			all = append(all, s)
		}
	}
	return all
}

// about is all that a spec says, for whoever points at the kind.
func about(spec *configs.Spec, name string) string {
	text := strings.TrimSpace(sentence(spec.Summary) + " " + sentence(spec.Doc))
	if name != spec.Kind {
		text = "Another word for `" + spec.Kind + "`. " + text
	}
	return text
}

// sentence gives a phrase a capital and a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, ":") {
		text += "."
	}
	return text
}
