package engine

import "time"

// When the input is over, a writer may hold records that wait for a failed one.
// Whether anything will still let them go is known once nothing moves: all
// lanes and stages are done, and no writer has anything that it could write.
// As writers look at what they hold one by one, whatever may let held records
// go counts as an event, and only looks since the last event count.

// push gives an item to a node from beside the graph. The caller is itself
// still moving.
func (rt *Runtime) push(n *Node, it item) {
	rt.queues[n.index].push([]item{it})
	rt.events.Add(1)
	rt.queues[n.index].wake()
}

// stir says that records which writers hold may have been let go.
func (rt *Runtime) stir() {
	rt.events.Add(1)
	rt.wakeWriters()
}

// wakeWriters lets every writer look again at what it holds.
func (rt *Runtime) wakeWriters() {
	for _, w := range rt.writers {
		w.queue.wake()
	}
	for _, w := range rt.aside {
		w.queue.wake()
	}
}

// wakeSyncers lets writers look whether sources wait for their sync.
func (rt *Runtime) wakeSyncers() {
	for _, writers := range [][]*writer{rt.writers, rt.aside} {
		for _, w := range writers {
			if w.syncer != nil {
				w.queue.wake()
			}
		}
	}
}

// upstreamDone is called when a lane or a stage has ended.
func (rt *Runtime) upstreamDone() {
	rt.events.Add(1) // before, so that nobody takes the end for one without news
	rt.upstream.Add(-1)
	rt.stir()
}

// stuck says that nothing is on its way any more: what writers still hold
// waits for records that will not be finished in this run. Reports wait for
// nothing and free nothing.
func (rt *Runtime) stuck() bool {
	now := rt.events.Load()
	if rt.upstream.Load() > 0 {
		return false
	}
	for _, writers := range [][]*writer{rt.writers, rt.aside} {
		for _, w := range writers {
			if !w.node.reports && !w.quietAt(now) {
				return false
			}
		}
	}
	return rt.upstream.Load() == 0 && rt.events.Load() == now
}

// quietAt says that the writer has looked since the last event and found
// nothing that it can write.
func (w *writer) quietAt(event int64) bool {
	return w.done.Load() || w.looked.Load() >= event && w.moving.Load() == 0 && w.queue.empty()
}

// publish says how many entries of this writer can get on by themselves.
func (w *writer) publish(inHand int) {
	n := inHand + len(w.unsynced)
	var next *entry
	var now time.Time
	if len(w.ready)+len(w.lineups) > 0 {
		now = w.rt.clock.Now()
	}
	if !w.gone(now) {
		n += len(w.ready)
	}
	waiting := len(w.ready)
	for _, l := range w.lineups {
		waiting += len(l.entries)
		if l.held() || w.leaves(l, now) {
			continue
		}
		n += len(l.entries)
		if head := &l.entries[0]; head.trouble != nil && (next == nil || head.trouble.since.Before(next.trouble.since)) {
			next = head
		}
	}
	w.moving.Store(int64(n))
	w.waiting.Store(int64(waiting))
	if inHand == 0 { // what is in hand is tried right now, and may come back
		w.tries(next)
	}
}

// look ends a look at everything there is, which began at an event. When it
// leaves nothing to do, those that wait for that are told. What was to be tried
// again may have come to stand behind a failure elsewhere since the last look.
func (w *writer) look(event int64, worked bool) {
	worked = worked || w.moved || w.moving.Load() > 0
	w.publish(0)
	w.moved = w.moving.Load() > 0
	worked = w.looked.Swap(event) != event || worked
	if worked && w.moving.Load() == 0 && w.rt.upstream.Load() == 0 {
		w.rt.wakeWriters()
	}
}

// leave ends the writer: what it still holds stays unfinished.
func (w *writer) leave() {
	w.unsynced, w.handed = nil, w.handed.takeBack()
	w.tellLeft()
	w.done.Store(true)
	w.rt.wakeWriters()
}
