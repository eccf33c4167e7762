package drawing

import "slices"

// step is a node in the order of the text, and the group under whose head it
// stands: an output stands under the one that writes to it.
type step struct{ node, group int }

// readers are the nodes that read each node, each once.
func (d *Graph) readers() [][]int {
	readers := make([][]int, len(d.Nodes))
	for _, e := range d.Edges {
		if e.Aside == "" && !slices.Contains(readers[e.From], e.To) {
			readers[e.From] = append(readers[e.From], e.To)
		}
	}
	return readers
}

// fromTop are the nodes of the graph, each after all that it reads, as far as can
// be with those of a group together, and else with what follows from a node right
// behind it.
func (d *Graph) fromTop() []step {
	readers := d.readers()
	waits := make([]int, len(d.Nodes))
	group := make([]int, len(d.Nodes))
	for i := range d.Nodes {
		group[i] = d.Nodes[i].Group
		for _, to := range readers[i] {
			waits[to]++
		}
	}
	var ready []int // the last is the next
	for i := len(d.Nodes) - 1; i >= 0; i-- {
		if waits[i] == 0 && d.Nodes[i].Aside == "" {
			ready = append(ready, i)
		}
	}
	var order []step
	current := -1
	for len(ready) > 0 {
		at := len(ready) - 1
		for i := at; i >= 0; i-- {
			if group[ready[i]] == current {
				at = i
				break
			}
		}
		n := ready[at]
		ready = slices.Delete(ready, at, at+1)
		current = group[n]
		order = append(order, step{node: n, group: current})
		for _, to := range slices.Backward(readers[n]) {
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
			if d.Nodes[to].Group < 0 {
				group[to] = current
			}
		}
	}
	return order
}
