package types_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// drawSchema makes a JSON Schema, also of keywords that are not read and of ones
// that contradict each other.
func drawSchema(t *rapid.T, depth int) any {
	sub := func() any { return drawSchema(t, depth-1) }
	if depth == 0 {
		return rapid.SampledFrom([]any{true, map[string]any{}, map[string]any{"type": "string"}, map[string]any{"type": "integer"},
			map[string]any{"enum": []any{"x", 1, nil}}, map[string]any{"const": map[string]any{"a": 1}}, map[string]any{"$ref": "#/$defs/d"}}).Draw(t, "leaf")
	}
	schema := map[string]any{}
	for range rapid.IntRange(1, 3).Draw(t, "keywords") {
		switch rapid.IntRange(0, 13).Draw(t, "keyword") {
		case 0:
			schema["type"] = rapid.SampledFrom([]any{"object", "array", "string", "number", "integer", "null", "boolean", []any{"object", "null"}, []any{"array", "string"}}).Draw(t, "type")
		case 1, 2:
			schema["properties"] = map[string]any{"a": sub(), "b": sub()}
		case 3:
			schema["required"] = rapid.SampledFrom([]any{[]any{"a"}, []any{"a", "c"}, []any{}}).Draw(t, "required")
		case 4:
			schema["additionalProperties"] = rapid.SampledFrom([]any{false, map[string]any{"type": "string"}}).Draw(t, "rest")
		case 5:
			schema["patternProperties"] = map[string]any{"^c": sub()}
		case 6:
			schema["items"] = rapid.SampledFrom([]any{false, sub()}).Draw(t, "items")
		case 7:
			schema["prefixItems"] = []any{sub(), sub()}
		case 8:
			schema["enum"] = []any{"x", 1.0, map[string]any{"a": 1.5}, []any{"x", 1}}
		case 9:
			schema[rapid.SampledFrom([]string{"anyOf", "oneOf"}).Draw(t, "of")] = []any{sub(), sub()}
		case 10:
			schema["allOf"] = []any{sub(), sub()}
		case 11:
			schema["not"] = sub()
		case 12:
			schema["if"], schema["then"] = sub(), sub()
		case 13:
			schema["minItems"] = 2
		}
	}
	return schema
}

// drawText makes a JSON value.
func drawText(t *rapid.T, depth int) string {
	leaf := func() string {
		return rapid.SampledFrom([]string{`"x"`, `"abc"`, "1", "1.0", "1.5", "-2e3", "true", "null", "{}", "[]", `{"a":1}`, `{"a":1.0}`}).Draw(t, "leaf")
	}
	if depth == 0 {
		return leaf()
	}
	part := func() string { return drawText(t, depth-1) }
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		return leaf()
	case 1:
		items := make([]string, rapid.IntRange(0, 3).Draw(t, "items"))
		for i := range items {
			items[i] = part()
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	var fields []string
	for _, name := range []string{"a", "b", "c"} {
		if rapid.Bool().Draw(t, name) {
			fields = append(fields, fmt.Sprintf("%q:%s", name, part()))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func decoded(t *rapid.T, text string) any {
	v, err := value.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSchemaTakesNothingAway: what another validator of JSON Schema takes is of the
// type that is read from the schema.
func TestSchemaTakesNothingAway(t *testing.T) {
	taken, refused := 0, 0
	property := func(t *rapid.T) {
		schema := map[string]any{"$defs": map[string]any{"d": drawSchema(t, 1)}, "allOf": []any{drawSchema(t, 2)}}
		text, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("s.json", document); err != nil {
			t.Fatal(err)
		}
		validator, err := c.Compile("s.json")
		if err != nil {
			t.Skip() // a reference leads nowhere but to itself
		}
		of, problems := types.FromSchema(decoded(t, string(text)), "by the schema")
		if len(problems) > 0 {
			t.Fatalf("%s: %v", text, problems)
		}
		for range 5 {
			v := drawText(t, 3)
			instance, err := jsonschema.UnmarshalJSON(strings.NewReader(v))
			if err != nil {
				t.Fatal(err)
			}
			if validator.Validate(instance) != nil {
				if !of.Has(decoded(t, v)) {
					refused++
				}
				continue
			}
			taken++
			if !of.Has(decoded(t, v)) {
				t.Fatalf("%s is as %s says, but not of type %s", v, text, of)
			}
		}
	}
	for range 10 {
		rapid.Check(t, property)
	}
	if taken == 0 || refused == 0 {
		t.Errorf("%d values were as the schema says, %d were not and of another type", taken, refused)
	}
}

// TestSampleHoldsForItself: the values of a sample are of the type that it shows,
// and of every union with it; what is of two types is of both.
func TestSampleHoldsForItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var samples [2]types.Sample
		var values [2][]any
		for i := range samples {
			for range rapid.IntRange(1, 5).Draw(t, "records") {
				v := decoded(t, drawText(t, 3))
				samples[i].Add(v)
				values[i] = append(values[i], v)
			}
		}
		a, b := samples[0].Type("in a"), samples[1].Type("in b")
		either, both := types.Union(a, b), types.Both(a, b)
		for _, v := range append(values[0], values[1]...) {
			inA, inB := a.Has(v), b.Has(v)
			if !inA && !inB || !either.Has(v) {
				t.Fatalf("%v is not of type %s", v, either)
			}
			if inA && inB && !both.Has(v) {
				t.Fatalf("%v is of type %s and of type %s, but not of %s", v, a, b, both)
			}
			if exact := types.Exactly(v); !exact.Has(v) {
				t.Fatalf("%v is not of its own type, %s", v, exact)
			}
		}
	})
}

// TestSchemaProblems: what is wrong with a schema, where it is.
func TestSchemaProblems(t *testing.T) {
	for _, c := range []struct{ schema, path, message, hint string }{
		{`{"type": "text"}`, "#/type", `"text" is no type`, "the types are array, boolean, integer, null, number, object, string"},
		{`{"type": ["null", 3]}`, "#/type/1", "3 is no type", "the types are array, boolean, integer, null, number, object, string"},
		{`{"properties": {"a/b": {"type": "x"}}}`, "#/properties/a~1b/type", `"x" is no type`, "the types are array, boolean, integer, null, number, object, string"},
		{`{"properties": []}`, "#/properties", "properties is an object, not a list", ""},
		{`{"required": "a"}`, "#/required", "required is a list of names, not a string", ""},
		{`{"items": 3}`, "#/items", "a schema is an object or a boolean, not an integer", ""},
		{`{"enum": "a"}`, "#/enum", "enum is a list, not a string", ""},
		{`{"$ref": "#/$defs/a"}`, "#/$ref", `the schema has no "#/$defs/a"`, ""},
		{`{"additionalPropertys": false}`, "#/additionalPropertys", `JSON Schema has no keyword "additionalPropertys", so that it says nothing`, `did you mean "additionalProperties"?`},
		{`{"title": "x", "x-owner": 1, "notes": "", "$anchor": "a", "$comment": ""}`, "", "", ""},
		{`{"$ref": "#"}`, "", "", ""},
		{`{"$ref": "other.json"}`, "", "", ""},
		{`3`, "#", "a schema is an object or a boolean, not an integer", ""},
	} {
		schema, err := value.Decode([]byte(c.schema))
		if err != nil {
			t.Fatal(err)
		}
		_, problems := types.FromSchema(schema, "")
		if c.message == "" {
			if len(problems) > 0 {
				t.Errorf("%s: %v", c.schema, problems)
			}
			continue
		}
		if len(problems) != 1 || problems[0].Path != c.path || problems[0].Message != c.message || problems[0].Hint != c.hint {
			t.Errorf("%s: %v", c.schema, problems)
		}
	}
}

// TestSchemaOfOldDrafts: beside a reference, old drafts look at nothing.
func TestSchemaOfOldDrafts(t *testing.T) {
	const schema = `{%s"properties": {"a": {"$ref": "#/definitions/text", "type": "number"}}, "definitions": {"text": {"type": "string"}}}`
	for dialect, want := range map[string]string{
		`"$schema": "http://json-schema.org/draft-07/schema#", `:      "{a?: string, …}",
		`"$schema": "https://json-schema.org/draft/2020-12/schema", `: "{a?: number, …}",
	} {
		v, err := value.Decode(fmt.Appendf(nil, schema, dialect))
		if err != nil {
			t.Fatal(err)
		}
		of, _ := types.FromSchema(v, "")
		if got := types.Both(of, types.Of(types.Object)).String(); got != want {
			t.Errorf("with %sthe type is %s, want %s", dialect, got, want)
		}
	}
}

// FuzzFromSchema: whatever is given for a schema, there is an answer.
func FuzzFromSchema(f *testing.F) {
	for _, text := range []string{
		`{"type": "object", "properties": {"a": {"$ref": "#"}}}`, `{"allOf": [{"$ref": "#"}, {"$ref": "#/allOf"}]}`, `{"items": [{}, {"prefixItems": {}}], "$schema": 1}`,
		strings.Repeat(`{"items":`, 50) + "1" + strings.Repeat("}", 50), `{"anyOf": [{"$ref": "#/anyOf/1"}, {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		schema, err := value.Decode([]byte(text))
		if err != nil {
			return
		}
		of, _ := types.FromSchema(schema, "by the schema")
		_ = of.String()
	})
}
