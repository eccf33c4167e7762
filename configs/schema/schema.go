package schema

import (
	"bytes"
	"encoding/json"
)

// Schema is a JSON Schema: the keywords that are used here, in the order in which
// they are written. The zero Schema allows everything.
type Schema struct {
	Dialect     string      `json:"$schema,omitempty"`
	Title       string      `json:"title,omitempty"`
	Description string      `json:"description,omitempty"`
	Default     any         `json:"default,omitempty"`
	Examples    []any       `json:"examples,omitempty"`
	Ref         string      `json:"$ref,omitempty"`
	Type        any         `json:"type,omitempty"` // a name, or a list of names
	Const       any         `json:"const,omitempty"`
	Enum        []any       `json:"enum,omitempty"`
	Pattern     string      `json:"pattern,omitempty"`
	MinLength   int         `json:"minLength,omitempty"`
	Minimum     json.Number `json:"minimum,omitempty"`
	Maximum     json.Number `json:"maximum,omitempty"`

	Items    *Schema `json:"items,omitempty"`
	MinItems int     `json:"minItems,omitempty"`

	Properties        Properties          `json:"properties,omitempty"`
	PatternProperties Properties          `json:"patternProperties,omitempty"`
	Additional        any                 `json:"additionalProperties,omitempty"` // false, or a schema
	PropertyNames     *Schema             `json:"propertyNames,omitempty"`
	Required          []string            `json:"required,omitempty"`
	MinProperties     int                 `json:"minProperties,omitempty"`
	MaxProperties     int                 `json:"maxProperties,omitempty"`
	DependentRequired map[string][]string `json:"dependentRequired,omitempty"`
	DependentSchemas  Properties          `json:"dependentSchemas,omitempty"`

	Not   *Schema   `json:"not,omitempty"`
	AnyOf []*Schema `json:"anyOf,omitempty"`
	OneOf []*Schema `json:"oneOf,omitempty"`

	Definitions Properties `json:"$defs,omitempty"`
}

// Property is one key and its schema.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties keep their order, which editors show.
type Properties []Property

// MarshalJSON writes an object.
func (p Properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, property := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, part := range []any{property.Name, property.Schema} {
			text, err := marshal(part)
			if err != nil {
				return nil, err
			}
			if j > 0 {
				b.WriteByte(':')
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// JSON is the schema as a file: indented, with a final line end.
func (s *Schema) JSON() ([]byte, error) {
	text, err := marshal(s)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// marshal leaves <, > and & as they are: docs are full of them.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
