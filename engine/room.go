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

// reader is what reads one queue below a stage, by one of its ports.
type reader struct {
	queue *queue
	rest  *rest
	room  *atomic.Int32 // nil where the node has no bounds
}

// free says that the reader has done what it was given.
func (r *reader) free() bool {
	if !r.rest.resting.Load() || !r.queue.empty() {
		return false
	}
	return r.room == nil || Room(r.room.Load()) < RoomBusy
}

// connectRooms finds who waits for whom, and which sources feed which input.
func (rt *Runtime) connectRooms() {
	stages := make(map[*Node]*stage, len(rt.stages))
	for _, s := range rt.stages {
		stages[s.node] = s
		if s.node.bounded != nil {
			s.rooms = make([]atomic.Int32, rt.ports(s.node))
			s.feeds = make([][]*Node, len(s.rooms))
		}
	}
	for _, n := range rt.graph.Nodes {
		if n.Role == RoleSource {
			visitBelow(n, func(e edge) bool {
				if s := stages[e.to]; s != nil && s.rooms != nil && !slices.Contains(s.feeds[e.port], n) {
					s.feeds[e.port] = append(s.feeds[e.port], n)
				}
				return e.to.patient == nil || !e.to.patient.HoldsBack()
			})
		}
	}
	for _, s := range rt.stages {
		if s.node.patient == nil {
			continue
		}
		visitBelow(s.node, func(e edge) bool {
			r := reader{queue: rt.queues[e.to.index]}
			if below := stages[e.to]; below != nil {
				r.rest = &below.rest
				if below.rooms != nil {
					r.room = &below.rooms[e.port]
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
}

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
		case r.room != nil:
			room = min(room, 1)
		}
	}
	s.call(ctx, &doingPause, func(out *Out) error { return p.Pause(ctx, room, out) })
	s.waits.Store(p.Waits())
}

// look publishes how much room the operator has, and pauses or wakes the
// sources that this concerns.
func (s *stage) look() {
	if s.rooms == nil {
		return
	}
	ends := s.rt.ends.Load()
	changed := ends != s.ends
	s.ends = ends
	for port := range s.rooms {
		room := int32(s.node.bounded.Room(port))
		changed = s.rooms[port].Swap(room) != room || changed
	}
	if changed {
		s.pauseSources()
	}
}

// pauseSources pauses the sources of inputs that are full. A source that can
// feed an input which the operator waits for goes on, since both may be fed by
// the same one; and where none of those will bring anything any more, waiting
// would be for nothing.
func (s *stage) pauseSources() {
	var full, wanted []*Node
	wanting := false
	for port := range s.rooms {
		switch Room(s.rooms[port].Load()) {
		case RoomFull:
			full = append(full, s.feeds[port]...)
		case RoomWanting:
			wanting = true
			wanted = append(wanted, s.feeds[port]...)
		case RoomFree, RoomBusy:
		}
	}
	var paused []*Node
	if !wanting || slices.ContainsFunc(wanted, s.rt.live) {
		for _, n := range full {
			if !slices.Contains(wanted, n) && !slices.Contains(paused, n) {
				paused = append(paused, n)
			}
		}
	}
	for _, n := range paused {
		if !slices.Contains(s.paused, n) {
			s.rt.paused[n.index].Add(1)
		}
	}
	before := s.paused
	s.paused = paused
	for _, n := range before {
		if !slices.Contains(paused, n) && s.rt.paused[n.index].Add(-1) == 0 {
			s.rt.resume(n)
		}
	}
}

// live says that a source may still bring records.
func (rt *Runtime) live(n *Node) bool {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	claims := 0
	for c := range rt.claims {
		if c.node == n {
			if claims++; !c.ended.Load() {
				return true
			}
		}
	}
	return claims == 0 && !rt.over.Load()
}

// paused says that an operator pauses the claim's source.
func (c *Claim) paused() bool { return c.node != nil && c.rt.paused[c.node.index].Load() > 0 }

// resume wakes the claims of a source that is no longer paused.
func (rt *Runtime) resume(n *Node) {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	for c := range rt.claims {
		if c.node == n {
			c.report()
		}
	}
}

// noteEnd lets operators look again whether their inputs may still bring
// anything.
func (rt *Runtime) noteEnd() {
	rt.ends.Add(1)
	for _, s := range rt.stages {
		if s.rooms != nil {
			s.queue.wake()
		}
	}
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
	_, frozen := o.x.rt.clock.(FrozenClock)
	return frozen
}
