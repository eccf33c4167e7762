package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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
	mu     sync.Mutex
	mode   endMode
	reason error
	halted chan struct{}
}

// Result is how a run ended.
type Result struct {
	// Halted is why the pipeline halted; nil when it ended by itself or was stopped.
	Halted error
	// Forced is true when the shutdown timeout ended work that was under way.
	Forced bool
	// Claims is where the claims stood before the sources gave them up.
	Claims []ClaimStatus
	Nodes  []NodeStats
}

// halt stops the pipeline: no more records are taken, order units that have
// not failed finish what is in flight. The first reason counts.
func (rt *Runtime) halt(reason error) {
	rt.end.mu.Lock()
	if rt.end.reason == nil {
		rt.end.reason = reason
		rt.end.mode = endHalt
		if rt.end.halted != nil {
			close(rt.end.halted)
		}
	}
	rt.end.mu.Unlock()
	rt.stopSources()
	rt.wakeAll()
}

func (rt *Runtime) ending() endMode {
	rt.end.mu.Lock()
	defer rt.end.mu.Unlock()
	return rt.end.mode
}

// setEnding notes how the run ends; a halt stays a halt.
func (rt *Runtime) setEnding(mode endMode) {
	rt.end.mu.Lock()
	defer rt.end.mu.Unlock()
	if rt.end.mode != endHalt {
		rt.end.mode = mode
	}
}

// Run opens the outputs, runs the sources and everything behind them, and
// returns when all is drained, committed and closed. A done ctx is the signal
// to stop. The error is one of starting; how the run itself ended is the result.
func (rt *Runtime) Run(ctx context.Context) (Result, error) {
	// Outputs start before sources and stop after them, so that nothing is read
	// that could not be written.
	closeOutputs, err := rt.openOutputs(ctx)
	if err != nil {
		return Result{}, err
	}
	hard, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	rt.end.halted = make(chan struct{})

	var workers, writers, letters, reports errgroup.Group
	rt.start(hard, &workers, &writers)
	rt.startAside(hard, &letters, &reports)
	watch := rt.watchStall(hard)

	rt.runSources(ctx)
	forced := rt.watchStop(ctx, kill)
	rt.endIntake()
	_ = workers.Wait()
	_ = writers.Wait()
	rt.endAside(rt.letterNodes())
	_ = letters.Wait()
	watch()

	result := Result{Claims: rt.Claims()}
	rt.closeSources(ctx)
	rt.endAside(rt.reportNodes())
	_ = reports.Wait()
	result.Forced = forced()
	closeOutputs()
	rt.end.mu.Lock()
	result.Halted = rt.end.reason
	rt.end.mu.Unlock()
	result.Nodes = rt.Stats()
	return result, nil
}

// openOutputs opens all outputs in order; the first error closes those that
// are open.
func (rt *Runtime) openOutputs(ctx context.Context) (closeAll func(), err error) {
	var open []*Node
	closeAll = func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		for _, n := range open {
			if err := n.Output.Close(closing); err != nil {
				rt.log.Error("output did not close", "node", n.Name, "error", err)
			}
		}
	}
	for _, n := range rt.graph.Nodes {
		if n.Role != RoleOutput {
			continue
		}
		if err := n.Output.Open(ctx); err != nil {
			closeAll()
			return nil, &NodeError{Node: n.Name, Where: n.Where, Err: err}
		}
		open = append(open, n)
	}
	return closeAll, nil
}

// start runs lanes, stages and writers. Each goroutine tells the queues it
// feeds when it is done, so that they end in the graph's order.
func (rt *Runtime) start(hard context.Context, workers, writers *errgroup.Group) {
	for _, l := range rt.lanes {
		workers.Go(func() error {
			defer rt.upstreamDone()
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
			defer rt.upstreamDone()
			s.run(hard)
			rt.endSender(s.node)
			return nil
		})
	}
	for _, w := range rt.writers {
		writers.Go(func() error {
			w.run(hard)
			return nil
		})
	}
}

func (rt *Runtime) upstreamDone() {
	rt.upstream.Add(-1)
	rt.wakeWriters()
}

// startAside runs the writers of dead letters and of reports.
func (rt *Runtime) startAside(hard context.Context, letters, reports *errgroup.Group) {
	isReport := make(map[*Node]bool)
	for _, n := range rt.reportNodes() {
		isReport[n] = true
	}
	for _, w := range rt.aside {
		group := letters
		if isReport[w.node] {
			group = reports
		}
		group.Go(func() error {
			w.run(hard)
			return nil
		})
	}
}

func (rt *Runtime) reportNodes() []*Node {
	var out []*Node
	for _, n := range rt.graph.Nodes {
		if n.Report != nil && !slices.Contains(out, n.Report) {
			out = append(out, n.Report)
		}
	}
	return out
}

func (rt *Runtime) letterNodes() []*Node {
	reports := rt.reportNodes()
	var out []*Node
	for _, n := range rt.graph.Nodes {
		if n.aside && !slices.Contains(reports, n) {
			out = append(out, n)
		}
	}
	return out
}

func (rt *Runtime) endAside(nodes []*Node) {
	for _, n := range nodes {
		rt.queues[n.index].end()
	}
}

// runSources runs all sources until each has returned.
func (rt *Runtime) runSources(ctx context.Context) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	rt.end.mu.Lock()
	rt.stopSources = stop
	halted := rt.end.reason != nil
	rt.end.mu.Unlock()
	if halted {
		return
	}
	var group errgroup.Group
	for _, s := range rt.graph.Sources {
		group.Go(func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("internal error in a source: %v", p)
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					rt.halt(err)
				}
			}()
			return s.Run(running, rt)
		})
	}
	_ = group.Wait()
	if ctx.Err() != nil {
		rt.setEnding(endSignal)
		return
	}
	rt.setEnding(endInput)
}

// watchStop ends the run by force when it takes longer than the shutdown
// timeout after a signal or a halt. At the end of input there is no such limit
// until a signal comes. The returned function ends the watch and says whether
// force was used.
func (rt *Runtime) watchStop(ctx context.Context, kill context.CancelFunc) func() bool {
	done := make(chan struct{})
	result := make(chan bool, 1)
	go func() {
		select {
		case <-ctx.Done():
		case <-rt.end.halted:
		case <-done:
			result <- false
			return
		}
		timeout := time.NewTimer(rt.graph.ShutdownTimeout)
		defer timeout.Stop()
		select {
		case <-timeout.C:
			rt.log.Warn("shutdown timeout: work under way is given up, unfinished", "timeout", rt.graph.ShutdownTimeout)
			kill()
			result <- true
		case <-done:
			result <- false
		}
	}()
	return func() bool {
		close(done)
		return <-result
	}
}

// endIntake ends the lanes' queues: everything that follows ends by itself.
func (rt *Runtime) endIntake() {
	rt.intakeMutex.Lock()
	rt.intakeEnded = true
	rt.intakeMutex.Unlock()
	for _, l := range rt.lanes {
		l.queue.end()
	}
}

// closeSources lets each source commit and give up its claims. Even after a
// forced end there is time for that.
func (rt *Runtime) closeSources(ctx context.Context) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), max(rt.graph.ShutdownTimeout, 5*time.Second))
	defer cancel()
	var group errgroup.Group
	for _, s := range rt.graph.Sources {
		group.Go(func() error {
			if err := s.Close(closing); err != nil {
				rt.halt(fmt.Errorf("close: %w", err))
			}
			return nil
		})
	}
	_ = group.Wait()
}

func sortClaims(claims []ClaimStatus) {
	slices.SortFunc(claims, func(a, b ClaimStatus) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}
