package operators_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/operators"
)

// TestEveryExampleCompiles: what a spec shows as an example is right.
func TestEveryExampleCompiles(t *testing.T) {
	for _, s := range operators.Specs() {
		example := strings.ReplaceAll(strings.TrimRight(s.Example, "\n"), "\n", "\n    ")
		pipeline := "operators:\n  - " + example + "\n"
		if strings.Contains(example, "from: ") {
			pipeline += "sources: [{name: a, memory: {}}, {name: b, memory: {}}]\nsinks: [{name: out, memory: {}}, {name: rest, from: [a, b], memory: {}}]\n"
		}
		if s.Kind == "switch" {
			pipeline += "sinks: [{name: small, from: size.small, memory: {}}, {name: big, from: size.big, memory: {}}]\n"
		}
		if s.Section == configs.SectionSink {
			pipeline = strings.ReplaceAll("sinks:\n  - "+example+"\n", "kafka:", "memory:")
		}
		_, _, problems := compile(t, pipeline)
		problems = slices.DeleteFunc(problems, func(d configs.Diagnostic) bool {
			return d.Code == configs.CodeForgets || d.Code == configs.CodeUnreadNode
		})
		if len(problems) > 0 {
			t.Errorf("%s: %v", s.Kind, problems)
		}
	}
}

// TestProblems: each mistake has its code and stands where it was made.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ pipeline, want string }{
		{"operators:\n  - map: value +\n", "p.yaml:2:16: error[expression]"},
		{"operators:\n  - sample: {every: 2, ratio: 0.5}\n", "p.yaml:2:31: error[conflicting-field]: sample takes every or ratio"},
		{"operators:\n  - sample: {}\n", "p.yaml:2:5: error[missing-field]: sample needs every or ratio"},
		{"operators:\n  - rate_limit: {burst: 2}\n", "p.yaml:2:5: error[missing-field]: rate_limit needs interval or per_second"},
		{"operators:\n  - starmap: {args: [a, a-b, a, index], expr: a}\n", "p.yaml:2:25: error[wrong-value]: \"a-b\" is no name"},
		{"operators:\n  - zip: {}\n", "p.yaml:2:5: error[missing-field]: zip needs several inputs, not 1"},
		{"operators:\n  - {name: m, map: value}\n  - {from: [in, m], zip: {literals: {3: 1}}}\n", "p.yaml:3:38: error[wrong-value]: \"3\" is no place in the tuple"},
		{"operators:\n  - {name: m, map: value}\n  - {name: o, map: value}\n  - {from: [in, m], combine_latest: {emit_on: o}}\n", "p.yaml:4:47: error[wrong-value]: combine_latest-1 does not read from o"},
		{"operators:\n  - {name: s, switch: {cases: [{when: '1', name: x}]}}\nsinks: [{from: s.x, memory: {}}]\n", "p.yaml:2:40: error[not-boolean]: switch needs"},
		{"operators:\n  - unique: {}\n", "p.yaml:2:5: warning[forgets]: unique starts empty after a restart"},
		{"operators:\n  - map: {a: value, b: {c: nope}}\n", "p.yaml:2:28: error[expression]: unknown name nope"},
		{"operators:\n  - map: |\n      value.a\n        + valeu\n", "p.yaml:4:11: error[expression]: unknown name valeu"},
		{"operators:\n  - filter: '[1]'\n", "p.yaml:2:14: error[not-boolean]"},
		{"operators:\n  - remove: 1 + 1\n", "p.yaml:2:13: error[not-boolean]: remove needs"},
		{"operators:\n  - pluck: 1.5\n", "p.yaml:2:12: error[wrong-value]: pluck takes a name, a whole number or a list of them"},
		{"operators:\n  - pluck: [a, {b: 1}]\n", "p.yaml:2:12: error[wrong-value]"},
		{"operators:\n  - map: index\n", "p.yaml:2:10: error[expression]: "},
		{"operators:\n  - foreach_map: index + nope\n", "p.yaml:2:26: error[expression]: unknown name nope"},
		{"operators:\n  - foreach_async: {expr: nope, workers: 2}\n", "p.yaml:2:27: error[expression]: unknown name nope"},
		{"operators:\n  - partition: {size: 2, key: nope}\n", "p.yaml:2:31: error[expression]: unknown name nope"},
		{"order: key\nkey: nope\n", "p.yaml:2:6: error[expression]: unknown name nope"},
		{"sources: [{generate: nope}]\n", "p.yaml:1:22: error[expression]: unknown name nope"},
		{"sinks:\n  - memory: {key: nope}\n", "p.yaml:2:19: error[expression]: unknown name nope"},
		{"sinks:\n  - memory: {topic: {expr: nope}}\n", "p.yaml:2:28: error[expression]: unknown name nope"},
		{"sinks:\n  - memory: {headers: {h: nope}}\n", "p.yaml:2:27: error[expression]: unknown name nope"},
		{"sinks:\n  - healing: {to: {memory: {key: nope}}}\n", "p.yaml:2:34: error[expression]: unknown name nope"},
		{"sinks:\n  - healing: {report: {memory: {key: nope}}}\n", "p.yaml:2:38: error[expression]: unknown name nope"},
		{"on_error: {then: dead_letter, dead_letter: {memory: {key: nope}}}\n", "p.yaml:1:59: error[expression]: unknown name nope"},
		{"tests: [{input: []}]\n", "p.yaml:1:9: warning[no-effect]: the test checks nothing"},
		{"on_error: {then: dead_letter, dead_letter: {memory: {}, max: 2, window: 2}}\n", "p.yaml:1:57: warning[no-effect]: this never halts"},
	} {
		_, _, problems := compile(t, c.pipeline)
		if len(problems) == 0 || !strings.HasPrefix(problems[0].String(), c.want) {
			t.Errorf("%q: got %v, want %s", c.pipeline, problems, c.want)
		}
	}
}

// requests collects what a plan asks of its connectors.
func requests(t *testing.T, pipeline string) (*engine.Graph, map[string]operators.SourceSettings, []operators.OutputRequest) {
	t.Helper()
	_, plan, problems := compile(t, pipeline)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	var settings map[string]operators.SourceSettings
	var outputs []operators.OutputRequest
	graph, err := plan.Graph(operators.Connectors{
		Sources: func(_ []*configs.Node, s map[string]operators.SourceSettings) ([]engine.Source, error) {
			settings = s
			return nil, nil
		},
		Output: func(r operators.OutputRequest) (engine.Output, error) {
			outputs = append(outputs, r)
			return &memoryOutput{}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return graph, settings, outputs
}

// TestSinksThatShareASource: the shortest interval counts; ignore and
// asynchronous only if all say so.
func TestSinksThatShareASource(t *testing.T) {
	const sources = "sources: [{name: a, memory: {}}, {name: b, memory: {}}]\n"
	sink := func(name, from, more string) string {
		return fmt.Sprintf("  - name: %s\n    from: %s\n    healing: {%s}\n", name, from, more)
	}
	for _, c := range []struct {
		name, sinks string
		interval    time.Duration
		ignore      bool
		atOnce      map[string]bool
	}{
		{"one", sink("x", "[a, b]", "interval: 3s, ignore: true, asynchronous: true"), 3 * time.Second, true, map[string]bool{"x": true}},
		{"defaults", sink("x", "[a, b]", ""), time.Second, false, map[string]bool{"x": false}},
		{
			"two that agree", sink("x", "[a, b]", "interval: 3s, ignore: true, asynchronous: true") + sink("y", "[a]", "interval: 2s, ignore: true, asynchronous: true"),
			2 * time.Second, true, map[string]bool{"x": true, "y": true},
		},
		{
			"two that differ", sink("x", "[a, b]", "interval: 3s, ignore: true, asynchronous: true") + sink("y", "[a]", "interval: 500ms"),
			500 * time.Millisecond, false, map[string]bool{"x": false, "y": false},
		},
		{
			"another source", sink("x", "[a]", "interval: 3s, ignore: true, asynchronous: true") + sink("y", "[b]", ""),
			3 * time.Second, true, map[string]bool{"x": true, "y": false},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			graph, settings, _ := requests(t, sources+"sinks:\n"+c.sinks)
			if got := settings["a"]; got.CommitInterval != c.interval || got.IgnoreCommitErrors != c.ignore {
				t.Errorf("source a has %+v, want %s, %t", got, c.interval, c.ignore)
			}
			for _, n := range graph.Nodes {
				if want, known := c.atOnce[n.Name]; known && n.ReportAtOnce != want {
					t.Errorf("sink %s reports at once: %t, want %t", n.Name, n.ReportAtOnce, want)
				}
			}
		})
	}
}

// TestOutputsAreNamed: as the file names them, or by the sink and their kind,
// numbered where there are several; dead letters and reports belong to no sink.
func TestOutputsAreNamed(t *testing.T) {
	_, _, outputs := requests(t, `sources: [{name: in, memory: {}, decode: text}]
operators:
  - map: value
    on_error: {then: dead_letter, dead_letter: {memory: {encode: bytes}}}
sinks:
  - name: one
    healing: {to: {memory: {}}, report: {memory: {}}}
  - name: two
    healing: {to: [{memory: {}}, {memory: {encode: csv}}]}
  - name: three
    healing: {to: [{memory: {}}, {name: far, memory: {}}], report: {name: told, memory: {}}}
    on_error: {dead_letter: {name: dead, memory: {}}}
  - memory: {}
on_error: {then: dead_letter, dead_letter: {memory: {}}}
`)
	var got []string
	for _, r := range outputs {
		got = append(got, fmt.Sprintf("%s of %q in %s, %t, %t", r.Name, r.Sink, r.Codec, r.DeadLetter, r.Report))
	}
	want := []string{
		`one/memory of "one" in text, false, false`,
		`one/report of "" in json, false, true`,
		`two/memory-1 of "two" in text, false, false`,
		`two/memory-2 of "two" in csv, false, false`,
		`three/memory-1 of "three" in text, false, false`,
		`far of "three" in text, false, false`,
		`told of "" in json, false, true`,
		`memory-1 of "memory-1" in text, false, false`,
		`dead_letter of "" in text, true, false`,
		`dead_letter-2 of "" in bytes, true, false`,
		`dead of "" in text, true, false`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestPolicies: a node's on_error overrides what it says itself.
func TestPolicies(t *testing.T) {
	graph, _, _ := requests(t, `operators:
  - map: value
  - name: own
    map: value
    on_error: {retry: {attempts: 2}}
sinks:
  - name: out
    healing: {to: {memory: {}}}
    on_error: {then: skip, retry: {max_elapsed: 1m}}
on_error: {retry: {attempts: 7, backoff: 1s, max_backoff: 2s}, then: dead_letter, dead_letter: {memory: {}}}
`)
	for _, n := range graph.Nodes {
		p := n.Policy
		got := fmt.Sprintf("%d %s %s %s %s", p.Attempts, p.Backoff, p.MaxBackoff, p.MaxElapsed, p.Then)
		want := "7 1s 2s 0s dead_letter"
		switch n.Name {
		case "own":
			want = "2 1s 2s 0s dead_letter"
		case "out", "out/memory":
			want = "7 1s 2s 1m0s skip"
		case "dead_letter":
			continue
		}
		if got != want {
			t.Errorf("%s has %s, want %s", n.Name, got, want)
		}
	}
}

// TestStopRule: max and window of a dead letter's output come to its node.
func TestStopRule(t *testing.T) {
	graph, _, _ := requests(t, "on_error: {then: dead_letter, dead_letter: {memory: {}, max: 3, window: 200}}\nsinks: [{memory: {}}]\n")
	for _, n := range graph.Nodes {
		if want := (engine.StopRule{Max: 3, Window: 200}); n.Name == "dead_letter" && n.StopRule != want {
			t.Errorf("the rule is %+v, want %+v", n.StopRule, want)
		}
	}
	if last := graph.Nodes[len(graph.Nodes)-1]; last.Name != "dead_letter" {
		t.Errorf("the last node is %s", last.Name)
	}
}
