package engine

import (
	"time"

	"waterhealer/healer"
)

// Whereabouts is where a record is that is not finished.
type Whereabouts struct {
	Node  *Node  // nil is not known: it moves
	Doing string // "held", "writing", "waits for a try", …
	// Of the tries that have failed.
	Attempts int
	Err      error
	NextTry  time.Time // zero where no time is set
}

// place names what a record waits for.
const (
	waitsWorker   = "waits for a worker"
	waitsHeld     = "held"
	waitsTry      = "waits for a try"
	waitsBehind   = "waits behind a failed record"
	waitsQueued   = "waits to be written"
	waitsSync     = "waits for a sync"
	waitsLetter   = "waits for its dead letter"
	waitsRest     = "failed, waits for what else is made of it"
	haltsPipeline = "failed, halts the pipeline"
)

// located is what was found when somebody looked last.
type located = map[*healer.Ack]Whereabouts

// Locate looks where the heads of claims are that are older than a while. What
// writers hold is only known at the next look, as only they may look at it.
// [Runtime.Progress] tells what was found.
func (rt *Runtime) Locate(older time.Duration) {
	if rt.turns != nil {
		return // who is woken there takes a turn
	}
	now := rt.clock.Now()
	heads := make(map[*healer.Ack]*Claim)
	for _, c := range rt.held() {
		head := c.tracker.OldestUnfinished()
		if head == nil {
			continue
		}
		if at := c.ages.of(head.Offset); !at.IsZero() && now.Sub(at) >= older {
			heads[head] = c
		}
	}
	if len(heads) == 0 {
		rt.found.Store(nil)
		return
	}
	found := make(located, len(heads))
	rt.locateHeld(heads, found)
	rt.locateCalls(heads, found)
	rt.locateWriters(heads, found)
	rt.locateFailed(heads, found)
	rt.found.Store(&found)
}

// locateHeld finds heads that no lane has taken yet. Of the others it finds the
// operator that may hold them: the first below the source that holds anything.
// What else is found says it better.
func (rt *Runtime) locateHeld(heads map[*healer.Ack]*Claim, found located) {
	holding := make(map[*Node]*Node) // by source
	for head, c := range heads {
		if rt.dispatch.queuedBy(c, head.Offset) {
			found[head] = Whereabouts{Node: c.node, Doing: waitsWorker}
			continue
		}
		at, known := holding[c.node]
		if !known && c.node != nil {
			at = rt.holdingBelow(c.node)
			holding[c.node] = at
		}
		if at != nil {
			found[head] = Whereabouts{Node: at, Doing: waitsHeld}
		}
	}
}

// queuedBy says that a claim's record waits for a lane. Of keys that have strands
// of their own it is not known.
func (d *dispatch) queuedBy(c *Claim, offset int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := c.strands.whole.first
	return first != nil && first.record.seq <= offset
}

func (rt *Runtime) holdingBelow(source *Node) *Node {
	below := map[*Node]bool{source: true}
	for _, n := range rt.graph.Nodes {
		if !below[n] {
			continue
		}
		if n.State && rt.stats[n.index].held.Load() > 0 {
			return n
		}
		for _, e := range n.edges {
			below[e.to] = true
		}
	}
	return nil
}

// locateCalls finds heads in calls of operators that are under way.
func (rt *Runtime) locateCalls(heads map[*healer.Ack]*Claim, found located) {
	rt.eachPulse(func(p *pulse) {
		what, n, r := p.doing(), p.node.Load(), p.record.Load()
		if what == "" || n == nil || r == nil || n.Role == RoleOutput {
			return
		}
		r.leaves(func(leaf *healer.Ack) {
			if heads[leaf] != nil {
				found[leaf] = Whereabouts{Node: n, Doing: what}
			}
		})
	})
}

// locateWriters finds heads that outputs write right now, and those that
// writers held when they looked last; then it asks them to look again.
func (rt *Runtime) locateWriters(heads map[*healer.Ack]*Claim, found located) {
	for _, w := range rt.allWriters() {
		if held := w.holds.Load(); held != nil {
			for ack, where := range *held {
				if heads[ack] != nil {
					found[ack] = where
				}
			}
		}
		if slice := w.inHand.Load(); slice != nil {
			for _, r := range *slice {
				if r.ack == nil && r.Batch == nil {
					continue // a letter or a report
				}
				r.leaves(func(leaf *healer.Ack) {
					if heads[leaf] == nil {
						return
					}
					where := found[leaf] // with the error of the last try, if that was here
					if where.Node != w.node {
						where = Whereabouts{Node: w.node}
					}
					where.Doing, where.NextTry = doingWrite, time.Time{}
					found[leaf] = where
				})
			}
		}
		asked := make(map[*healer.Ack]struct{}, len(heads))
		for ack := range heads {
			asked[ack] = struct{}{}
		}
		w.asked.Store(&asked)
		w.queue.wake()
	}
}

// locateFailed finds heads whose tries have ended.
func (rt *Runtime) locateFailed(heads map[*healer.Ack]*Claim, found located) {
	rt.failMutex.Lock()
	defer rt.failMutex.Unlock()
	for ack := range heads {
		known := rt.failed[ack]
		if known == nil {
			continue
		}
		f := known.worst()
		where := Whereabouts{Node: f.node, Attempts: f.Attempts, Err: f.Err}
		switch {
		case !known.decided:
			where.Doing = waitsRest
		case f.Then == ThenDeadLetter:
			where.Doing = waitsLetter
			if at := found[ack]; at.Node == f.node.Policy.DeadLetter { // the letter itself waits
				where = at
			}
		default:
			where.Doing = haltsPipeline
		}
		found[ack] = where
	}
}

// tellHolds answers [Runtime.Locate]: of the records that were asked for, it
// tells those that the writer holds.
func (w *writer) tellHolds() {
	asked := w.asked.Swap(nil)
	if asked == nil {
		return
	}
	held := make(located)
	tell := func(e *entry, where Whereabouts) {
		see := func(leaf *healer.Ack) {
			if _, wanted := (*asked)[leaf]; wanted {
				held[leaf] = where
			}
		}
		switch {
		case e.letter != nil:
			see(e.letter)
		case e.record.ack != nil || e.record.Batch != nil:
			e.record.leaves(see)
		}
	}
	budget := holdsLooked
	look := func(entries []entry, doing string) {
		for i := range entries[:min(len(entries), budget)] {
			tell(&entries[i], Whereabouts{Node: w.node, Doing: doing})
		}
		budget -= min(len(entries), budget)
	}
	look(w.unsynced, waitsSync)
	for _, l := range w.lineups {
		for i := range l.entries[:min(len(l.entries), budget)] {
			e := &l.entries[i]
			where := Whereabouts{Node: w.node, Doing: waitsBehind}
			if t := e.trouble; t != nil {
				where = Whereabouts{Node: w.node, Doing: waitsTry, Attempts: t.tries, Err: t.err, NextTry: laterOf(t.due, w.away)}
			}
			tell(e, where)
		}
		budget -= min(len(l.entries), budget)
	}
	look(w.ready, waitsQueued)
	w.holds.Store(&held)
}

// holdsLooked is how many entries a writer looks at when it is asked.
const holdsLooked = 20_000
