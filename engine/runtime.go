package engine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"waterhealer/healer"
)

// Options are what a run needs beside its graph.
type Options struct {
	Logger *slog.Logger
	Clock  Clock
	// ListFailures makes a run go on after failures that would halt it: their
	// offsets stay unfinished and the run ends with the first of them. Dry runs
	// use it.
	ListFailures bool
	// OnFailure is told of each failure whose tries have ended.
	OnFailure func(*Failure)
	// InTurn carries each source record through the whole graph before the next
	// one enters, so that the same input gives the same output in the same order,
	// across outputs, too. It is for one lane. Dry runs use it.
	InTurn bool
	// Measures are filled where they are not nil. They are of one run.
	Measures *Measures
	// Tracer, where it is not nil, follows records.
	Tracer Tracer
	// Seed makes jitter repeatable.
	Seed uint64
}

// Runtime is a graph at work. It is made by [New] and run once.
type Runtime struct {
	graph   *Graph
	options Options
	log     *slog.Logger
	clock   Clock

	sourceNodes map[string]*Node
	lanes       []*lane
	dispatch    dispatch
	pace        *pace
	stages      []*stage
	writers     []*writer // of outputs in the graph
	aside       []*writer // of dead letters and reports
	queues      []*queue  // by node index, nil for nodes without one
	turns       *turns    // nil where goroutines work at once
	senders     []atomic.Int32
	stats       []Stats
	measures    []*measure // by node index; nil where nothing is measured
	clockCost   time.Duration

	budget  *budget
	epochs  atomic.Int64
	entries sync.Pool // of *[]healer.Entry, for what is pushed

	claimMutex sync.Mutex
	claims     map[*Claim]struct{}
	sorted     []*Claim // the same, for who looks; nil after a change
	revokes    atomic.Int64

	intakeMutex sync.RWMutex
	intakeEnded bool

	deaths map[*Node]*deaths // of outputs with a stop rule; nil where there is none
	taken  atomic.Int64      // source records, counted where there is one

	failMutex sync.Mutex
	failed    map[*healer.Ack]*failed

	end      ending
	upstream atomic.Int32 // lanes and stages that still run, and revokes
	events   atomic.Int64 // see quiet.go
	pushed   atomic.Int64 // records that sources have read
	commits  atomic.Int64 // acknowledged ones, of one partition each
	stuckNow atomic.Pointer[[]Stuck]
	found    atomic.Pointer[located] // see Locate; nil where nobody looked
	opened   atomic.Bool             // outputs are open
	finished atomic.Bool             // Run has returned, or is about to
	patience atomic.Int64            // in nanoseconds since 1970, until when failed writes are tried again; 0 is for ever
	gaveUp   atomic.Bool             // something was left unfinished then

	supervisor atomic.Pointer[supervisor] // nil where there are no rules
	stopped    atomic.Pointer[Stopped]    // by one of them

	pauses      pauses
	over        atomic.Bool // all sources have ended
	stopSources context.CancelFunc
	kill        context.CancelFunc // ends everything under way
}

// New makes a graph ready to run. The graph belongs to the runtime from then on.
func New(g *Graph, o Options) (*Runtime, error) {
	if err := g.prepare(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = RealClock{}
	}
	rt := &Runtime{
		graph: g, options: o, log: o.Logger, clock: o.Clock,
		sourceNodes: make(map[string]*Node),
		queues:      make([]*queue, len(g.Nodes)),
		senders:     make([]atomic.Int32, len(g.Nodes)),
		stats:       make([]Stats, len(g.Nodes)),
		pace:        newPace(),
		budget:      newBudget(g.Limits.Bytes),
		claims:      make(map[*Claim]struct{}),
		failed:      make(map[*healer.Ack]*failed),
		end:         ending{halted: make(chan struct{}), abandoned: make(chan struct{})},
		stopSources: func() {}, kill: func() {},
	}
	rt.pauses = pauses{rt: rt, paused: make([]atomic.Bool, len(g.Nodes)), spent: make([]atomic.Bool, len(g.Nodes))}
	if rt.measures = o.Measures.bind(g); rt.measures != nil {
		rt.clockCost = clockCost()
	}
	rt.build()
	rt.countDeaths()
	return rt, nil
}

// paceBefore is what a node's queue crowds: nobody where it is beside the graph,
// since reports hold up no source, and letters only what they stand for.
func (rt *Runtime) paceBefore(n *Node) *pace {
	if n.aside {
		return nil
	}
	return rt.pace
}

// build makes the goroutines' parts: lanes, a stage per operator with state, a
// writer per output.
func (rt *Runtime) build() {
	for _, n := range rt.graph.Nodes {
		if n.Role == RoleSource {
			rt.sourceNodes[n.Name] = n
		}
		if n.State || n.Role == RoleOutput {
			rt.queues[n.index] = newQueue(rt.paceBefore(n))
		}
	}
	for range rt.graph.Workers {
		rt.lanes = append(rt.lanes, newLane(rt))
	}
	rt.dispatch.crowd.pace = rt.pace
	rt.dispatch.join(rt.lanes)
	for _, n := range rt.graph.Nodes {
		switch {
		case n.Role == RoleOutput && n.aside:
			rt.aside = append(rt.aside, newWriter(rt, n))
		case n.Role == RoleOutput:
			rt.writers = append(rt.writers, newWriter(rt, n))
		case n.State:
			x := newExecutor(rt)
			x.stream = &stream{}
			if rt.graph.Order != OrderNone {
				x.stream.gate = newGate()
				x.stream.gate.stream = true
			}
			rt.stages = append(rt.stages, &stage{rt: rt, node: n, queue: rt.queues[n.index], x: x})
		}
	}
	rt.upstream.Store(int32(len(rt.lanes) + len(rt.stages)))
	for range rt.lanes {
		for _, n := range rt.graph.Nodes {
			if n.Role == RoleSource {
				rt.countSenders(n)
			}
		}
	}
	for _, s := range rt.stages {
		rt.countSenders(s.node)
	}
	rt.connectRooms()
	rt.lineUp()
	for i, q := range rt.queues {
		if q != nil && !rt.graph.Nodes[i].aside && rt.senders[i].Load() == 0 {
			q.end() // nothing leads there
		}
	}
}

// lineUp gives every queue its place where goroutines take turns.
func (rt *Runtime) lineUp() {
	if !rt.options.InTurn {
		return
	}
	rt.turns = newTurns(len(rt.graph.Sources))
	if _, virtual := rt.clock.(*VirtualClock); virtual {
		rt.turns.played = &playedTimers{}
	}
	for _, aside := range []bool{false, true} {
		for i, q := range rt.queues {
			if q != nil && rt.graph.Nodes[i].aside == aside {
				rt.turns.join(&q.bell)
			}
		}
	}
	rt.turns.lanes = len(rt.turns.bells)
	for _, l := range rt.lanes {
		rt.turns.join(&l.bell)
	}
}

// countSenders adds the goroutine that starts at n as a sender of each queue
// that it reaches. Which ones it reaches is looked up again when it ends.
func (rt *Runtime) countSenders(n *Node) {
	for _, to := range reach(n) {
		rt.senders[to.index].Add(1)
	}
}

// reach are the nodes with a queue that are reached from n by plain calls.
func reach(n *Node) []*Node {
	seen := make(map[*Node]bool)
	var queued []*Node
	var visit func(*Node)
	visit = func(n *Node) {
		for _, e := range n.edges {
			if seen[e.to] {
				continue
			}
			seen[e.to] = true
			if e.to.State || e.to.Role == RoleOutput {
				queued = append(queued, e.to)
				continue
			}
			visit(e.to)
		}
	}
	visit(n)
	return queued
}

// endSender tells the queues that n reaches that one of their senders is done.
func (rt *Runtime) endSender(n *Node) {
	for _, to := range reach(n) {
		if rt.senders[to.index].Add(-1) == 0 {
			rt.queues[to.index].end()
		}
	}
}

func (rt *Runtime) wakeAll() {
	rt.wakeWriters()
	for _, s := range rt.stages {
		s.queue.wake()
	}
}

// pressed says that a source waits for room.
func (rt *Runtime) pressed() bool {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	for c := range rt.claims {
		if c.waiting.Load() {
			return true
		}
	}
	return false
}

// Stats are the counts of all nodes, in the graph's order.
func (rt *Runtime) Stats() []NodeStats {
	out := make([]NodeStats, len(rt.graph.Nodes))
	for i, n := range rt.graph.Nodes {
		out[i] = rt.stats[i].copy(n)
		if rt.measures != nil {
			out[i].Took, out[i].Timed = rt.measures[i].times.total()
		}
	}
	return out
}

// ClaimStatus is where a claim stands.
type ClaimStatus struct {
	Source, Topic string
	Partition     int32
	Watermark     int64
	InFlight      int64
	Unfinished    []int64 // the first few
}

// Claims are the claims held now. After a run whose sources keep their claims
// until they are closed it is empty: see [Result.Claims].
func (rt *Runtime) Claims() []ClaimStatus {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	out := make([]ClaimStatus, 0, len(rt.claims))
	for c := range rt.claims {
		inFlight, _ := c.tracker.InFlight()
		out = append(out, ClaimStatus{
			Source: c.Source, Topic: c.Topic, Partition: c.Partition,
			Watermark: c.tracker.Watermark(), InFlight: inFlight, Unfinished: c.tracker.Unfinished(10),
		})
	}
	sortClaims(out)
	return out
}
