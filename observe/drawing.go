package observe

import (
	"waterhealer/engine"
)

// drawing is what does not change of a graph.
type drawing struct {
	nodes []Node
	edges []Edge
	// sinks are the healing sinks that have an output: what those acknowledge
	// counts.
	sinks map[string]bool
}

const (
	asideDeadLetter = "dead_letter"
	asideReport     = "report"
)

func draw(g *engine.Graph, details map[string]string) drawing {
	d := drawing{sinks: make(map[string]bool), nodes: make([]Node, len(g.Nodes)), edges: []Edge{}}
	at := make(map[*engine.Node]*Node, len(g.Nodes))
	for i, n := range g.Nodes {
		d.nodes[i] = Node{
			Name: n.Name, Kind: n.Kind, Role: roleOf(n), Where: n.Where, Detail: details[n.Where],
			State: n.State, Heals: n.Role == engine.RoleHealing, Sink: n.Sink, Inspect: n.Inspect,
		}
		if n.Sink == n.Name {
			d.nodes[i].Sink = ""
		}
		if n.Role == engine.RoleOutput && n.Sink != "" {
			d.sinks[n.Sink] = true
		}
		at[n] = &d.nodes[i]
	}
	for _, w := range g.Ways() {
		e := Edge{From: w.From.Name, To: w.To.Name, Branch: w.Branch}
		switch {
		case w.DeadLetters:
			e.Aside = asideDeadLetter
		case w.Reports:
			e.Aside = asideReport
		}
		if e.Aside != "" {
			at[w.To].Aside = e.Aside
		}
		d.edges = append(d.edges, e)
	}
	return d
}

func roleOf(n *engine.Node) string {
	switch {
	case n.Role == engine.RoleSource:
		return RoleSource
	case n.Role == engine.RoleOperator:
		return RoleOperator
	case n.Role == engine.RoleHealing, n.Sink == n.Name:
		return RoleSink
	}
	return RoleOutput
}

// totalsOf sums nodes up: what came from sources, what outputs acknowledged or
// healing sinks without one took, and what failed.
func (d *drawing) totalsOf(nodes []engine.NodeStats) Totals {
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
