package observe

import (
	"waterhealer/engine"
	"waterhealer/observe/drawing"
)

// outline is what does not change of a graph.
type outline struct {
	nodes []Node
	edges []Edge
	// sinks are the healing sinks that have an output: what those acknowledge
	// counts.
	sinks map[string]bool
}

func draw(g *engine.Graph, details map[string]string) outline {
	d := drawing.Of(g, drawing.Options{Details: details})
	o := outline{sinks: make(map[string]bool), nodes: make([]Node, len(d.Nodes)), edges: make([]Edge, len(d.Edges))}
	for i := range d.Nodes {
		n := &d.Nodes[i]
		o.nodes[i] = Node{
			Name: n.Name, Kind: n.Kind, Role: n.Role, Where: n.Where, Detail: n.Detail,
			State: n.State, Heals: n.Heals != nil, Aside: n.Aside, Sink: n.Sink, Inspect: n.Inspect,
		}
		if from := g.Nodes[i]; from.Role == engine.RoleOutput && from.Sink != "" {
			o.sinks[from.Sink] = true
		}
	}
	for i, e := range d.Edges {
		o.edges[i] = Edge{From: d.Nodes[e.From].Name, To: d.Nodes[e.To].Name, Branch: e.Number, Aside: e.Aside}
	}
	return o
}

// totalsOf sums nodes up: what came from sources, what outputs acknowledged or
// healing sinks without one took, and what failed.
func (d *outline) totalsOf(nodes []engine.NodeStats) Totals {
	var t Totals
	for i := range nodes {
		n := &nodes[i]
		t.Dropped += n.Dropped
		t.Failed += n.Failed
		t.Retried += n.Retried
		t.DeadLetters += n.Dead
		t.Skipped += n.Skipped
		switch n.Role {
		case engine.RoleSource:
			t.In += n.In
		case engine.RoleOutput:
			if n.Sink != "" {
				t.Out += n.Out
			}
		case engine.RoleHealing:
			if !d.sinks[n.Name] {
				t.Out += n.Out
			}
		case engine.RoleOperator:
		}
	}
	return t
}
