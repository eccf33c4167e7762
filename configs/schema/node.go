package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"waterhealer/configs"
)

// writer makes schemas of the kinds that there are.
type writer struct {
	specs []configs.Spec
}

// The definitions of nodes.
const (
	defSource     = "source"
	defOperator   = "operator"
	defSink       = "sink"
	defOutput     = "output"
	defDeadLetter = "dead_letter"
)

// nodeDefinitions are the nodes of each section, and what stands behind each
// kind, as `operator.map`.
func (w *writer) nodeDefinitions() Properties {
	deadLetter := w.node(configs.SectionOutput, configs.SectionOutput, w.limits())
	deadLetter.DependentRequired = map[string][]string{"max": {"window"}, "window": {"max"}}
	definitions := Properties{
		{defSource, w.node(configs.SectionSource, configs.SectionSource, nil)},
		{defOperator, w.node(configs.SectionOperator, configs.SectionOperator, nil)},
		{defSink, w.node(configs.SectionSink, configs.SectionOutput, nil)},
		{defOutput, w.node(configs.SectionOutput, configs.SectionOutput, nil)},
		{defDeadLetter, deadLetter},
	}
	for i := range w.specs {
		s := &w.specs[i]
		definitions = append(definitions, Property{kindName(s), w.kind(s)})
	}
	return definitions
}

func kindName(s *configs.Spec) string { return string(s.Section) + "." + s.Kind }

// limits are the keys that a dead letter output has beside its kind.
func (w *writer) limits() []configs.Field {
	for _, f := range configs.ErrorFields() {
		if f.Type == configs.TypeOutput {
			return f.Fields
		}
	}
	return nil
}

// node is a node of a section, in which kinds of another may stand, too: an
// output is a sink.
func (w *writer) node(section, other configs.Section, extra []configs.Field) *Schema {
	s := w.object(append(configs.CommonFields(section), extra...))
	for i := range s.Properties {
		w.refine(section, &s.Properties[i])
	}
	seen := make(map[string]bool)
	for _, from := range []configs.Section{section, other} {
		for i := range w.specs {
			spec := &w.specs[i]
			if spec.Section != from {
				continue
			}
			for _, name := range append([]string{spec.Kind}, spec.Aliases...) {
				if seen[name] {
					continue
				}
				seen[name] = true
				s.Properties = append(s.Properties, Property{name, &Schema{
					Description: about(spec, name), Examples: example(spec, name), AnyOf: []*Schema{reference(kindName(spec))},
				}})
				s.OneOf = append(s.OneOf, &Schema{Required: []string{name}})
			}
		}
	}
	return s
}

// refine says about common fields what the parser knows beyond their type.
func (w *writer) refine(section configs.Section, p *Property) {
	switch p.Name {
	case "name":
		p.Schema.MinLength = 1
		if section != configs.SectionSource {
			return
		}
		var words []any
		for _, f := range configs.StepFields() {
			words = append(words, f.Name)
		}
		p.Schema.Not = &Schema{Enum: words}
	case "from":
		for _, form := range p.Schema.AnyOf {
			if form.Type == "array" {
				form.MinItems = 1
			}
		}
	}
}

// output is a nested output; dead letters have keys of their own beside it.
func (w *writer) output(f *configs.Field) *Schema {
	if len(f.Fields) > 0 {
		return reference(defDeadLetter)
	}
	return reference(defOutput)
}

// example is what stands behind the kind in the spec's example, as JSON whose
// keys keep their order; nil where there is none.
func example(spec *configs.Spec, name string) []any {
	var document yaml.Node
	if name != spec.Kind || yaml.Unmarshal([]byte(spec.Example), &document) != nil || len(document.Content) == 0 {
		return nil
	}
	pairs := document.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].Value != spec.Kind || pairs[i+1].Tag == "!!null" {
			continue
		}
		if text, err := valueJSON(pairs[i+1]); err == nil {
			return []any{text}
		}
	}
	return nil
}

func valueJSON(n *yaml.Node) (json.RawMessage, error) {
	var b bytes.Buffer
	switch n.Kind {
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, child := range n.Content {
			text, err := valueJSON(child)
			if err != nil {
				return nil, err
			}
			b.WriteString(strings.Repeat(",", min(i, 1)))
			b.Write(text)
		}
		b.WriteByte(']')
		return b.Bytes(), nil
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, err := marshal(n.Content[i].Value)
			if err != nil {
				return nil, err
			}
			text, err := valueJSON(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			b.WriteString(strings.Repeat(",", min(i, 1)))
			b.Write(append(append(key, ':'), text...))
		}
		b.WriteByte('}')
		return b.Bytes(), nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode an example: %w", err)
	}
	return marshal(v)
}
