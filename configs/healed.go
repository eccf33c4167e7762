package configs

import (
	"fmt"
	"slices"
	"strings"
)

// committed reports a source whose offsets are committed to Kafka.
func committed(source *Node) bool { return source.Kind == "kafka" || source.Kind == "kafka_batched" }

// heals reports a sink that lets offsets be committed. One of an unknown kind
// may have been meant to.
func heals(sink *Node) bool {
	return sink.Spec == nil || sink.Kind == "healing" || sink.Kind == "drop"
}

const maxCircles = 100 // beyond this, more are not reported

// cycles reports each circle of nodes once, at the `from` that closes it.
func (g *graph) cycles() {
	const (
		open = 1
		done = 2
	)
	g.order = make(map[*Node]int, len(g.pipeline.Operators))
	for i, n := range g.pipeline.Operators {
		g.order[n] = i
	}
	state := make(map[*Node]int)
	var path []*Node
	var visit func(n *Node)
	visit = func(n *Node) {
		state[n] = open
		path = append(path, n)
		for _, in := range g.inputs[n] {
			switch state[in] {
			case open:
				g.cycle(path[slices.Index(path, in):])
			case 0:
				visit(in)
			}
		}
		path = path[:len(path)-1]
		state[n] = done
	}
	for _, n := range g.pipeline.Operators {
		if state[n] == 0 {
			visit(n)
		}
	}
}

// cycle reports one circle: each node of it reads from the next, the last from
// the first.
func (g *graph) cycle(circle []*Node) {
	g.incomplete = true
	if g.circles++; g.circles > maxCircles {
		return
	}
	at, name := g.closing(circle)
	if len(circle) == 1 {
		g.reportAt(at, CodeCycle, fmt.Sprintf("%q reads from itself", name), "")
		return
	}
	names := make([]string, 0, len(circle)+1)
	start := slices.IndexFunc(circle, func(n *Node) bool { return n.Name == name })
	for i := range circle { // records flow the other way round than reading
		names = append(names, circle[((start-i)%len(circle)+len(circle))%len(circle)].Name)
	}
	names = append(names, names[0])
	g.reportAt(at, CodeCycle, "nodes read from each other in a circle: "+strings.Join(names, " -> "), "")
}

// closing is the first `from` in the file that reads from a node of the circle
// at or below its own, and the name of its node.
func (g *graph) closing(circle []*Node) (place, string) {
	order := func(n *Node) int { return g.order[n] }
	in := make(map[*Node]bool, len(circle))
	for _, n := range circle {
		in[n] = true
	}
	sorted := slices.SortedFunc(slices.Values(circle), func(a, b *Node) int { return order(a) - order(b) })
	for _, n := range sorted {
		for _, ref := range n.From {
			if from := g.byName[ref.Name]; in[from] && order(from) >= order(n) {
				return place{ref.Pos, ref.Width}, n.Name
			}
		}
	}
	return sorted[0].place, sorted[0].Name
}

// unread reports nodes whose records go nowhere. A node of an unknown kind may
// name any other in a field.
func (g *graph) unread() {
	if slices.ContainsFunc(g.pipeline.nodes(), func(n *Node) bool { return n.Spec == nil }) {
		return
	}
	for _, n := range slices.Concat(g.pipeline.Sources, g.pipeline.Operators) {
		if len(g.readers[n]) > 0 {
			if n.hasBranches() {
				g.unreadBranches(n)
			}
			continue
		}
		g.reportAt(n.place, CodeUnreadNode, fmt.Sprintf("nothing reads from %q", n.Name),
			"add a sink for it, or name it in the `from` of another node")
	}
}

// unhealed reports paths from a Kafka source that end in a bare output with no
// healing beside it for the same records: every node that the source's records
// come through must lead to a healing or drop in some way. Where it does, bare
// outputs beside are fine, since every branch gates the offset.
func (g *graph) unhealed() {
	healed := make(map[Input]bool) // by node and branch
	seen := make(map[*Node]bool)
	var up func(n *Node)
	up = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, in := range n.Reads() {
			healed[Input{Node: in.Node, Branch: in.Branch}] = true
			up(in.Node)
		}
	}
	for _, s := range g.pipeline.Sinks {
		if heals(s) {
			up(s)
		}
	}
	for _, n := range g.pipeline.Operators {
		if n.Spec == nil { // may have been meant to heal, too
			healed[Input{Node: n}] = true
			up(n)
		}
	}
	for _, s := range g.pipeline.Sources {
		if committed(s) {
			g.unhealedFrom(s, healed)
		}
	}
}

// unhealedFrom walks breadth first, so that the shortest path is the one
// shown, and reports each node once at which the healing is lost.
func (g *graph) unhealedFrom(source *Node, healed map[Input]bool) {
	before := map[*Node]*Node{source: nil}
	queue := []*Node{source}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, next := range g.readers[n] {
			if _, seen := before[next]; seen {
				continue
			}
			before[next] = n
			queue = append(queue, next)
			if !g.loses(n, next, healed) || next.Section != SectionSink && next.Section != SectionOutput {
				continue
			}
			var names []string
			for at := next; at != nil; at = before[at] {
				names = append(names, at.Name)
			}
			slices.Reverse(names)
			g.report(CodeUnhealedPath, source.Pos, 1,
				fmt.Sprintf("the path %s ends without healing or drop, so its offsets are never committed", strings.Join(names, " -> ")),
				fmt.Sprintf("wrap the output: healing: {to: {%s: ...}}, or let a healing sink read from %q, too", next.written, g.lost(n, next, healed)))
		}
	}
}

// lost is the node or branch, as a `from` has it, at which loses is true.
func (g *graph) lost(n, next *Node, healed map[Input]bool) string {
	for _, in := range next.Reads() {
		if in.Node == n && !healed[Input{Node: n, Branch: in.Branch}] {
			return in.Name()
		}
	}
	return n.Name
}

// loses reports whether next reads from a branch of n, or from n, that leads to
// no healing.
func (g *graph) loses(n, next *Node, healed map[Input]bool) bool {
	if !n.hasBranches() {
		return !healed[Input{Node: n}]
	}
	return slices.ContainsFunc(next.Reads(), func(in Input) bool {
		return in.Node == n && !healed[Input{Node: n, Branch: in.Branch}]
	})
}
