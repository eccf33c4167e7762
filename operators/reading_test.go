package operators_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators"
)

// TestFieldsThatAreLookedAt says what decoding is told of the values of a source.
func TestFieldsThatAreLookedAt(t *testing.T) {
	for pipeline, want := range map[string]string{
		"operators: [{filter: value.a > 1}]\n":                                                           "a",
		"operators: [{filter: value.a > 1 and value.b.c == \"x\"}, {map: {d: value.d, e: key}}]\n":       "a b.c d",
		"operators: [{filter: 'value[\"a\"] > 1'}, {remove: 'value?.b == 2'}, {map: value.c}]\n":         "a b c",
		"operators: [{map: {a: value.a}}, {map: {b: value.a}}]\n":                                        "a",
		"operators: [{map: {a: {b: value.a, c: value.c}}}]\n":                                            "a c",
		"operators: [{map: 'sum(map(value.items, .n))'}]\n":                                              "items",
		"operators: [{map: 'let a = value.a; a.b + 1'}]\n":                                               "a",
		"operators: [{map: 'value.a[0].b'}]\n":                                                           "a",
		"operators: [{map: 'merge(value, {\"a\": value.b})'}]\n":                                         "",
		"operators: [{filter: '\"a\" in value'}]\n":                                                      "",
		"operators: [{filter: value.a > 1}, {partition: 2}]\n":                                           "",
		"operators: [{filter: value.a > 1}]\nsinks: [{healing: {to: {memory: {key: value.b}}}}]\n":       "a b",
		"operators: [{filter: value.a > 1}]\nsinks: [{healing: {to: {memory: {key: string(value)}}}}]\n": "",
		"operators: [{filter: value.a > 1}]\nsinks: [{stdout: {}}]\n":                                    "",
		"operators: [{filter: value.a > 1}]\nsinks: [{healing: {report: {memory: {}}}}]\n":               "",
		"operators: [{filter: value.a > 1}]\norder: key\nkey: value.k\n":                                 "a k",
	} {
		parsed, plan, problems := compile(t, pipeline)
		if problems.HasErrors() {
			t.Fatalf("%s: %v", pipeline, problems)
		}
		var looked []string
		for _, path := range plan.Looked(parsed.Sources[0]) {
			looked = append(looked, strings.Join(path, "."))
		}
		slices.Sort(looked)
		if got := strings.Join(looked, " "); got != want {
			t.Errorf("%s: decoding is told of %q, want %q", pipeline, got, want)
		}
	}
}

// TestValuesThatAreKeptOwnTheirMemory changes the payload after it was decoded:
// only values that do not outlive their record may see that.
func TestValuesThatAreKeptOwnTheirMemory(t *testing.T) {
	for pipeline, shared := range map[string]bool{
		"operators: [{filter: value.a > 1}, {map: value.b}]\n":                                true,
		"operators: [{map: value.b}, {partition: 2}]\n":                                       false,
		"operators: [{filter: value.a > 1}, {unique: value.b}]\n":                             false,
		"operators: [{map: value.b}, {flatten: {}}, {accumulate: {expr: state, start: 0}}]\n": false,
	} {
		decode := decoding(t, pipeline)
		r := &engine.Record{Raw: []byte(`{"a":1,"b":"before"}`)}
		if err := decode(r); err != nil {
			t.Fatal(err)
		}
		b, _ := r.Value.(*value.Object).Get("b")
		copy(r.Raw[12:], "after!")
		if got := fmt.Sprint(b) == "after!"; got != shared {
			t.Errorf("%s: the value is %v; may it share memory: %v", pipeline, b, shared)
		}
	}
}

// decoding is how a pipeline decodes the records of its first source.
func decoding(t *testing.T, pipeline string) func(*engine.Record) error {
	t.Helper()
	_, plan, problems := compile(t, pipeline)
	if problems.HasErrors() {
		t.Fatalf("%s: %v", pipeline, problems)
	}
	graph, err := plan.Graph(operators.Connectors{
		Sources: func([]*configs.Node, map[string]operators.SourceSettings) ([]engine.Source, error) { return nil, nil },
		Output:  func(r operators.OutputRequest) (engine.Output, error) { return &memoryOutput{request: r}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return graph.Nodes[0].Decode
}
