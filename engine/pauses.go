package engine

import (
	"slices"
	"sync"
	"sync/atomic"
)

// pauses are the sources that operators pause. Each operator knows only its own
// inputs, and two that pause each other's sources would wait for ever: so it is
// decided for all of them together.
type pauses struct {
	rt *Runtime
	mu sync.Mutex // one decides at a time

	paused []atomic.Bool // by the index of a source's node
	// spent are sources that wait for room which nothing makes: they bring nothing
	// before something of them is finished.
	spent []atomic.Bool
	// changes counts what changed in what sources may still bring.
	changes atomic.Int64
}

// pause is the wish of one operator.
type pause struct {
	full    []*Node // the sources that it wants to pause
	awaited []*Node // those that must bring something before it has room again
}

// look publishes how much room the operator has, and pauses or wakes the
// sources that this concerns.
func (s *stage) look() {
	if s.inlets == nil {
		return
	}
	changes := s.rt.pauses.changes.Load()
	changed := changes != s.changes
	s.changes = changes
	for port := range s.inlets {
		room := int32(s.node.bounded.Room(port))
		changed = s.inlets[port].room.Swap(room) != room || changed
	}
	if changed {
		s.rt.pauses.decide()
	}
}

// decide pauses and wakes sources as all operators together demand. A source is
// paused for one that is full, but
//   - not where nothing can come any more that this one waits for,
//   - and not where it waits for the source itself, be it that the source feeds
//     the input that lags, or that it must go on before another one may that does.
func (p *pauses) decide() {
	p.mu.Lock()
	defer p.mu.Unlock()
	wishes := p.wishes()
	paused := make([]bool, len(p.paused))
	for _, w := range wishes {
		for _, n := range w.full {
			paused[n.index] = paused[n.index] || !reaches(wishes, w.awaited, n)
		}
	}
	for _, n := range p.rt.graph.Nodes {
		if before := p.paused[n.index].Swap(paused[n.index]); before && !paused[n.index] {
			p.rt.resume(n)
		}
	}
}

// wishes are of the operators that have a full input and will have room again.
func (p *pauses) wishes() []pause {
	var wishes []pause
	for _, s := range p.rt.stages {
		var full []*Node
		for port := range s.inlets {
			if Room(s.inlets[port].room.Load()) == RoomFull {
				full = append(full, s.inlets[port].pauses...)
			}
		}
		if len(full) == 0 {
			continue
		}
		if awaited, ok := s.awaits(); ok {
			full = slices.DeleteFunc(full, func(n *Node) bool { return slices.Contains(awaited, n) })
			wishes = append(wishes, pause{full: full, awaited: awaited})
		}
	}
	return wishes
}

// awaits are the sources one of which must bring something before the operator
// has room again; none where it gets room by itself. ok is false where nothing
// will come any more.
func (s *stage) awaits() (sources []*Node, ok bool) {
	wanting := false
	for port := range s.inlets {
		if in := &s.inlets[port]; Room(in.room.Load()) == RoomWanting {
			wanting = true
			sources = append(sources, slices.DeleteFunc(slices.Clone(in.feeds), func(n *Node) bool { return !s.rt.comes(n) })...)
		}
	}
	if wanting {
		return sources, len(sources) > 0
	}
	if !s.node.holdsBack() {
		return nil, true
	}
	for _, r := range s.readers {
		if r.inlet == nil || Room(r.inlet.room.Load()) != RoomFull {
			continue
		}
		further, ok := r.stage.awaits()
		if !ok {
			return nil, false
		}
		sources = append(sources, further...)
	}
	return sources, true
}

// reaches says that one of the sources that are awaited is n, or would, if all
// wishes came true, be paused until n brings something.
func reaches(wishes []pause, awaited []*Node, n *Node) bool {
	seen := make(map[*Node]bool)
	var from func([]*Node) bool
	from = func(sources []*Node) bool {
		for _, at := range sources {
			if at == n {
				return true
			}
			if seen[at] {
				continue
			}
			seen[at] = true
			for _, w := range wishes {
				if slices.Contains(w.full, at) && from(w.awaited) {
					return true
				}
			}
		}
		return false
	}
	return from(awaited)
}

// comes says that a source may still bring records.
func (rt *Runtime) comes(n *Node) bool {
	if rt.pauses.spent[n.index].Load() {
		return false
	}
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
func (c *Claim) paused() bool { return c.node != nil && c.rt.pauses.paused[c.node.index].Load() }

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

// noteChange lets operators look again whether their inputs may still bring
// anything.
func (rt *Runtime) noteChange() {
	rt.pauses.changes.Add(1)
	for _, s := range rt.stages {
		if s.inlets != nil {
			s.queue.wake()
		}
	}
}
