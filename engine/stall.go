package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// stallLook is how often the look-out looks, and stallLooks how many looks in
// a row must see the same standstill to make a stall.
const (
	stallLook  = 250 * time.Millisecond
	stallLooks = 4
)

// StallError says that nothing can free the records that hold a partition back.
type StallError struct {
	Topic     string
	Partition int32
	Records   int64
	// Setting is the bound that the partition has reached: max_in_flight, its
	// bytes, or max_ahead.
	Setting string
	Held    []string // the nodes that hold records, with how many
}

func (e *StallError) Error() string {
	bounds := map[string]string{
		settingRecords: "which is all that max_in_flight allows",
		settingBytes:   "and all the bytes are taken that max_in_flight allows",
		settingAhead:   "and max_ahead lets none be read so far beyond the first of them",
	}
	return fmt.Sprintf("%s/%d: %d records are unfinished, %s, and nothing can finish them: held by %s, "+
		"which wait for more; raise %s, or give the node a timeout or a smaller size",
		e.Topic, e.Partition, e.Records, bounds[e.Setting], strings.Join(e.Held, ", "), e.Setting)
}

// The bounds, as users know them.
const (
	settingRecords = "max_in_flight"
	settingBytes   = "the bytes of max_in_flight"
	settingAhead   = "max_ahead"
)

// lookOut starts the look-out for a standstill that nothing can end (every
// claim that could bring more is full, and all that is unfinished is held by
// operators without a timer), and for parts of the pipeline that make no
// progress. signal is done when the run is stopped. The returned function ends
// it.
func (rt *Runtime) lookOut(signal, ctx context.Context) func() {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	dog := rt.newWatchdog(signal)
	go func() {
		defer close(done)
		ticker := time.NewTicker(stallLook)
		defer ticker.Stop()
		watch := time.NewTicker(dog.interval())
		defer watch.Stop()
		var stall, deadlock stallWatch
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				rt.reopenClaims()
				if deadlock.look(rt.deadlock()) {
					rt.unlock()
				}
				if stall.look(rt.standstill()) {
					rt.halt(rt.stall())
				}
			case now := <-watch.C:
				dog.look(now)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// stallWatch counts how often the same standstill was seen.
type stallWatch struct {
	before int64
	same   int
}

// look is true once the same standstill was seen often enough.
func (s *stallWatch) look(now int64) bool {
	if now == 0 || now != s.before {
		s.before, s.same = now, 0
		return false
	}
	s.same++
	return s.same == stallLooks
}

// reopenClaims wakes sources whose claims have room. They are woken when a
// quarter of a bound is free; less may be free for good, when what holds the
// rest waits for more.
func (rt *Runtime) reopenClaims() {
	for _, c := range rt.waitingClaims() {
		if !c.over(1, 1) {
			c.reopen()
		}
	}
}

func (rt *Runtime) waitingClaims() []*Claim {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	var waiting []*Claim
	for c := range rt.claims {
		if c.waiting.Load() {
			waiting = append(waiting, c)
		}
	}
	return waiting
}

// standstill is 0 as long as something can move by itself; otherwise a number
// that changes when anything has moved in between.
func (rt *Runtime) standstill() int64 {
	if len(rt.fullClaims()) == 0 || rt.moving() {
		return 0
	}
	if _, held := rt.heldBy(); held == 0 {
		return 0
	}
	return rt.fed()
}

// fed grows with whatever nodes do that hold records or lead to such nodes; it
// is never 0. What others do frees nothing.
func (rt *Runtime) fed() int64 {
	fed := int64(1)
	feeding := rt.feeding()
	for i, n := range rt.graph.Nodes {
		if feeding[n] {
			fed += rt.stats[i].in.Load() + rt.stats[i].out.Load()
		}
	}
	return fed
}

// seen grows with whatever nodes do; it is never 0.
func (rt *Runtime) seen() int64 {
	seen := int64(1)
	for i := range rt.stats {
		seen += rt.stats[i].in.Load() + rt.stats[i].out.Load()
	}
	return seen
}

// heldBy lists the operators that hold records, and how many these are.
func (rt *Runtime) heldBy() (nodes []string, total int64) {
	for _, s := range rt.stages {
		if held := rt.stats[s.node.index].held.Load(); held > 0 {
			nodes = append(nodes, fmt.Sprintf("%s (%d, at %s)", s.node.Name, held, s.node.Where))
			total += held
		}
	}
	return nodes, total
}

// fullClaims are the claims that wait for room and whose records may reach an
// operator that holds some; none when there is such a claim that may still bring
// records, since these may be what the operator waits for, or whose reports the
// next commit lets go.
func (rt *Runtime) fullClaims() []*Claim {
	feeding := rt.feeding()
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	var full []*Claim
	for c := range rt.claims {
		switch {
		case c.ended.Load(), !feeding[c.node]:
		case c.paused():
			return nil // by an operator, for an input that may still come
		case c.waiting.Load() && !c.reports.due(c.tracker.Watermark()):
			full = append(full, c)
		default:
			return nil
		}
	}
	return full
}

// feeding are the nodes that hold records or from which one that does is reached.
func (rt *Runtime) feeding() map[*Node]bool {
	feeding := make(map[*Node]bool)
	nodes := rt.graph.Nodes
	for i := len(nodes) - 1; i >= 0; i-- { // each behind all that it leads to
		n := nodes[i]
		feeding[n] = rt.stats[i].held.Load() > 0
		for _, e := range n.edges {
			feeding[n] = feeding[n] || feeding[e.to]
		}
	}
	return feeding
}

// moving says that a lane, a stage or a writer has something to do, or a timer
// that may free what operators hold: a window may also emit that nothing came.
func (rt *Runtime) moving() bool {
	if rt.dispatch.moving() {
		return true
	}
	feeding := rt.feeding()
	for _, s := range rt.stages {
		if !s.idle.Load() || !s.queue.empty() || s.ticks.Load() && feeding[s.node] {
			return true
		}
	}
	for _, writers := range [][]*writer{rt.writers, rt.aside} {
		for _, w := range writers {
			if w.moving.Load() > 0 || !w.queue.empty() {
				return true
			}
		}
	}
	return false
}

// stall describes the standstill by the full partition that holds most.
func (rt *Runtime) stall() error {
	e := &StallError{Records: -1}
	full := rt.fullClaims()
	sort := func(a, b *Claim) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	}
	for _, c := range slices.SortedFunc(slices.Values(full), sort) {
		if records, _ := c.tracker.InFlight(); records > e.Records {
			e.Topic, e.Partition, e.Records, e.Setting = c.Topic, c.Partition, records, c.bound()
		}
	}
	e.Held, _ = rt.heldBy()
	return e
}
