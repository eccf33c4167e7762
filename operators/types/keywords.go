package types

import (
	"fmt"
	"slices"

	"waterhealer/engine/value"
)

// keywords are those of JSON Schema, old drafts and OpenAPI, that say something of
// values.
//
//nolint:gochecknoglobals // a constant table
var keywords = []string{
	"additionalItems", "additionalProperties", "allOf", "anyOf", "const", "contains", "contentEncoding", "contentMediaType",
	"default", "definitions", "dependencies", "dependentRequired", "dependentSchemas", "deprecated", "description", "discriminator",
	"else", "enum", "example", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "id", "if", "items", "maxContains",
	"maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength", "minProperties", "minimum",
	"multipleOf", "not", "nullable", "oneOf", "pattern", "patternProperties", "prefixItems", "properties", "propertyNames",
	"readOnly", "required", "then", "title", "type", "unevaluatedItems", "unevaluatedProperties", "uniqueItems", "writeOnly",
}

// keywords notes keys that are almost a keyword: they would say nothing. Any
// other is left alone, since a schema may have keys of its own.
func (r *schemaReader) keywords(o *value.Object, path string) {
	const short, long, longest = 4, 8, 40 // names up to short are too near to anything
	for name := range o.All() {
		if len(name) <= short || len(name) > longest || slices.Contains(keywords, name) {
			continue
		}
		near := Nearest(name, keywords)
		if near == "" || len(name) < long && edits([]rune(name), []rune(near)) > 1 {
			continue
		}
		r.note(SchemaProblem{Path: path + "/" + escape(name), Key: true, Warning: true,
			Message: fmt.Sprintf("JSON Schema has no keyword %q, so that it says nothing", name), Hint: fmt.Sprintf("did you mean %q?", near)})
	}
}
