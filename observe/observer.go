package observe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"waterhealer/engine"
)

var _ Pipeline = (*Observer)(nil)

// Options say what is observed.
type Options struct {
	Graph   *engine.Graph
	Version string
	// Config is the pipeline file as it may be shown: without secrets.
	Config string
	// Details are a few words on what nodes do, by [engine.Node.Where], without
	// secrets.
	Details map[string]string
	// ShowValues keeps keys, values and headers of records that fail.
	ShowValues bool
	// Taps are nil where nobody can look at records.
	Taps *Taps
	// Clock is the machine's where it is nil.
	Clock  engine.Clock
	Logger *slog.Logger
}

// Observer tells of one run of a pipeline. It is made before the run, so that
// it can be told of failures; [Observer.Watch] gives it the run.
type Observer struct {
	options Options
	clock   engine.Clock
	started time.Time
	run     string
	graph   outline

	runtime  atomic.Pointer[engine.Runtime]
	failures failures
	samples  samples
}

// New makes the observer of a graph.
func New(o Options) *Observer {
	if o.Clock == nil {
		o.Clock = engine.RealClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	id := make([]byte, 8)
	_, _ = rand.Read(id) // it never fails
	ob := &Observer{
		options: o, clock: o.Clock, started: o.Clock.Now(), run: hex.EncodeToString(id),
		failures: failures{show: o.ShowValues},
	}
	ob.graph = draw(o.Graph, o.Details)
	return ob
}

// Watch says which runtime is observed.
func (o *Observer) Watch(rt *engine.Runtime) { o.runtime.Store(rt) }

// Failed is told of failed records, see [engine.Options.OnFailure].
func (o *Observer) Failed(f *engine.Failure) { o.failures.add(f) }

const (
	// sampleInterval is how often rates are made.
	sampleInterval = time.Second
	// stuckAfter is how old the head of a claim is before somebody looks for it.
	stuckAfter = time.Second
)

// Run makes rates and history until ctx is done.
func (o *Observer) Run(ctx context.Context) {
	if o.options.Taps != nil {
		var taps sync.WaitGroup
		taps.Go(func() { o.options.Taps.Run(ctx) })
		defer taps.Wait()
	}
	for next := o.clock.Now(); ; {
		o.sample()
		next = next.Add(sampleInterval)
		if now := o.clock.Now(); next.Before(now) {
			next = now // the machine slept
		}
		due, stop := o.clock.Timer(next)
		select {
		case <-due:
			stop()
		case <-ctx.Done():
			stop()
			return
		}
	}
}

// sample looks at the counters for rates and history.
func (o *Observer) sample() {
	rt := o.runtime.Load()
	if rt == nil {
		return
	}
	rt.Locate(stuckAfter)
	groups := groupsOf(o.options.Graph)
	o.samples.add(o.takeSample(rt, groups))
}

// History is the last 15 minutes.
func (o *Observer) History() []Point { return o.samples.history() }

// Config is the pipeline file as it may be shown.
func (o *Observer) Config() string { return o.options.Config }

// Tap shows records on their way.
func (o *Observer) Tap(ctx context.Context, node, filter string, limit int) (<-chan Sample, error) {
	if o.options.Taps == nil {
		return nil, ErrHidden
	}
	return o.options.Taps.Tap(ctx, node, filter, limit)
}
