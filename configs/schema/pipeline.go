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
	root.Properties = slices.Concat(root.Properties[:1], Properties{
		{"sources", &Schema{Description: "Where records come from.", Type: "array", MinItems: 1, Items: reference(defSource)}},
		{"operators", &Schema{Description: "What is done with records. Each takes the one above it, unless it says `from:`.",
			Type: []string{"array", "null"}, Items: reference(defOperator)}},
		{"sinks", &Schema{Description: "Where records go: `healing`, or an output on its own.", Type: "array", MinItems: 1, Items: reference(defSink)}},
		w.property(&configs.Field{Name: "on_error", Type: configs.TypeObject, Fields: configs.ErrorFields(),
			Doc: "What happens to records that fail. An operator or a sink may carry its own."}),
	}, root.Properties[1:], Properties{{"tests", w.tests()}})
	root.DependentSchemas = Properties{{"key", &Schema{
		Required:   []string{"order"},
		Properties: Properties{{"order", orSubstitution(&Schema{Const: "key"})}},
	}}}
	root.Definitions = append(w.nodeDefinitions(), scalarDefinitions()...)
	return root
}

// tests is the schema of `tests:`.
func (w *writer) tests() *Schema {
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
	return &Schema{Description: "Tests of the pipeline, which `waterhealer test` runs.", Type: []string{"array", "null"}, Items: one}
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
