package operators_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators"
	"waterhealer/operators/types"
)

// passed are the records that came through each operator.
type passed struct {
	mu      sync.Mutex
	records map[string][]any
}

type passedOutput struct {
	passed *passed
	name   string
}

func (o *passedOutput) Open(context.Context) error  { return nil }
func (o *passedOutput) Close(context.Context) error { return nil }

func (o *passedOutput) Write(_ context.Context, records []*engine.Record) []error {
	o.passed.mu.Lock()
	defer o.passed.mu.Unlock()
	for _, r := range records {
		o.passed.records[o.name] = append(o.passed.records[o.name], r.List())
	}
	return nil
}

// TestTypesHoldInRuns: whatever records flow, in pipelines of random operators with
// random expressions, are of the types that lint says, and an operator that it says
// fails for every record lets none through.
func TestTypesHoldInRuns(t *testing.T) {
	told, ran := 0, 0
	property := func(rt *rapid.T) {
		shapes := []*shape{drawShape(rt, 3), drawShape(rt, 2)}
		chain, names := drawChain(rt)
		text := "on_error: {then: skip}\nsources:\n"
		feeds := make(map[string]feed)
		var inputs []string
		for i, name := range []string{"in", "more"} {
			schema, err := json.Marshal(shapes[i].schema())
			if err != nil {
				rt.Fatal(err)
			}
			text += fmt.Sprintf("  - {name: %s, memory: {}, schema: %s}\n", name, schema)
			var lines []string
			for range rapid.IntRange(1, 5).Draw(rt, "records") {
				line, err := json.Marshal(shapes[i].draw(rt))
				if err != nil {
					rt.Fatal(err)
				}
				lines = append(lines, string(line))
			}
			inputs = append(inputs, lines...)
			feeds[name] = func(_ context.Context, push func(...*engine.Record)) {
				for _, line := range lines {
					push(&engine.Record{Raw: []byte(line)})
				}
			}
		}
		text += "operators:\n" + chain + "sinks:\n  - {from: [in, more], memory: {}}\n"
		for _, name := range names {
			text += fmt.Sprintf("  - {name: to-%s, from: %s, memory: {}}\n", name, name)
		}
		failing, flows, got := lintedAndRun(t, text, feeds)
		for _, name := range names {
			for _, v := range got[name] {
				ran++
				if of := flows[name]; !of.Has(v) {
					rt.Fatalf("what comes from %s is not of type %s: %s\n%s%s", name, of, shownValue(v), text, strings.Join(inputs, "\n"))
				}
				if message := failing[name]; message != "" && !empty(v) {
					rt.Fatalf("lint says of %s: %s\nbut it gives %s\n%s%s", name, message, shownValue(v), text, strings.Join(inputs, "\n"))
				}
			}
		}
		told += len(failing)
	}
	for range 4 { // one time alone would miss most mistakes
		rapid.Check(t, property)
	}
	if told == 0 || ran == 0 {
		t.Errorf("%d operators were said to fail, %d records came through", told, ran)
	}
}

// TestEveryKindSaysWhatFlowsOn: one that does not would hide the mistakes behind it.
func TestEveryKindSaysWhatFlowsOn(t *testing.T) {
	for _, k := range operators.Kinds() {
		if k.Flow == nil {
			t.Errorf("%s has no Flow", k.Spec.Kind)
		}
	}
}

// TestFlows: what is known behind each sort of node, and which topics are.
func TestFlows(t *testing.T) {
	const source = "sources:\n  - name: in\n    memory: {}\n    schema: {additionalProperties: false, required: [id, n], properties: {id: {type: string}, n: {type: [number]}, list: {type: array, items: {type: boolean}}}, type: object}\n"
	for operator, want := range map[string]string{
		"filter: value.n > 1":                           "{id: string, n: number, list?: [boolean, …]}",
		"map: {a: value.id, b: {c: value.n + 1}}":       "{a: string, b: {c: number}}",
		"map: value.list":                               "[boolean, …] | nil",
		"map: '[value.id, len(value.id)]'":              "[string, integer]",
		"map: value.n > 1":                              "boolean",
		"pluck: id":                                     "string",
		"pluck: [n, list]":                              "[number, [boolean, …]]",
		"partition: 3":                                  "{id: string, n: number, list?: [boolean, …]}",
		"frequencies: {}":                               "{…: integer}",
		"accumulate: {expr: state + value.n, start: 0}": "number",
		"accumulate: {expr: 'concat(state, [value.id])', start: '[]'}":               "[string, …]",
		"accumulate: {expr: '[state + 1, value.id]', start: 0, returns_state: true}": "string",
		"accumulate: {expr: value.id, start: 0, with_state: true}":                   "[string, string]",
		"map: {copy: value}": "{copy: {id: string, n: number, list?: [boolean, …]}}",
	} {
		_, plan, problems := compile(t, source+"operators:\n  - {name: o, "+operator+"}\n")
		if got := plan.Flows()["o"].String(); got != want || broken(problems) {
			t.Errorf("%s sends on %s, want %s; %v", operator, got, want, problems)
		}
	}
	for operators, want := range map[string]string{
		"{name: a, partition: 2}, {name: o, map: value}":                                                              "[{id: string, n: number, list?: [boolean, …]}, …]",
		"{name: a, partition: 2}, {name: o, flatten: {}}":                                                             "{id: string, n: number, list?: [boolean, …]}",
		"{name: a, partition: 2}, {name: o, foreach_map: value.n}":                                                    "number",
		"{name: a, partition: 2}, {name: b, foreach_filter: value.n > 1}, {name: o, map: 'value[0].id'}":              "string",
		"{name: a, sliding_window: 2}, {name: b, partition: 2}, {name: o, foreach_async: {expr: value.id, depth: 2}}": "string",
		"{name: a, map: value.id}, {name: b, from: in, map: value.n}, {name: o, from: [a, b], union: {}}":             "number | string",
		"{name: a, map: value.id}, {name: o, from: [a, in], zip_latest: {}}":                                          "[string, {id: string, n: number, list?: [boolean, …]}]",
		"{name: a, pluck: [id, n]}, {name: o, starmap: {args: [x, y], expr: {x: y, y: x}}}":                           "{x: number, y: string}",
		"{name: a, pluck: [id, n]}, {name: o, flatten: {}}":                                                           "number | string",
	} {
		_, plan, problems := compile(t, source+"operators: ["+operators+"]\n")
		if got := plan.Flows()["o"].String(); got != want || broken(problems) {
			t.Errorf("%s sends on %s, want %s; %v", operators, got, want, problems)
		}
	}
}

// empty is a value that foreach has nothing to do with.
func empty(v any) bool {
	list, is := v.([]any)
	return is && !slices.ContainsFunc(list, func(item any) bool { return !empty(item) })
}

func shownValue(v any) string {
	text, err := value.Append(nil, v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// lintedAndRun runs a pipeline whatever lint says of its types. failing are the
// operators that lint says fail for each record, with what it says.
func lintedAndRun(t *testing.T, text string, feeds map[string]feed) (failing map[string]string, flows map[string]types.Type, got map[string][]any) {
	t.Helper()
	_, plan, problems := compile(t, text)
	failing = make(map[string]string)
	lines := strings.Split(text, "\n")
	for _, d := range problems {
		if d.Severity == configs.Warning {
			continue
		}
		switch d.Code {
		case configs.CodeUnknownField, configs.CodeNeverHolds, configs.CodeJoinStall:
		case configs.CodeWrongKind, configs.CodeAlwaysFails, configs.CodeNotBoolean:
			line := lines[d.Position.Line-1]
			_, name, _ := strings.Cut(line, "name: ")
			name, _, _ = strings.Cut(name, ",")
			if strings.Contains(line, "accumulate") && !strings.Contains(line, "start:") {
				continue // the first record gets through
			}
			failing[name] = d.String()
		default:
			return nil, nil, nil // an expression does not compile
		}
	}
	p := &passed{records: make(map[string][]any)}
	graph, err := plan.Graph(operators.Connectors{
		Sources: func(nodes []*configs.Node, _ map[string]operators.SourceSettings) (sources []engine.Source, err error) {
			for _, n := range nodes {
				sources = append(sources, &memorySource{name: n.Name, feed: feeds[n.Name]})
			}
			return sources, nil
		},
		Output: func(r operators.OutputRequest) (engine.Output, error) {
			return &passedOutput{passed: p, name: strings.TrimPrefix(r.Name, "to-")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	graph.Workers = 1
	rt, err := engine.New(graph, engine.Options{Clock: engine.FrozenClock{}, ListFailures: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return failing, plan.Flows(), p.records
}
