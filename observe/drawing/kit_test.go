package drawing

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"waterhealer/engine"
)

// names are of those that are told apart in a drawing, however odd they are.
var names = rapid.OneOf(
	rapid.StringMatching(`[a-z]{1,8}`),
	rapid.StringMatching(`[a-z-]{20,60}`),
	rapid.StringMatching(`[検査注文名前]{1,12}`),
	rapid.SampledFrom([]string{`"<&>'`, "a\x1b[31mb", "a\nb", "]]>", "--x", "end", "#35;", `\N\l"`, "`x`", "\u202eabc", "{|}", ""}),
)

// randomGraph makes an acyclic graph of up to size operators.
func randomGraph(t *rapid.T, size int, name *rapid.Generator[string]) *engine.Graph {
	g := &engine.Graph{
		Name: name.Draw(t, "name"), Workers: rapid.IntRange(1, 4).Draw(t, "workers"),
		Order: rapid.SampledFrom([]engine.Order{engine.OrderPartition, engine.OrderKey, engine.OrderNone}).Draw(t, "order"),
	}
	var readable []*engine.Node
	add := func(n *engine.Node) *engine.Node {
		n.Name = fmt.Sprintf("%d%s", len(g.Nodes), name.Draw(t, "node"))
		n.Kind = rapid.SampledFrom([]string{"map", "kafka", "a_kind_that_is_long"}).Draw(t, "kind")
		n.Where = n.Name
		g.Nodes = append(g.Nodes, n)
		return n
	}
	read := func(n *engine.Node, most int) {
		var from []*engine.Node
		for range rapid.IntRange(1, most).Draw(t, "inputs") {
			// Mostly those just before: pipelines are long rather than wide.
			far := rapid.IntRange(1, min(len(readable), 4)).Draw(t, "input")
			if rapid.IntRange(0, 9).Draw(t, "far") == 0 {
				far = rapid.IntRange(1, len(readable)).Draw(t, "input")
			}
			other := readable[len(readable)-far]
			if !slices.Contains(from, other) {
				g.Connect(other, n, len(from))
				from = append(from, other)
			}
		}
	}
	for range rapid.IntRange(1, 3).Draw(t, "sources") {
		readable = append(readable, add(&engine.Node{Role: engine.RoleSource}))
	}
	for range rapid.IntRange(0, size).Draw(t, "operators") {
		state := rapid.IntRange(0, 3).Draw(t, "state") == 0
		n := add(&engine.Node{Role: engine.RoleOperator, State: state, Keyed: state && rapid.Bool().Draw(t, "keyed")})
		read(n, 4)
		readable = append(readable, n)
	}
	for range rapid.IntRange(1, 3).Draw(t, "sinks") {
		sink := add(&engine.Node{Role: engine.RoleHealing})
		read(sink, 3)
		for range rapid.IntRange(0, 3).Draw(t, "outputs") {
			output := add(&engine.Node{Role: engine.RoleOutput, Sink: sink.Name})
			g.Connect(sink, output, 0)
		}
		if rapid.Bool().Draw(t, "report") {
			sink.Report = add(&engine.Node{Role: engine.RoleOutput})
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "letters") {
		others := slices.Clone(g.Nodes)
		dead := add(&engine.Node{Role: engine.RoleOutput})
		share := rapid.IntRange(1, 5).Draw(t, "share")
		for i, n := range others {
			if i%share == 0 && n.Policy.DeadLetter == nil {
				n.Policy = engine.Policy{Then: engine.ThenDeadLetter, DeadLetter: dead}
			}
		}
	}
	return g
}

// details are some words for each node.
func details(g *engine.Graph) Options {
	o := Options{Details: make(map[string]string)}
	for i, n := range g.Nodes {
		if i%3 > 0 {
			o.Details[n.Where] = "value.a > 1 && value.b in [\"x\", \"y\"]"[:5*(i%3)*(i%5)%38]
		}
	}
	return o
}

func checkGraphs(t *testing.T, check func(t *rapid.T, d *Graph)) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		g := randomGraph(rt, 14, names)
		check(rt, Of(g, details(g)))
	})
}
