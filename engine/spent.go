package engine

import "slices"

// A source that is full at a bound brings nothing before something of it is
// finished. Where an operator pauses another source until it does, and nothing
// moves any more, the wait may have no end: what the paused source brings may be
// what finishes something of the full one. So the full one is noted as spent,
// and nobody is paused for it until it has room. When all are full then, it is a
// stall.

// full says that all of a source's claims wait at a bound.
func (rt *Runtime) full(n *Node) bool {
	if n.Role != RoleSource || rt.pauses.paused[n.index].Load() {
		return false
	}
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	waiting := false
	for c := range rt.claims {
		switch {
		case c.node != n, c.ended.Load():
		case !c.waiting.Load(), c.reports.due(c.tracker.Watermark()):
			return false
		default:
			waiting = true
		}
	}
	return waiting
}

// spendable are the sources that are full and not noted as spent; none where no
// operator pauses a source.
func (rt *Runtime) spendable() []*Node {
	paused := func(n *Node) bool { return rt.pauses.paused[n.index].Load() }
	if !slices.ContainsFunc(rt.graph.Nodes, paused) {
		return nil
	}
	var full []*Node
	for _, n := range rt.graph.Nodes {
		if !rt.pauses.spent[n.index].Load() && rt.full(n) {
			full = append(full, n)
		}
	}
	return full
}

// deadlock is 0 as long as something can move by itself, or no source is paused
// that may wait for a full one; otherwise a number that changes when anything
// has moved in between.
func (rt *Runtime) deadlock() int64 {
	if rt.moving() || len(rt.spendable()) == 0 {
		return 0
	}
	return rt.fed()
}

// unlock ends a deadlock: nothing makes room for sources that are full, so those
// that were paused for them go on. What they bring may be what makes room.
func (rt *Runtime) unlock() {
	for _, n := range rt.spendable() {
		spent := &rt.pauses.spent[n.index]
		spent.Store(true)
		if !rt.full(n) { // it got room before the mark, and nobody else takes that away
			spent.Store(false)
		}
	}
	rt.pauses.decide()
}

// revive notes that the claim's source may bring records again.
func (c *Claim) revive() {
	if c.node != nil && c.rt.pauses.spent[c.node.index].CompareAndSwap(true, false) {
		c.rt.noteChange()
	}
}
