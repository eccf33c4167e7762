package engine

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// endMode is how a run comes to its end.
type endMode int

const (
	endNone   endMode = iota
	endInput          // every source has ended
	endSignal         // the caller's context is done
	endHalt           // a record or a node cannot go on
)

// ending is how the run ends and why it halted.
type ending struct {
	mu       sync.Mutex
	mode     endMode
	reason   error
	listed   error         // the first failure that a run went on after
	halted   chan struct{} // closed by the first halt
	deadline time.Time     // of the whole stop, once it began
	// abandoned is closed when what does not even return by force is left behind.
	abandoned chan struct{}
}

// halt stops the pipeline: no more records are taken, order units that have
// not failed finish what is in flight. The first reason counts.
func (rt *Runtime) halt(reason error) {
	rt.end.mu.Lock()
	if rt.end.reason == nil {
		rt.end.reason = reason
		rt.end.mode = endHalt
		close(rt.end.halted)
	}
	rt.end.mu.Unlock()
	rt.turns.close(true)
	rt.stopSources()
	rt.wakeAll()
}

// list notes a failure that would have halted the pipeline.
func (e *ending) list(failure error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.listed == nil {
		e.listed = failure
	}
}

// why is what halted the pipeline, nil when nothing did.
func (e *ending) why() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reason != nil {
		return e.reason
	}
	return e.listed
}

func (rt *Runtime) ending() endMode {
	rt.end.mu.Lock()
	defer rt.end.mu.Unlock()
	return rt.end.mode
}

// set notes how the run ends; a halt stays a halt.
func (e *ending) set(mode endMode) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.mode != endHalt {
		e.mode = mode
	}
}

// closeShare is what of the shutdown timeout is kept for the end of the stop, and
// the most that it needs. It has closeParts parts: the first is for calls to
// return that were ended by force, the last two are for reports and for closing
// outputs, and what lies between is for the sources' last commits.
const (
	closeShare = 5
	closeMost  = 5 * time.Second
	closeParts = 5
)

func (g *Graph) closeTime() time.Duration { return min(g.ShutdownTimeout/closeShare, closeMost) }

func (g *Graph) closePart() time.Duration { return g.closeTime() / closeParts }

// watchStop ends work under way by force when the stop after a signal or a halt
// takes too long. At the end of input there is no such limit until a signal
// comes. The returned function ends the watch and says whether force was used.
func (rt *Runtime) watchStop(ctx context.Context, kill context.CancelFunc) func() bool {
	done := make(chan struct{})
	result := make(chan bool, 1)
	go func() { result <- rt.stopInTime(ctx, done, kill) }()
	return func() bool {
		close(done)
		return <-result
	}
}

func (rt *Runtime) stopInTime(ctx context.Context, done <-chan struct{}, kill context.CancelFunc) (forced bool) {
	select {
	case <-ctx.Done():
	case <-rt.end.halted:
	case <-done:
		return false
	}
	whole := rt.graph.ShutdownTimeout
	rt.end.mu.Lock()
	rt.end.deadline = time.Now().Add(whole)
	rt.end.mu.Unlock()
	timeout := time.NewTimer(whole - rt.graph.closeTime())
	defer timeout.Stop()
	if ctx.Err() != nil {
		defer time.AfterFunc(rt.endPatience(), rt.stir).Stop()
	}
	select {
	case <-timeout.C:
		rt.log.Warn("shutdown timeout: work under way is given up, unfinished", "timeout", whole)
		kill()
	case <-done:
		return false
	}
	timeout.Reset(rt.graph.closePart())
	select {
	case <-timeout.C:
		for _, s := range rt.busy() {
			rt.log.Error("a call that does not return is left behind", s.attributes()...)
		}
		close(rt.end.abandoned)
	case <-done:
	}
	return true
}

// await returns when a group of goroutines has ended, or is left behind.
func (rt *Runtime) await(group *errgroup.Group) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = group.Wait()
	}()
	select {
	case <-done:
	case <-rt.end.abandoned:
	}
}

// within runs f, which ends soon after ctx; false when it did not, and was left
// behind.
func (rt *Runtime) within(ctx context.Context, f func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	grace := time.NewTimer(rt.graph.closePart())
	defer grace.Stop()
	select {
	case <-done:
		return true
	case <-grace.C:
		return false
	}
}

// left is how much time the end of the run may still take, if so many parts of
// the time to close are kept for what follows.
func (rt *Runtime) left(parts int) time.Duration {
	rt.end.mu.Lock()
	defer rt.end.mu.Unlock()
	part := rt.graph.closePart()
	kept := part.Nanoseconds() * int64(parts)
	if rt.end.deadline.IsZero() {
		return rt.graph.ShutdownTimeout
	}
	return max(time.Until(rt.end.deadline)-time.Duration(kept), part)
}
