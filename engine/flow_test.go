package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// callers notes who called each node of a run: "lanes" or the name of a stage's
// operator.
type callers struct {
	mu   sync.Mutex
	rt   *Runtime
	seen map[string]map[string]bool
}

func (c *callers) note(node, by string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[node] == nil {
		c.seen[node] = make(map[string]bool)
	}
	c.seen[node][by] = true
}

// of is who owns an executor.
func (c *callers) of(x *executor) string {
	for _, s := range c.rt.stages {
		if s.x == x {
			return s.node.Name
		}
	}
	return "lanes"
}

// orderedBy is whose order a record is in.
func (c *callers) orderedBy(r *Record) string {
	for _, s := range c.rt.stages {
		if s.x.stream.gate == r.gate {
			return s.node.Name
		}
	}
	return "lanes"
}

func (f Flow) String() string {
	var names []string
	if f.Lanes {
		names = append(names, "lanes")
	}
	for _, s := range f.Stages {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

// TestFlowsAreWhoCallsNodes: in any graph, records come to each node by the
// goroutines that its flow names, and to outputs in their order.
func TestFlowsAreWhoCallsNodes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := &callers{seen: make(map[string]map[string]bool)}
		g := &Graph{Workers: 2}
		source := &Node{Name: "in", Role: RoleSource}
		g.Nodes = append(g.Nodes, source)
		for i := range rapid.IntRange(1, 8).Draw(rt, "operators") {
			n := pass()
			n.Name, n.State = fmt.Sprintf("n%d", i), rapid.Bool().Draw(rt, "state")
			n.Operator = operatorFunc(func(_ context.Context, r *Record, out *Out) error {
				c.note(n.Name, c.of(out.x))
				out.Emit(r)
				return nil
			})
			connectSome(rt, g, n)
		}
		for i := range rapid.IntRange(1, 3).Draw(rt, "outputs") {
			name := fmt.Sprintf("out%d", i)
			connectSome(rt, g, &Node{Name: name, Role: RoleOutput, Output: &funcOutput{write: func(_ context.Context, records []*Record) []error {
				for _, r := range records {
					c.note(name, c.orderedBy(r))
				}
				return nil
			}}})
		}
		g.Sources = []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 3)) })}
		flows := g.Flows()
		runtime, err := New(g, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		c.rt = runtime
		if _, err := runtime.Run(t.Context()); err != nil {
			rt.Fatal(err)
		}
		for _, n := range g.Nodes[1:] {
			var got []string
			if c.seen[n.Name]["lanes"] {
				got = append(got, "lanes")
			}
			for _, other := range g.Nodes {
				if c.seen[n.Name][other.Name] {
					got = append(got, other.Name)
				}
			}
			if want := flows[n].String(); strings.Join(got, " ") != want {
				rt.Errorf("%s: records came by %v, its flow is %s", n.Name, got, want)
			}
		}
	})
}

// connectSome adds a node that reads one to three of those before it.
func connectSome(t *rapid.T, g *Graph, n *Node) {
	var from []*Node
	for _, other := range g.Nodes {
		if other.Role != RoleOutput {
			from = append(from, other)
		}
	}
	var read []*Node
	for range rapid.IntRange(1, 3).Draw(t, "inputs") {
		other := from[rapid.IntRange(0, len(from)-1).Draw(t, "input")]
		if !slices.Contains(read, other) {
			g.Connect(other, n, len(read))
			read = append(read, other)
		}
	}
	g.Nodes = append(g.Nodes, n)
}
