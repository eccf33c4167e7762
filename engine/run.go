package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Result is how a run ended.
type Result struct {
	// Halted is why the pipeline halted; nil when it ended by itself or was stopped.
	Halted error
	// Stopped is the rule of Graph.Supervise that stopped it; nil when none did.
	Stopped *Stopped
	// Forced is true when work that was under way was given up: at the shutdown
	// timeout or, where writes failed, after a signal.
	Forced bool
	// Claims is where the claims stood before the sources gave them up.
	Claims []ClaimStatus
	Nodes  []NodeStats
}

// Run opens the outputs, runs the sources and everything behind them, and
// returns when all is drained, committed and closed. A done ctx is the signal
// to stop, as is a rule of Graph.Supervise. The error is one of starting; how the run itself ended is the result.
func (rt *Runtime) Run(ctx context.Context) (Result, error) {
	// Outputs start before sources and stop after them, so that nothing is read
	// that could not be written.
	ctx, unwatched := rt.supervise(ctx)
	defer unwatched()
	closeOutputs, err := rt.openOutputs(ctx)
	if err != nil {
		return Result{}, err
	}
	hard, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	running, stop := context.WithCancel(ctx)
	defer stop()
	rt.stopSources, rt.kill = stop, kill
	rt.opened.Store(true)
	defer rt.finished.Store(true)

	var workers, writers, letters, reports errgroup.Group
	rt.start(hard, &workers, &writers)
	reporting, endReporting := context.WithCancel(hard)
	defer endReporting()
	rt.startAside(hard, reporting, &letters, &reports)
	watch := func() {}
	if _, virtual := rt.clock.(*VirtualClock); !virtual { // what waits there waits for the next step
		watch = rt.lookOut(ctx, hard)
	}
	forced := rt.watchStop(ctx, kill)

	rt.runSources(ctx, running)
	rt.endIntake()
	rt.await(&workers)
	rt.await(&writers)
	rt.endAside(func(n *Node) bool { return !n.reports })
	rt.await(&letters)
	watch()

	result := Result{Claims: rt.Claims(), Forced: forced() || rt.gaveUp.Load()}
	rt.closeSources(ctx)
	rt.endAside(func(n *Node) bool { return n.reports })
	rt.awaitReports(ctx, &reports, endReporting)
	closeOutputs()
	result.Halted, result.Stopped = rt.end.why(), rt.stopped.Load()
	result.Nodes = rt.Stats()
	return result, nil
}

// awaitReports lets reports that wait be written. They hold nothing, least of
// all the end.
func (rt *Runtime) awaitReports(ctx context.Context, reports *errgroup.Group, end context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rt.left(1))
	defer cancel()
	defer context.AfterFunc(ctx, end)()
	rt.within(ctx, func() { _ = reports.Wait() })
}

// openOutputs opens all outputs in order; the first error closes those that
// are open.
func (rt *Runtime) openOutputs(ctx context.Context) (closeAll func(), err error) {
	var open []*Node
	closeAll = func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(rt.left(0), rt.graph.closeTime()))
		defer cancel()
		for _, n := range open {
			rt.closeOutput(closing, n)
		}
	}
	for _, n := range rt.graph.Nodes {
		if n.Role != RoleOutput {
			continue
		}
		if err := safely("an output", func() error { return n.Output.Open(ctx) }); err != nil {
			closeAll()
			return nil, &NodeError{Node: n.Name, Where: n.Where, Err: err}
		}
		open = append(open, n)
	}
	return closeAll, nil
}

// closeOutput closes an output, unless a call of it never returned.
func (rt *Runtime) closeOutput(ctx context.Context, n *Node) {
	for _, writers := range [][]*writer{rt.writers, rt.aside} {
		for _, w := range writers {
			if w.node == n && w.pulse.doing() != "" {
				rt.log.Warn("an output is not closed: a call of it has not returned", "node", n.Name)
				return
			}
		}
	}
	var err error
	if !rt.within(ctx, func() { err = safely("an output", func() error { return n.Output.Close(ctx) }) }) {
		rt.log.Error("output did not close in time", "node", n.Name)
		return
	}
	if err != nil {
		rt.log.Error("output did not close", "node", n.Name, "error", err)
	}
}

// start runs lanes, stages and writers. Each goroutine tells the queues it
// feeds when it is done, so that they end in the graph's order.
func (rt *Runtime) start(hard context.Context, workers, writers *errgroup.Group) {
	for _, l := range rt.lanes {
		workers.Go(func() error {
			defer l.leave()
			defer rt.upstreamDone()
			l.enter(hard)
			l.run(hard)
			for _, n := range rt.graph.Nodes {
				if n.Role == RoleSource {
					rt.endSender(n)
				}
			}
			return nil
		})
	}
	for _, s := range rt.stages {
		workers.Go(func() error {
			defer s.queue.leave()
			defer rt.upstreamDone()
			s.queue.enter(hard)
			s.run(hard)
			rt.endSender(s.node)
			return nil
		})
	}
	for _, w := range rt.writers {
		writers.Go(func() error {
			defer w.queue.leave()
			w.queue.enter(hard)
			w.run(hard)
			return nil
		})
	}
}

// startAside runs the writers of dead letters and of reports.
func (rt *Runtime) startAside(hard, reporting context.Context, letters, reports *errgroup.Group) {
	for _, w := range rt.aside {
		ctx, group := hard, letters
		if w.node.reports {
			ctx, group = reporting, reports
		}
		group.Go(func() error {
			defer w.queue.leave()
			w.queue.enter(ctx)
			w.run(ctx)
			return nil
		})
	}
}

// endAside ends the queues of nodes that get their records from beside the
// graph.
func (rt *Runtime) endAside(which func(*Node) bool) {
	for _, w := range rt.aside {
		if which(w.node) {
			w.queue.end()
		}
	}
}

// runSources runs all sources until each has returned.
func (rt *Runtime) runSources(ctx, running context.Context) {
	var group errgroup.Group
	for i, s := range rt.graph.Sources {
		group.Go(func() error {
			err := safely("a source", func() error { return s.Run(running, sourceIntake{Runtime: rt, source: i}) })
			if err != nil && !(running.Err() != nil && errors.Is(err, running.Err())) {
				rt.halt(err)
			}
			rt.endClaims(i)
			rt.turns.set(i, sourceEnded)
			return nil
		})
	}
	rt.await(&group)
	rt.over.Store(true)
	rt.noteChange()
	if ctx.Err() != nil {
		rt.end.set(endSignal)
		return
	}
	rt.end.set(endInput)
}

// endClaims notes that a source brings nothing more.
func (rt *Runtime) endClaims(source int) {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	for c := range rt.claims {
		if c.source == source {
			c.End()
		}
	}
}

// endIntake lets the lanes end: everything that follows ends by itself.
func (rt *Runtime) endIntake() {
	rt.intakeMutex.Lock()
	rt.intakeEnded = true
	rt.intakeMutex.Unlock()
	rt.dispatch.end()
}

// closeSources lets each source commit and give up its claims. Even after a
// forced end there is time for that.
func (rt *Runtime) closeSources(ctx context.Context) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), rt.left(2))
	defer cancel()
	var group errgroup.Group
	for _, s := range rt.graph.Sources {
		group.Go(func() error {
			if err := safely("a source", func() error { return s.Close(closing) }); err != nil {
				rt.halt(fmt.Errorf("close: %w", err))
			}
			return nil
		})
	}
	if !rt.within(closing, func() { _ = group.Wait() }) {
		rt.halt(errors.New("close: a source did not end in time"))
	}
}

func sortClaims(claims []ClaimStatus) {
	slices.SortFunc(claims, func(a, b ClaimStatus) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}
