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
	Held      []string // the nodes that hold records, with how many
}

func (e *StallError) Error() string {
	return fmt.Sprintf("%s/%d: %d records are unfinished, which is all that max_in_flight allows, and nothing can finish them: held by %s, "+
		"which wait for more; raise max_in_flight, or give the node a timeout or a smaller size",
		e.Topic, e.Partition, e.Records, strings.Join(e.Held, ", "))
}

// watchStall starts the look-out for a standstill that nothing can end: every
// claim is full, and all that is unfinished is held by operators without a
// timer. The returned function ends it.
func (rt *Runtime) watchStall(ctx context.Context) func() {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(stallLook)
		defer ticker.Stop()
		before, same := int64(0), 0
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := rt.standstill()
			if now == 0 || now != before {
				before, same = now, 0
				continue
			}
			if same++; same == stallLooks {
				rt.halt(rt.stall())
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// standstill is 0 as long as something can move by itself; otherwise a number
// that changes when anything has moved in between.
func (rt *Runtime) standstill() int64 {
	full := rt.fullClaims()
	if len(full) == 0 || rt.moving() {
		return 0
	}
	held := int64(0)
	for _, s := range rt.stages {
		held += rt.stats[s.node.index].held.Load()
	}
	if held == 0 {
		return 0
	}
	for _, c := range full {
		if !c.over(1, 1) {
			// Sources are woken when a quarter of the bound is free. Less is free, but
			// more than that will not be.
			c.reopen()
			return 0
		}
	}
	seen := int64(1)
	for i := range rt.stats {
		seen += rt.stats[i].in.Load() + rt.stats[i].out.Load()
	}
	return seen
}

// fullClaims are the claims that wait for room; none when another claim may
// still bring records.
func (rt *Runtime) fullClaims() []*Claim {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	var full []*Claim
	for c := range rt.claims {
		switch {
		case c.ended.Load():
		case c.waiting.Load():
			full = append(full, c)
		default:
			return nil
		}
	}
	return full
}

// moving says that a lane, a stage or a writer has something to do, or a timer.
func (rt *Runtime) moving() bool {
	if rt.dispatch.moving() {
		return true
	}
	for _, s := range rt.stages {
		if !s.idle.Load() || !s.queue.empty() {
			return true
		}
	}
	for _, writers := range [][]*writer{rt.writers, rt.aside} {
		for _, w := range writers {
			if !w.node.reports && (w.moving.Load() > 0 || !w.queue.empty()) {
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
			e.Topic, e.Partition, e.Records = c.Topic, c.Partition, records
		}
	}
	for _, s := range rt.stages {
		if held := rt.stats[s.node.index].held.Load(); held > 0 {
			e.Held = append(e.Held, fmt.Sprintf("%s (%d, at %s)", s.node.Name, held, s.node.Where))
		}
	}
	return e
}
