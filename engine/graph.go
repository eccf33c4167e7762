package engine

import (
	"fmt"
	"time"
)

// Role is what a node does in the graph.
type Role int

// The roles.
const (
	RoleSource Role = iota
	RoleOperator
	RoleHealing // gates its records' offsets; its outputs are nodes of their own
	RoleOutput
)

// Order says what is kept in order from a source to the outputs.
type Order int

// The orders.
const (
	OrderPartition Order = iota
	OrderKey
	OrderNone
)

// Then is what happens to a record for which trying again has ended.
type Then int

// What can happen.
const (
	ThenHalt Then = iota
	ThenDeadLetter
	ThenSkip
)

// String is the word of the pipeline file.
func (t Then) String() string {
	return [...]string{"halt", "dead_letter", "skip"}[t]
}

// Policy is what is done about errors at a node.
type Policy struct {
	Attempts   int           // tries in all for errors about the record; 0 is without end
	Backoff    time.Duration // before the second try; doubles each time
	MaxBackoff time.Duration
	MaxElapsed time.Duration // ends also tries against a destination; 0 is never
	Then       Then
	// DeadLetter is the index of the output in Graph.Nodes that takes the dead
	// letters; used with ThenDeadLetter.
	DeadLetter *Node
}

// DefaultPolicy is what holds where a pipeline says nothing.
func DefaultPolicy() Policy {
	return Policy{Attempts: 5, Backoff: 100 * time.Millisecond, MaxBackoff: 30 * time.Second, Then: ThenHalt}
}

// Node is one node of a graph. The fields are set before [Run] and not changed.
type Node struct {
	Name  string
	Kind  string
	Where string // its position in the pipeline file, for messages
	Role  Role

	// Decode makes a source's record ready: it sets Value from Raw.
	Decode func(r *Record) error

	// Operator of a RoleOperator. State says that it sees one stream per
	// process, in arrival order; otherwise lanes call it concurrently.
	Operator Operator
	State    bool
	// Keyed says of one with state that each key of what it emits is an order unit
	// of its own ([Out.EmitKeyed]), and not all of it together.
	Keyed bool
	// Branches are what its branches are called, for who looks at the graph.
	Branches []string

	// Output of a RoleOutput, and the name of the sink it belongs to.
	Output Output
	Sink   string

	// Report of a RoleHealing: an output node that is told of each healed
	// element; nil is none. ReportAtOnce does not wait for the commit.
	Report       *Node
	ReportAtOnce bool

	// StopRule of an output that takes dead letters; the zero rule never stops.
	StopRule StopRule

	// SyncInterval is how often a RoleOutput that implements [Syncer] is synced.
	SyncInterval time.Duration

	Policy Policy

	// Inspect asks those who look at a run to keep the last records of this node.
	Inspect bool

	// Tap, where it is not nil, is told of each record that leaves a source or an
	// operator, by which branch (0 where it has none), and of each that comes to a
	// sink or an output from the graph, batches whole. It is called by the
	// goroutine that carries the record.
	Tap func(r *Record, branch int)

	edges []edge
	index int
	// Letters and reports come to a node from beside the graph.
	aside   bool
	reports bool

	// What the operator can do, so that nobody asks per record.
	joiner  Joiner
	single  Single
	timed   Timed
	evicter Evicter
	flusher Flusher
	bounded Bounded
	patient Patient
}

type edge struct {
	to     *Node
	port   int
	branch int // of the node above, see [Out.EmitTo]; 0 where it has none
}

// Graph is a compiled pipeline.
type Graph struct {
	Name    string
	Nodes   []*Node // in topological order: a node after all its inputs
	Sources []Source

	Workers int
	Order   Order
	// Key tells a record's key with OrderKey; ok is false where it has none.
	// Nil is the record's own key.
	Key    func(r *Record) (key string, ok bool, err error)
	Limits Limits
	// ShutdownTimeout bounds the stop after a signal or a halt.
	ShutdownTimeout time.Duration
	// StallAfter halts the pipeline when a part of it that has work makes no
	// progress for so long; 0 only names it in the log, after a minute.
	StallAfter time.Duration
	// Supervise are the rules by which a run ends itself.
	Supervise Supervise
}

// Connect adds an edge. port is the place of from among to's inputs.
func (g *Graph) Connect(from, to *Node, port int) {
	from.edges = append(from.edges, edge{to: to, port: port})
}

// ConnectBranch adds an edge for what from emits to one of its branches, which
// are counted from 1.
func (g *Graph) ConnectBranch(from *Node, branch int, to *Node, port int) {
	from.edges = append(from.edges, edge{to: to, port: port, branch: branch})
}

// Successors are the nodes that read n, in the order in which they were connected.
func (n *Node) Successors() []*Node {
	out := make([]*Node, len(n.edges))
	for i, e := range n.edges {
		out[i] = e.to
	}
	return out
}

// prepare numbers the nodes, fills defaults and checks what compilers must keep.
func (g *Graph) prepare() error {
	if g.Workers < 1 {
		g.Workers = 1
	}
	if g.Limits.Records <= 0 {
		g.Limits.Records = defaultLimits().Records
	}
	if g.Limits.Ahead <= 0 {
		g.Limits.Ahead = defaultLimits().Ahead
	}
	if g.Limits.Bytes <= 0 {
		g.Limits.Bytes = defaultLimits().Bytes
	}
	if g.ShutdownTimeout <= 0 {
		g.ShutdownTimeout = 30 * time.Second
	}
	place := make(map[*Node]bool, len(g.Nodes))
	for i, n := range g.Nodes {
		n.index = i
		place[n] = true
	}
	for _, n := range g.Nodes {
		if err := n.prepare(place); err != nil {
			return fmt.Errorf("graph %s: %w", g.Name, err)
		}
	}
	return nil
}

// prepare checks a node and looks up what its operator can do.
func (n *Node) prepare(place map[*Node]bool) error {
	dead := n.Policy.DeadLetter
	switch {
	case n.Role == RoleOperator && n.Operator == nil:
		return fmt.Errorf("node %s has no operator", n.Name)
	case n.Role == RoleOutput && n.Output == nil:
		return fmt.Errorf("node %s has no output", n.Name)
	case n.Policy.Then == ThenDeadLetter && dead == nil:
		return fmt.Errorf("node %s has no output for its dead letters", n.Name)
	}
	for _, other := range []*Node{dead, n.Report} {
		if other != nil && (!place[other] || other.Role != RoleOutput) {
			return fmt.Errorf("node %s: %s is not an output of the graph", n.Name, other.Name)
		}
	}
	if dead != nil {
		dead.aside = true
	}
	if n.Report != nil {
		n.Report.aside, n.Report.reports = true, true
	}
	for _, e := range n.edges {
		if !place[e.to] || e.to.index <= n.index {
			return fmt.Errorf("node %s must come after %s", e.to.Name, n.Name)
		}
	}
	n.joiner, _ = n.Operator.(Joiner)
	if !n.State {
		n.single, _ = n.Operator.(Single)
	}
	n.timed, _ = n.Operator.(Timed)
	n.evicter, _ = n.Operator.(Evicter)
	n.flusher, _ = n.Operator.(Flusher)
	n.bounded, _ = n.Operator.(Bounded)
	n.patient, _ = n.Operator.(Patient)
	return nil
}
