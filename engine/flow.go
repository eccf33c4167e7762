package engine

import "slices"

// Flow is by whom a node is called, and with that what stays in order there: a
// record that comes by the lanes is in the order unit of its source, one that
// comes by a stage in that of its operator's output.
type Flow struct {
	// Lanes says that lanes call it.
	Lanes bool
	// Stages are the operators with state whose stages call it, in the graph's order.
	Stages []*Node
}

// Flows are those of all nodes. An operator with state is called by its own stage
// alone. Outputs have writers of their own: theirs say by whom records come to
// them. What takes dead letters and reports is in none.
func (g *Graph) Flows() map[*Node]Flow {
	place := make(map[*Node]int, len(g.Nodes))
	for i, n := range g.Nodes {
		place[n] = i
	}
	flows := make(map[*Node]Flow, len(g.Nodes))
	for _, n := range g.Nodes {
		switch {
		case n.Role == RoleSource:
			flows[n] = Flow{Lanes: true}
		case n.State:
			flows[n] = Flow{Stages: []*Node{n}}
		}
		for _, e := range n.edges {
			flows[e.to] = flows[e.to].with(flows[n], place) // of one with state it is set anew
		}
	}
	return flows
}

// with is both flows together.
func (f Flow) with(other Flow, place map[*Node]int) Flow {
	together := Flow{Lanes: f.Lanes || other.Lanes, Stages: f.Stages}
	for _, s := range other.Stages {
		at, found := slices.BinarySearchFunc(together.Stages, place[s], func(n *Node, to int) int { return place[n] - to })
		if !found {
			together.Stages = slices.Insert(slices.Clip(together.Stages), at, s)
		}
	}
	return together
}
