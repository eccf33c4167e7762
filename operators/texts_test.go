package operators_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"waterhealer/engine"
)

// TestObjectsOfTextsAreLikeOthers holds a mapping of fields, whose objects are
// made of the records' texts, against the same mapping in a form that is
// computed.
func TestObjectsOfTextsAreLikeOthers(t *testing.T) {
	const quick = `operators:
  - map: {a: value.a, "b é": value.b.c, d: 'value["d"]', e: 'value.a == nil ? 8/2 : 1.5', f: value.a == 3, g: 1}
  - filter: value.a != 3
  - map: {x: value.a, y: 'value["b é"]', e: value.e, less: 'value.e < 2', f: value.f, k: type(value.e), all: value, in: {d: value.d, g: {g: value.g}}}
  - map: {x: value.x, y: value.y, e: 'value["e"]', less: value.less, f: value.f, k: value.k, all: value.all, in: value.in.d, a: value.all.a, g: 'value.in.g?.g', none: 'value.in[value.k]'}
`
	const computed = `operators:
  - map: '{"a": value.a, "b é": value.b.c, "d": value["d"], "e": value.a == nil ? 8/2 : 1.5, "f": value.a == 3, "g": 1}'
  - filter: value.a != 3
  - map: '{"x": value.a, "y": value["b é"], "e": value.e, "less": value.e < 2, "f": value.f, "k": type(value.e), "all": value, "in": {"d": value.d, "g": {"g": value.g}}}'
  - map: '{"x": value.x, "y": value.y, "e": value["e"], "less": value.less, "f": value.f, "k": value.k, "all": value.all, "in": value.in.d, "a": value.all.a, "g": value.in.g?.g, "none": value.in[value.k]}'
`
	scalars := []string{`1`, `1.10`, `-0`, `1e400`, `12345678901234567890123`, `"x"`, `"é"`, `"a\nb"`, `"\u00e9"`, `""`, `null`, `true`, `false`, `{"k":1,"k":2}`, `[1, 2]`, `3`}
	rapid.Check(t, func(r *rapid.T) {
		var lines []string
		for range rapid.IntRange(1, 5).Draw(r, "records") {
			field := func(name string) string {
				if rapid.IntRange(0, 9).Draw(r, "missing") == 0 {
					return `"other":1`
				}
				return `"` + name + `" : ` + rapid.SampledFrom(scalars).Draw(r, name)
			}
			line := `{` + field("a") + `,"b":{` + field("c") + `},` + field("d") + `,` + field("a") + `}`
			if rapid.IntRange(0, 9).Draw(r, "odd") == 0 {
				line = rapid.SampledFrom(append(scalars, `{"b":1}`, `{`)).Draw(r, "odd line")
			}
			lines = append(lines, line)
		}
		played := func(pipeline string) *bench {
			b := &bench{}
			b.run(t, pipeline, map[string]feed{"in": func(_ context.Context, push func(...*engine.Record)) {
				for _, line := range lines {
					push(record(line))
				}
			}})
			return b
		}
		want := played(computed)
		for _, pipeline := range []string{quick, quick + "  - buffer: 1000\n"} { // which may hold the objects for long
			got := played(pipeline)
			if !slices.Equal(got.lines, want.lines) || len(got.failures) != len(want.failures) {
				t.Fatalf("of %q:\n%q %q, computed:\n%q %q", lines, got.lines, got.failures, want.lines, want.failures)
			}
		}
	})
}
