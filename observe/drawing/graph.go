package drawing

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"waterhealer/engine"
)

// Roles of nodes.
const (
	RoleSource   = "source"
	RoleOperator = "operator"
	RoleSink     = "sink"
	RoleOutput   = "output"
)

// What goes beside the graph.
const (
	AsideDeadLetter = "dead_letter"
	AsideReport     = "report"
)

// Options are what a graph does not tell of itself.
type Options struct {
	// Details are a few words on what a node does, by its position in the file.
	Details map[string]string
	// Key is the text of the expression that tells a record's key; "" is its own.
	Key string
	// PerCPU says that there are as many lanes as the machine has CPUs.
	PerCPU bool
}

// Graph is what is drawn.
type Graph struct {
	Name  string
	Nodes []Node // each after all its inputs
	Edges []Edge // those of records first
	// Groups are the nodes that are called by the same goroutines.
	Groups []Group

	letters []letters
}

// Node is one node.
type Node struct {
	Name, Kind, Role string
	Where            string // its position in the file
	Detail           string
	State            bool // it sees one stream per process
	Inspect          bool
	// Heals are the sources whose records are finished there; nil where it is no
	// healing sink.
	Heals []string
	Sink  string // of an output inside a sink, the sink
	Aside string // fed from beside the graph
	Group int    // its place in Groups; -1 for outputs
}

// Edge leads from one node to another, by their places.
type Edge struct {
	From, To int
	Number   int    // of the branch it leaves by; 0 where there is none
	Branch   string // that branch's name
	Aside    string
}

// Group is who calls some nodes.
type Group struct {
	Title string
	// Runs and Order say how, and what stays in order; Runs may be "".
	Runs, Order string
}

// Of describes a graph.
func Of(g *engine.Graph, o Options) *Graph {
	d := &Graph{Name: g.Name, Nodes: make([]Node, len(g.Nodes)), Edges: []Edge{}}
	at := make(map[*engine.Node]int, len(g.Nodes))
	groups := make(map[string]int)
	flows := g.Flows()
	for i, n := range g.Nodes {
		at[n] = i
		d.Nodes[i] = Node{
			Name: n.Name, Kind: n.Kind, Role: roleOf(n), Where: n.Where, Detail: o.Details[n.Where],
			State: n.State, Inspect: n.Inspect, Sink: n.Sink, Group: -1,
		}
		if n.Sink == n.Name {
			d.Nodes[i].Sink = ""
		}
		if n.Role != engine.RoleOutput {
			d.Nodes[i].Group = d.group(g, flows[n], o, groups)
		}
	}
	for _, w := range g.Ways() {
		e := Edge{From: at[w.From], To: at[w.To], Number: w.Branch}
		if w.Branch > 0 && w.Branch <= len(w.From.Branches) {
			e.Branch = w.From.Branches[w.Branch-1]
		}
		switch {
		case w.DeadLetters:
			e.Aside = AsideDeadLetter
		case w.Reports:
			e.Aside = AsideReport
		}
		if e.Aside != "" {
			d.Nodes[e.To].Aside = e.Aside
		}
		d.Edges = append(d.Edges, e)
	}
	d.heals(g)
	d.sortLetters()
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

// group is the place of a flow's group, which is made when it is new.
func (d *Graph) group(g *engine.Graph, f engine.Flow, o Options, known map[string]int) int {
	var names []string
	for _, s := range f.Stages {
		names = append(names, visible(s.Name))
	}
	made := Group{Title: "stage of " + strings.Join(names, ", "), Runs: "one after another as they come", Order: "output in order"}
	switch {
	case len(f.Stages) == 0:
		made.Title, made.Runs, made.Order = lanes(g.Workers, o.PerCPU), "", sourceOrder(g.Order, o.Key)
	case f.Lanes:
		made.Title, made.Runs, made.Order = "lanes and "+made.Title, "", "each in its own order"
	case len(f.Stages) > 1:
		made.Title, made.Runs, made.Order = "stages of "+strings.Join(names, ", "), "", "each in its own order"
	case f.Stages[0].Keyed:
		made.Order = "output in order per key"
	}
	if g.Order == engine.OrderNone {
		made.Order = "in no order"
	}
	key := fmt.Sprintf("%v %q", f.Lanes, names)
	at, found := known[key]
	if !found {
		at = len(d.Groups)
		known[key] = at
		d.Groups = append(d.Groups, made)
	}
	return at
}

func lanes(n int, perCPU bool) string {
	switch {
	case perCPU:
		return "a lane per CPU"
	case n == 1:
		return "1 lane"
	}
	return fmt.Sprintf("%d lanes", n)
}

func sourceOrder(order engine.Order, key string) string {
	switch {
	case order == engine.OrderPartition:
		return "each partition in order"
	case key == "":
		return "each key in order"
	}
	return "each key in order: " + visible(key)
}

// heals finds the sources from which each healing sink is reached.
func (d *Graph) heals(g *engine.Graph) {
	readers := make([][]int, len(d.Nodes))
	for _, e := range d.Edges {
		if e.Aside == "" {
			readers[e.From] = append(readers[e.From], e.To)
		}
	}
	for source, n := range g.Nodes {
		if n.Role != engine.RoleSource {
			continue
		}
		seen := make([]bool, len(d.Nodes))
		next := []int{source}
		for len(next) > 0 {
			at := next[len(next)-1]
			next = next[:len(next)-1]
			for _, to := range readers[at] {
				if !seen[to] {
					seen[to] = true
					next = append(next, to)
				}
			}
		}
		for i, reached := range seen {
			if reached && g.Nodes[i].Role == engine.RoleHealing {
				d.Nodes[i].Heals = append(d.Nodes[i].Heals, n.Name)
			}
		}
	}
	for i, n := range g.Nodes {
		if n.Role == engine.RoleHealing {
			d.Nodes[i].Heals = slices.Clip(append([]string{}, d.Nodes[i].Heals...)) // not nil
		}
	}
}

// does is what a node does in a few words.
func (d *Graph) does(at int) string {
	n := &d.Nodes[at]
	if n.Heals == nil {
		return visible(n.Detail)
	}
	names := make([]string, len(n.Heals))
	for i, name := range n.Heals {
		names[i] = visible(name)
	}
	text := "heals " + strings.Join(names, ", ")
	if n.Detail != "" {
		text += ", " + visible(n.Detail)
	}
	return text
}

// visible is a text in which control characters are replaced: they must reach
// neither a terminal nor another language.
func visible(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == 0x2028 || c == 0x2029 || c == 0xFFFE || c == 0xFFFF {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
