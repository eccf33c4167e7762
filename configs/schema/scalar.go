package schema

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"waterhealer/configs"
)

// The names of definitions that many fields share.
const (
	defSubstitution = "substitution"
	defExpression   = "expression"
	defTree         = "tree"
	defDuration     = "duration"
	defSize         = "size"
	defNode         = "node"
)

func reference(name string) *Schema { return &Schema{Ref: "#/$defs/" + name} }

// scalarDefinitions are the types of single values that need words.
func scalarDefinitions() Properties {
	number := `([0-9]+(\.[0-9]*)?|\.[0-9]+)`
	return Properties{
		{defSubstitution, &Schema{
			Description: "`${NAME}`, `${NAME:-default}` or `${file:PATH}`: an environment variable or a file, in place of any single value. `$${` is a literal `${`.",
			Type:        "string", Pattern: `(^|[^$])\$\{`,
		}},
		{defExpression, &Schema{Description: "An expression, such as `value.mag >= 4`.", Type: scalarTypes(), MinLength: 1}},
		{defTree, &Schema{
			Description: "An expression, or a mapping (nested as you like) of expressions, which makes an object.",
			AnyOf:       []*Schema{reference(defExpression), {Type: "object", Additional: reference(defTree)}},
		}},
		{defDuration, &Schema{
			Description: "A duration: a number and ns, us, ms, s, m or h, as 250ms, 1s, 1m30s.",
			AnyOf:       []*Schema{{Type: "string", Pattern: `^\+?(` + number + `(ns|us|µs|μs|ms|s|m|h))+$`}, reference(defSubstitution)},
		}},
		{defSize, &Schema{
			Description: "A size: a number of bytes, or a number and KiB, MiB or GiB.",
			AnyOf:       []*Schema{{Type: "integer", Minimum: "0"}, {Type: "string", Pattern: `^[0-9]+\s*(B|KiB|MiB|GiB)?$`}, reference(defSubstitution)},
		}},
		{defNode, &Schema{Description: "The name of a node, or NODE.BRANCH.", Type: "string", MinLength: 1}},
	}
}

// scalarTypes are the JSON types that an expression may have: `map: {a: 1, b: null}`.
func scalarTypes() []string { return []string{"string", "number", "boolean", "null"} }

// scalar is the schema of one value that is no mapping and no list.
func scalar(f *configs.Field) *Schema {
	switch f.Type {
	case configs.TypeInt:
		return orSubstitution(bounded(f, "integer"))
	case configs.TypeFloat:
		return orSubstitution(bounded(f, "number"))
	case configs.TypeBool:
		return orSubstitution(&Schema{Type: "boolean"})
	case configs.TypeDuration:
		if d, err := time.ParseDuration(f.Min); err == nil && d > 0 {
			return reference(defDuration)
		}
		return &Schema{AnyOf: []*Schema{reference(defDuration), {Enum: []any{0, "0"}}}}
	case configs.TypeSize:
		return reference(defSize)
	case configs.TypeExpression:
		return reference(defExpression)
	case configs.TypeNode:
		return reference(defNode)
	}
	if len(f.Values) > 0 {
		return orSubstitution(&Schema{Enum: enum(f.Values)})
	}
	s := &Schema{Type: "string"}
	if f.Required && !f.Secret {
		s.MinLength = 1
	}
	return s
}

func orSubstitution(s *Schema) *Schema {
	return &Schema{AnyOf: []*Schema{s, reference(defSubstitution)}}
}

func bounded(f *configs.Field, name string) *Schema {
	return &Schema{Type: name, Minimum: json.Number(f.Min), Maximum: json.Number(f.Max)}
}

// enum lists the allowed texts. One that YAML would read as something else, such
// as `1`, is allowed with and without quotes, as lint does.
func enum(values []string) []any {
	var all []any
	for _, text := range values {
		all = append(all, text)
		if v := yamlValue(text); v != text {
			all = append(all, v)
		}
	}
	return all
}

// yamlValue is what YAML reads in a plain text.
func yamlValue(text string) any {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	return v
}

// defaultOf is a field's default as JSON; nil where it has none, or where the
// default is only words.
func defaultOf(f *configs.Field) any {
	if f.Default == "" {
		return nil
	}
	if f.List {
		one := *f
		one.List = false
		all := []any{}
		for part := range strings.SplitSeq(strings.Trim(f.Default, "[]"), ",") {
			one.Default = strings.TrimSpace(part)
			if v := defaultOf(&one); v != nil {
				all = append(all, v)
			}
		}
		return all
	}
	switch f.Type {
	case configs.TypeInt, configs.TypeFloat:
		if _, err := strconv.ParseFloat(f.Default, 64); err != nil {
			return nil
		}
		return json.Number(f.Default)
	case configs.TypeBool:
		return f.Default == "true"
	case configs.TypeData:
		return json.RawMessage(f.Default)
	case configs.TypeObject, configs.TypeMap, configs.TypeOutput:
		return nil
	}
	return f.Default
}
