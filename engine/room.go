package engine

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
)

// Room is what an operator says about one of its inputs.
type Room int32

// What it may say.
const (
	RoomFree    Room = iota
	RoomWanting      // it waits for this input: no source that can feed it is paused
	RoomBusy         // it takes more, but has not passed on what it has
	RoomFull         // sources that feed it should pause; what comes is still taken
)

// Bounded is an operator with state that can fall behind its inputs. Room is
// asked after what came was processed; port is as for [Joiner].
type Bounded interface {
	Room(port int) Room
}

// Patient is an operator with state that does its work when its input pauses,
// or when what reads it can take more.
type Patient interface {
	// Waits says that the operator has something for Pause.
	Waits() bool
	// HoldsBack says that it emits no more than there is room for. What is below
	// then pauses no source above: the operator has room, or says that it has none.
	HoldsBack() bool
	// Pause is called after each slice of records, and when what reads the
	// operator has done what it was given. room is how many records that can take
	// now: none while it has something left to do, one where a [Bounded] operator
	// is among it, else as many as there are.
	Pause(ctx context.Context, room int, out *Out) error
}

// Lingerer is a [Timed] operator that wants its timers to run to their end at
// the end of input, before it is flushed. Only a clock that runs by itself lets
// it; otherwise it is flushed at once.
type Lingerer interface {
	Lingers()
}

// rest tells whether a reader of a queue has nothing to do, and whom that
// concerns.
type rest struct {
	resting atomic.Bool
	// patients are the stages above that may wait for this reader.
	patients []*stage
}

// begin says that the reader has nothing to do.
func (r *rest) begin() {
	r.resting.Store(true)
	for _, s := range r.patients {
		if s.waits.Load() {
			s.queue.wake()
		}
	}
}

func (r *rest) end() { r.resting.Store(false) }

// inlet is one input of a [Bounded] operator.
type inlet struct {
	room atomic.Int32 // what was last said about it
	// feeds are the sources above it, pauses those of them that it pauses: what is
	// above an operator that holds back, that one pauses itself.
	feeds, pauses []*Node
}

// reader is what reads one queue below a stage, by one of its ports.
type reader struct {
	queue *queue
	rest  *rest
	stage *stage // nil where the reader is an output
	inlet *inlet // nil where the node has no bounds
}

// free says that the reader has done what it was given.
func (r *reader) free() bool {
	if !r.rest.resting.Load() || !r.queue.empty() {
		return false
	}
	return r.inlet == nil || Room(r.inlet.room.Load()) < RoomBusy
}

// connectRooms finds who waits for whom, and which sources feed which input.
func (rt *Runtime) connectRooms() {
	stages := make(map[*Node]*stage, len(rt.stages))
	for _, s := range rt.stages {
		stages[s.node] = s
		if s.node.bounded != nil {
			s.inlets = make([]inlet, rt.ports(s.node))
		}
	}
	for _, n := range rt.graph.Nodes {
		if n.Role == RoleSource {
			rt.connectSource(n, stages)
		}
	}
	for _, s := range rt.stages {
		if s.node.patient != nil {
			rt.connectReaders(s, stages)
		}
	}
}

// connectSource finds the inputs that a source feeds, and those that pause it.
func (rt *Runtime) connectSource(n *Node, stages map[*Node]*stage) {
	add := func(e edge, list func(*inlet) *[]*Node) {
		s := stages[e.to]
		if s == nil || s.inlets == nil {
			return
		}
		if nodes := list(&s.inlets[e.port]); !slices.Contains(*nodes, n) {
			*nodes = append(*nodes, n)
		}
	}
	visitBelow(n, func(e edge) bool {
		add(e, func(in *inlet) *[]*Node { return &in.feeds })
		return true
	})
	visitBelow(n, func(e edge) bool {
		add(e, func(in *inlet) *[]*Node { return &in.pauses })
		return !e.to.holdsBack()
	})
}

// connectReaders finds what reads the output of a patient operator.
func (rt *Runtime) connectReaders(s *stage, stages map[*Node]*stage) {
	visitBelow(s.node, func(e edge) bool {
		r := reader{queue: rt.queues[e.to.index]}
		if below := stages[e.to]; below != nil {
			r.rest, r.stage = &below.rest, below
			if below.inlets != nil {
				r.inlet = &below.inlets[e.port]
			}
		} else if i := slices.IndexFunc(rt.writers, func(w *writer) bool { return w.node == e.to }); i >= 0 {
			r.rest = &rt.writers[i].rest
		}
		if r.rest != nil {
			r.rest.patients = append(r.rest.patients, s)
			s.readers = append(s.readers, r)
		}
		return r.queue == nil
	})
}

// holdsBack says that the node is an operator that emits no more than there is
// room for.
func (n *Node) holdsBack() bool { return n.patient != nil && n.patient.HoldsBack() }

// ports is the number of a node's inputs.
func (rt *Runtime) ports(n *Node) int {
	ports := 1
	for _, from := range rt.graph.Nodes {
		for _, e := range from.edges {
			if e.to == n {
				ports = max(ports, e.port+1)
			}
		}
	}
	return ports
}

// visitBelow calls visit once for each edge below n, and goes on past those for
// which it is true.
func visitBelow(n *Node, visit func(edge) bool) {
	seen := make(map[edge]bool)
	var from func(*Node)
	from = func(n *Node) {
		for _, e := range n.edges {
			e.branch = 0
			if seen[e] {
				continue
			}
			seen[e] = true
			if visit(e) {
				from(e.to)
			}
		}
	}
	from(n)
}

// pause lets a patient operator do its work.
func (s *stage) pause(ctx context.Context) {
	p := s.node.patient
	if p == nil || !p.Waits() {
		return
	}
	s.waits.Store(true) // before looking, so that no reader rests unseen
	room := math.MaxInt
	for _, r := range s.readers {
		switch {
		case !r.free():
			room = 0
		case r.inlet != nil:
			room = min(room, 1)
		}
	}
	s.call(ctx, &doingPause, func(out *Out) error { return p.Pause(ctx, room, out) })
	s.waits.Store(p.Waits())
}

// lingers says that the operator's timers run on although its input has ended.
func (s *stage) lingers() bool {
	if _, ok := s.node.Operator.(Lingerer); !ok || s.next().IsZero() || s.rt.ending() != endInput {
		return false
	}
	_, runs := s.rt.clock.(RealClock)
	return runs
}

// Standing says that the clock stands still: no timer will ever come.
func (o *Out) Standing() bool {
	return standing(o.x.rt.clock)
}
