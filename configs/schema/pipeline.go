package schema

import (
	"slices"

	"waterhealer/configs"
)

// New is the schema of pipeline files with these kinds.
func New(specs []configs.Spec) *Schema {
	w := &writer{specs: specs}
	root := w.object(configs.PipelineFields())
	root.Dialect = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "waterhealer pipeline"
	root.Description = "A stream processor: where records come from, what is done with them, and where they go."
	root.Required = []string{"sources", "sinks"}
	var sections Properties
	for _, f := range configs.SectionFields() {
		sections = append(sections, w.section(f))
	}
	last := len(sections) - 1
	root.Properties = slices.Concat(root.Properties[:1], sections[:last], root.Properties[1:], sections[last:])
	root.DependentSchemas = Properties{{"key", &Schema{
		Required:   []string{"order"},
		Properties: Properties{{"order", orSubstitution(&Schema{Const: "key"})}},
	}}}
	root.Definitions = append(w.nodeDefinitions(), scalarDefinitions()...)
	return root
}

// section is a top-level key beside the settings.
func (w *writer) section(f configs.Field) Property {
	nodes, _ := configs.SectionOf(f.Name)
	switch nodes {
	case configs.SectionSource:
		return Property{f.Name, &Schema{Description: f.Doc, Type: "array", MinItems: 1, Items: reference(defSource)}}
	case configs.SectionOperator:
		return Property{f.Name, &Schema{Description: f.Doc, Type: []string{"array", "null"}, Items: reference(defOperator)}}
	case configs.SectionSink:
		return Property{f.Name, &Schema{Description: f.Doc, Type: "array", MinItems: 1, Items: reference(defSink)}}
	}
	if f.Name == "tests" {
		return Property{f.Name, w.tests(f.Doc)}
	}
	return w.property(&f)
}

// tests is the schema of `tests:`.
func (w *writer) tests(doc string) *Schema {
	one := w.object(configs.TestFields())
	for i, p := range one.Properties {
		if p.Name == "input" {
			one.Properties[i].Schema = &Schema{Description: p.Schema.Description, Type: "array", Items: w.step()}
		}
		if values := one.Properties[i].Schema; p.Name == "output" || p.Name == "dead" || p.Name == "finished" || p.Name == "failed" {
			values.Type, values.Additional = "object", &Schema{Type: "array"}
			if p.Name == "finished" || p.Name == "failed" {
				values.Additional = &Schema{Type: "array", Items: scalar(&configs.Field{Type: configs.TypeInt, Min: "0"})}
			}
		}
		if p.Name == "committed" {
			one.Properties[i].Schema.Type = "object"
		}
	}
	return &Schema{Description: doc, Type: []string{"array", "null"}, Items: one}
}

// step is one step of a test's input: {SOURCE: VALUE}, {wait: 100ms} or {end: true}.
func (w *writer) step() *Schema {
	fields := configs.StepFields()
	record := w.object(nil)
	record.Additional, record.PatternProperties, record.MinProperties = nil, nil, 1
	var acts []*Schema
	for i := range fields {
		f := &fields[i]
		p := w.property(f)
		switch f.Name {
		case "wait", "end":
			if f.Name == "end" {
				p.Schema = &Schema{Description: f.Doc, AnyOf: []*Schema{{Const: true}, reference(defSubstitution)}}
			}
			act := w.object(nil)
			act.Properties, act.Required = Properties{p}, []string{f.Name}
			acts = append(acts, act)
			record.Properties = append(record.Properties, Property{f.Name, &Schema{Not: &Schema{}}})
		case "key":
			p.Schema = &Schema{Description: f.Doc, Type: []string{"string", "null"}}
			fallthrough
		default:
			record.Properties = append(record.Properties, p)
		}
	}
	return &Schema{AnyOf: append([]*Schema{record}, acts...)}
}
