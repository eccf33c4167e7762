package drawing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// namedMost is how many nodes are named in words; of more the number is told.
const namedMost = 4

// letters are an output that takes dead letters.
type letters struct {
	output int
	of     []int  // whose
	words  string // "of all", "of all but NAME, …"; "" where edges show it better
}

// fails says whether something can go wrong at a node itself.
func (d *Graph) fails(at int) bool {
	n := &d.Nodes[at]
	if n.Aside != "" {
		return false
	}
	if n.Heals == nil {
		return true
	}
	for _, e := range d.Edges {
		if e.From == at && e.Aside == "" {
			return false // what fails there are its outputs
		}
	}
	return true
}

// sortLetters finds the outputs of dead letters. An output that takes those of most
// nodes is told in words: an edge from each would hide the graph.
func (d *Graph) sortLetters() {
	of := make(map[int][]int)
	for _, e := range d.Edges {
		if e.Aside == AsideDeadLetter {
			of[e.To] = append(of[e.To], e.From)
		}
	}
	fail := 0
	for i := range d.Nodes {
		if d.fails(i) {
			fail++
		}
		if d.Nodes[i].Aside == AsideDeadLetter {
			d.letters = append(d.letters, letters{output: i, of: of[i]})
		}
	}
	for i := range d.letters {
		l := &d.letters[i]
		if 2*len(l.of) <= fail {
			continue // at most one output takes more
		}
		l.words = "of all"
		var others []string
		for at := range d.Nodes {
			if d.fails(at) && !slices.Contains(l.of, at) {
				others = append(others, d.failing(at))
			}
		}
		others = slices.Compact(others)
		switch {
		case len(others) > namedMost:
			l.words = fmt.Sprintf("of %d of %d nodes", len(l.of), fail)
		case len(others) > 0:
			l.words += " but " + strings.Join(others, ", ")
		}
	}
}

// failing is whose `on_error` holds at a node: outputs in a sink have the sink's.
func (d *Graph) failing(at int) string {
	return visible(cmp.Or(d.Nodes[at].Sink, d.Nodes[at].Name))
}

// senders names those whose dead letters an output takes.
func (d *Graph) senders(l letters) string {
	var names []string
	for _, at := range l.of {
		names = append(names, d.failing(at))
	}
	return strings.Join(slices.Compact(names), ", ")
}

// drawn are the edges that are drawn as such.
func (d *Graph) drawn() []Edge {
	told := make(map[int]bool)
	for _, l := range d.letters {
		told[l.output] = l.words != ""
	}
	var edges []Edge
	for _, e := range d.Edges {
		if e.Aside != AsideDeadLetter || !told[e.To] {
			edges = append(edges, e)
		}
	}
	return edges
}
