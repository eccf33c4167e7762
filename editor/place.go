package editor

import (
	"slices"

	"waterhealer/configs"
)

// place is what the specs say of a part.
type place struct {
	kind    placeKind
	section configs.Section // of nodes and node
	extra   []configs.Field // of node: keys beside the common ones
	spec    *configs.Spec   // of kind
	field   *configs.Field  // of field
	element bool            // one element of the field's list
	free    bool            // its name is the user's
}

type placeKind int

const (
	nowhere placeKind = iota
	file
	nodes // a list of nodes
	node
	kind // what stands behind the key that names a node's kind
	field
	steps // of a test
	step
)

// language is what the specs say of pipeline files.
type language struct {
	specs []configs.Spec
	top   []configs.Field
}

func newLanguage(specs []configs.Spec) *language {
	return &language{specs: specs, top: slices.Concat(configs.SectionFields(), configs.PipelineFields())}
}

// choice is a key that may stand in a mapping.
type choice struct {
	name  string
	field *configs.Field // nil for a kind
	spec  *configs.Spec  // nil for a field
}

// kindsOf are the kinds of a section; an output is a sink, too.
func (l *language) kindsOf(section configs.Section) []choice {
	var kinds []choice
	sections := []configs.Section{section}
	if section == configs.SectionSink {
		sections = append(sections, configs.SectionOutput)
	}
	for _, from := range sections {
		for i := range l.specs {
			s := &l.specs[i]
			if s.Section != from {
				continue
			}
			for _, name := range append([]string{s.Kind}, s.Aliases...) {
				kinds = append(kinds, choice{name: name, spec: s})
			}
		}
	}
	return kinds
}

func fieldChoices(fields []configs.Field) []choice {
	choices := make([]choice, len(fields))
	for i := range fields {
		choices[i] = choice{name: fields[i].Name, field: &fields[i]}
	}
	return choices
}

// nodeChoices are the keys of a node: its kinds, and what may stand beside them.
func (l *language) nodeChoices(section configs.Section, extra []configs.Field) []choice {
	return slices.Concat(l.kindsOf(section), fieldChoices(configs.CommonFields(section)), fieldChoices(extra))
}

// choices are the keys that the mapping at a place may have.
func (l *language) choices(at place, p *part) []choice {
	switch at.kind {
	case file:
		return fieldChoices(l.top)
	case node:
		return l.nodeChoices(at.section, at.extra)
	case kind:
		if at.spec.ShortMapping && !fullForm(at.spec, p) {
			return nil
		}
		return fieldChoices(at.spec.Fields)
	case step:
		return fieldChoices(configs.StepFields())
	case field:
		if at.field.List && !at.element && p != nil && len(p.children) > 0 && p.children[0].item {
			return nil
		}
		var all []choice
		for f := at.field; f != nil; f = f.Or {
			switch f.Type {
			case configs.TypeObject:
				all = append(all, fieldChoices(f.Fields)...)
			case configs.TypeOutput:
				all = append(all, l.nodeChoices(configs.SectionOutput, f.Fields)...)
			}
		}
		return all
	}
	return nil
}

// fullForm says that a mapping which could be the short form names the kind's
// fields, as configs reads it: that of the short form and others, and no other key.
func fullForm(spec *configs.Spec, p *part) bool {
	if p == nil || len(p.children) < 2 || p.child(spec.Short) == nil {
		return false
	}
	return !slices.ContainsFunc(p.children, func(c *part) bool {
		return c.colon && fieldOf(spec.Fields, c.key) == nil
	})
}

func fieldOf(fields []configs.Field, name string) *configs.Field {
	if i := slices.IndexFunc(fields, func(f configs.Field) bool { return f.Name == name }); i >= 0 {
		return &fields[i]
	}
	return nil
}

// of is what the specs say of a part.
func (l *language) of(p *part) place {
	if p.parent == nil {
		return place{kind: file}
	}
	around := l.of(p.parent)
	if p.item {
		return l.elementOf(around)
	}
	for _, c := range l.choices(around, p.parent) {
		if c.name == p.key {
			return placeOf(c, around)
		}
	}
	return l.freeKey(around)
}

// elementOf is an element of the list at a place.
func (l *language) elementOf(around place) place {
	switch around.kind {
	case nodes:
		return place{kind: node, section: around.section}
	case steps:
		return place{kind: step}
	case kind, field:
		for _, f := range l.forms(around) {
			if f.List && !around.element {
				return place{kind: field, field: f, element: true}
			}
		}
	}
	return place{}
}

func placeOf(c choice, around place) place {
	switch {
	case c.spec != nil:
		return place{kind: kind, spec: c.spec}
	case around.kind == file:
		if section, ok := configs.SectionOf(c.name); ok {
			return place{kind: nodes, section: section, field: c.field}
		}
	case around.kind == field && around.field.Name == "tests" && c.name == "input":
		return place{kind: steps, field: c.field}
	}
	return place{kind: field, field: c.field}
}

// freeKey is what stands behind a key that the user has chosen, as in a map of
// names or a tree of expressions.
func (l *language) freeKey(around place) place {
	from := around.field
	if around.kind == kind {
		from = fieldOf(around.spec.Fields, around.spec.Short)
		if !around.spec.ShortMapping {
			return place{}
		}
	} else if around.kind != field {
		return place{}
	}
	for f := from; f != nil; f = f.Or {
		switch {
		case f.Type == configs.TypeTree:
			return place{kind: field, field: f, element: true, free: true}
		case f.Type == configs.TypeMap && f.Item != nil:
			return place{kind: field, field: f.Item, free: true}
		}
	}
	return place{}
}

// forms are the fields of which the value at a place is one: a field and its
// other forms, behind a kind the field of its short form.
func (l *language) forms(at place) []*configs.Field {
	first := at.field
	switch at.kind {
	case kind:
		first = fieldOf(at.spec.Fields, at.spec.Short)
	case field:
	default:
		return nil
	}
	var forms []*configs.Field
	for f := first; f != nil; f = f.Or {
		forms = append(forms, f)
	}
	return forms
}
