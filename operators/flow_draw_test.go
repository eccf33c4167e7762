package operators_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// shape is a JSON Schema and what fits it.
type shape struct {
	kind     string // a type of JSON Schema, "" for one of several
	names    []string
	fields   []*shape
	optional []bool
	closed   bool
	items    *shape
	texts    []string
	several  []*shape
}

func drawShape(t *rapid.T, depth int) *shape {
	kinds := []string{"string", "number", "integer", "boolean", "null", "enum"}
	if depth > 0 {
		kinds = append(kinds, "object", "object", "object", "array", "array", "")
	}
	s := &shape{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	switch s.kind {
	case "enum":
		s.texts = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "10"}), 1, 2, rapid.ID).Draw(t, "texts")
	case "object":
		s.closed = rapid.Bool().Draw(t, "closed")
		for _, name := range []string{"a", "b", "id"} {
			if rapid.Bool().Draw(t, name) {
				s.names, s.fields = append(s.names, name), append(s.fields, drawShape(t, depth-1))
				s.optional = append(s.optional, rapid.Bool().Draw(t, "optional"))
			}
		}
	case "array":
		s.items = drawShape(t, depth-1)
	case "":
		s.several = []*shape{drawShape(t, depth-1), drawShape(t, depth-1)}
	}
	return s
}

// schema is the shape as a JSON Schema.
func (s *shape) schema() map[string]any {
	schema := map[string]any{}
	switch s.kind {
	case "":
		schema["anyOf"] = []any{s.several[0].schema(), s.several[1].schema()}
		return schema
	case "enum":
		schema["enum"] = s.texts
		return schema
	case "object":
		properties, required := map[string]any{}, []string{}
		for i, name := range s.names {
			properties[name] = s.fields[i].schema()
			if !s.optional[i] {
				required = append(required, name)
			}
		}
		schema["properties"], schema["required"] = properties, required
		if s.closed {
			schema["additionalProperties"] = false
		}
	case "array":
		schema["items"] = s.items.schema()
	}
	schema["type"] = s.kind
	return schema
}

// draw makes a value that fits.
func (s *shape) draw(t *rapid.T) any {
	switch s.kind {
	case "string":
		return rapid.SampledFrom([]string{"", "x", "10", "abc"}).Draw(t, "string")
	case "enum":
		return rapid.SampledFrom(s.texts).Draw(t, "text")
	case "number":
		return rapid.SampledFrom([]any{1, 0.5, -2, 1e3}).Draw(t, "number")
	case "integer":
		return rapid.IntRange(-2, 3).Draw(t, "integer")
	case "boolean":
		return rapid.Bool().Draw(t, "boolean")
	case "object":
		o := map[string]any{}
		for i, name := range s.names {
			if !s.optional[i] || rapid.Bool().Draw(t, "there") {
				o[name] = s.fields[i].draw(t)
			}
		}
		if !s.closed && rapid.Bool().Draw(t, "more") {
			o["c"] = 7
		}
		return o
	case "array":
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = s.items.draw(t)
		}
		return list
	case "":
		return rapid.SampledFrom(s.several).Draw(t, "one").draw(t)
	}
	return nil
}

// drawFormula makes an expression over value and further names.
func drawFormula(t *rapid.T, depth int, names ...string) string {
	leaf := func() string {
		return rapid.SampledFrom(append([]string{"value", "value", "value.a", "value.b", "value.id", "value.c", "value?.a", "value[0]", "value.a.b",
			"value.a[0]", "1", `"x"`, "nil", "offset", "topic", "key"}, names...)).Draw(t, "leaf")
	}
	if depth == 0 {
		return leaf()
	}
	part := func() string { return drawFormula(t, depth-1, names...) }
	form := rapid.SampledFrom([]string{
		"%s + %s", "%s == %s", "%s > %s", "%s ?? %s", "merge(%s, {\"a\": %s})", "{\"a\": %s, \"b\": %s}", "[%s, %s]", "%s and %s", "concat(%s, [%s])",
		"len(%s)", "map(%s, .a)", "filter(%s, .a == 1)", "sum(%s)", "string(%s)", "type(%s) == \"string\"", "not %s", "[%s]", "first(%s)", "(%s)?.b", "%s != nil", "(%s).a", "(%s)[0]",
	}).Draw(t, "form")
	if strings.Count(form, "%s") == 2 {
		return "(" + fmt.Sprintf(form, part(), part()) + ")"
	}
	return "(" + fmt.Sprintf(form, part()) + ")"
}

// drawChain makes operators, each reading from the one before or from two.
func drawChain(t *rapid.T) (text string, names []string) {
	var b strings.Builder
	quoted := func(names ...string) string {
		return "'" + drawFormula(t, rapid.IntRange(0, 2).Draw(t, "depth"), names...) + "'"
	}
	names = []string{"in", "more"}
	for i := range rapid.IntRange(1, 4).Draw(t, "operators") {
		name, from := fmt.Sprintf("n%d", i), names[len(names)-1]
		if i == 0 {
			from = "in"
		}
		kind := rapid.SampledFrom([]string{
			"map: " + quoted(), "map: {a: " + quoted() + ", id: " + quoted() + "}", "map: {a: {b: " + quoted() + "}}", "map_async: " + quoted(),
			"filter: " + quoted(), "remove: " + quoted(), "flatten: {}", "partition: 2", "partition: {size: 2, key: " + quoted() + "}", "partition_time: 1s",
			"partition_unique: {size: 2, key: " + quoted() + "}", "sliding_window: 2", "timed_window: 1s", "timed_window_unique: {interval: 1s, key: " + quoted() + "}",
			"foreach_map: " + quoted("index"), "foreach_map: {a: " + quoted() + "}", "foreach_async: {expr: " + quoted() + ", depth: 2}", "foreach_filter: " + quoted("index"),
			"pluck: a", "pluck: 0", "pluck: [a, b]", "pluck: [0, -1]", "starmap: {args: [x, y], expr: " + quoted("x", "y", "x.a") + "}",
			"accumulate: " + quoted("state", "state.a"), "accumulate: {expr: " + quoted("state") + ", start: 0}", "accumulate: {expr: " + quoted("state") + ", start: '{\"a\": 1}', with_state: true}",
			"accumulate: {expr: '[" + strings.Trim(quoted("state"), "'") + ", value]', start: " + quoted() + ", returns_state: true}",
			"accumulate: {expr: " + quoted("state") + ", with_state: true}", "accumulate: {expr: " + quoted("state") + ", returns_state: true}",
			"unique: " + quoted(), "slice: {start: 1}", "frequencies: {}", "buffer: 3", "latest: {}", "sample: 2", "delay: 1s", "rate_limit: 1s", "union: {}", "collect: {flush_on: more}",
		}).Draw(t, "kind")
		if rapid.IntRange(0, 5).Draw(t, "two") == 0 {
			from = "[" + from + ", more]"
			kind = rapid.SampledFrom([]string{"union: {}", "zip: {}", "zip: {literals: {1: " + quoted() + "}}", "zip_latest: {}", "combine_latest: {}", "map: " + quoted(), "flatten: {}"}).Draw(t, "join")
		}
		fmt.Fprintf(&b, "  - {name: %s, from: %s, %s}\n", name, from, kind)
		names = append(names, name)
	}
	return b.String(), names[2:]
}
