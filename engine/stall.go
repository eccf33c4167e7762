package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// stallLook is how often the look-out looks. Two looks that see the same
// standstill make a stall.
const stallLook = time.Second

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
		var before int64
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := rt.standstill()
			if now != 0 && now == before {
				rt.halt(rt.stall())
				return
			}
			before = now
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
	rt.claimMutex.Lock()
	full := len(rt.claims) > 0
	for c := range rt.claims {
		full = full && c.waiting.Load()
	}
	rt.claimMutex.Unlock()
	if !full {
		return 0
	}
	for _, l := range rt.lanes {
		if !l.idle.Load() || !l.queue.empty() {
			return 0
		}
	}
	held := int64(0)
	for _, s := range rt.stages {
		if !s.idle.Load() || !s.queue.empty() {
			return 0
		}
		held += rt.stats[s.node.index].held.Load()
	}
	for _, writers := range [][]*writer{rt.writers, rt.aside} {
		for _, w := range writers {
			if w.moving.Load() > 0 || !w.queue.empty() {
				return 0
			}
		}
	}
	if held == 0 {
		return 0
	}
	seen := int64(1)
	for i := range rt.stats {
		seen += rt.stats[i].in.Load() + rt.stats[i].out.Load()
	}
	return seen
}

// stall describes the standstill by its first full partition.
func (rt *Runtime) stall() error {
	e := &StallError{}
	if claims := rt.Claims(); len(claims) > 0 {
		e.Topic, e.Partition, e.Records = claims[0].Topic, claims[0].Partition, claims[0].InFlight
	}
	for _, s := range rt.stages {
		if held := rt.stats[s.node.index].held.Load(); held > 0 {
			e.Held = append(e.Held, fmt.Sprintf("%s (%d, at %s)", s.node.Name, held, s.node.Where))
		}
	}
	return e
}
