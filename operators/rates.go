package operators

import (
	"maps"
	"math"

	"waterhealer/configs"
)

// rate is how many records come out of a node: so many for each that comes out
// of certain other places. A place is a source, or a node of which only the
// data tells how many records it lets through.
type rate map[configs.Input]float64

// maxTerms bounds a rate; a node with more becomes a place of its own.
const maxTerms = 64

// rates knows the rates of the nodes of a plan without cycles.
type rates struct {
	kinds map[*configs.Node]Kind
	known map[*configs.Node]rate
}

func newRates(kinds map[*configs.Node]Kind) *rates {
	return &rates{kinds: kinds, known: make(map[*configs.Node]rate)}
}

// of is the rate of what a node gets from one of its inputs.
func (r *rates) of(in configs.Input) rate {
	if in.Branch != "" {
		return rate{{Node: in.Node, Branch: in.Branch}: 1}
	}
	if known, ok := r.known[in.Node]; ok {
		return known
	}
	unknown := rate{{Node: in.Node}: 1}
	r.known[in.Node] = unknown // for a file with a circle, which is reported
	if found := r.node(in.Node); found != nil && len(found) <= maxTerms {
		r.known[in.Node] = found
	}
	return r.known[in.Node]
}

// node is nil where only the data tells.
func (r *rates) node(n *configs.Node) rate {
	kind, operator := r.kinds[n]
	switch {
	case !operator:
		return nil
	case kind.Each:
		return r.sum(n, 1)
	case kind.Joins && kind.Pairs && kind.Signal == "":
		return r.joined(n)
	case kind.Window != "" && kind.Pairs:
		if !n.Values.Has("return_partial") || n.Values.Bool("return_partial") {
			return r.sum(n, 1)
		}
	case n.Kind == "partition" && !n.Values.Has("timeout") && !n.Values.Has("key"):
		if size := n.Values.Int("size"); size > 0 {
			return r.sum(n, 1/float64(size))
		}
	}
	return nil
}

// sum is the rate of all inputs together.
func (r *rates) sum(n *configs.Node, factor float64) rate {
	total := make(rate)
	for _, in := range n.InputList() {
		for place, share := range r.of(in) {
			total[place] += share * factor
		}
	}
	return total
}

// joined is the rate of a zip whose inputs are equally fast.
func (r *rates) joined(n *configs.Node) rate {
	inputs := n.InputList()
	if n.Kind != "zip" || len(inputs) == 0 {
		return nil
	}
	first := r.of(inputs[0])
	for _, in := range inputs[1:] {
		if !first.equal(r.of(in)) {
			return nil
		}
	}
	return first
}

func (a rate) equal(b rate) bool {
	return maps.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= 1e-9*math.Max(x, y) })
}
