package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"waterhealer/engine"
)

// Taps let people look at records on their way through the nodes of a graph.
//
// They never slow the pipeline. A node that nobody looks at costs one atomic
// load per record. Of one that is looked at, at most [tapSamples] records per
// [tapTick] are written down, and filters are tried on [tapLooks]; all of that may
// take [tapTime], and what takes longer, as a filter that is much work or a record
// that is huge, is made up for by looking away. The rest goes by, and who reads too
// slowly misses more.
type Taps struct {
	filter func(source string) (func(*engine.Record) (bool, error), error)
	hidden bool
	nodes  map[string]*tap

	mu      sync.Mutex
	ended   bool
	running chan struct{} // receives when a tap is looked at that nobody looked at
}

const (
	tapTick    = 100 * time.Millisecond
	tapSamples = 10
	tapLooks   = 500
	tapTime    = tapTick / 50
	// tapBacklog is how many samples may wait for a reader.
	tapBacklog = 100
	// tapKept is how many records a node with `inspect: true` keeps.
	tapKept = 20
)

// ErrHidden says that values are not shown.
var ErrHidden = errors.New("values are hidden: start the pipeline with --http-show-values")

// tap is the tap of one node.
type tap struct {
	node    string
	watched atomic.Int32 // who looks, and one for `inspect: true`
	samples atomic.Int32 // how many may be written down in this tick
	looks   atomic.Int32 // how many may be tried on a filter
	time    atomic.Int64 // nanoseconds that looking may take; below 0 where it took more

	mu      sync.Mutex
	readers []*tapReader
	keeps   bool
	kept    []Sample // the last ones, the oldest first
}

// tapReader is somebody who looks at a node.
type tapReader struct {
	out     chan Sample
	holds   func(*engine.Record) (bool, error) // nil is all
	left    int                                // -1 is without a limit
	stopped bool                               // out is closed
}

// NewTaps puts a tap on every node of a graph that does not run yet. filter
// compiles the expression of who looks; hidden refuses all, and costs nothing.
func NewTaps(graph *engine.Graph, filter func(source string) (func(*engine.Record) (bool, error), error), hidden bool) *Taps {
	t := &Taps{filter: filter, hidden: hidden, nodes: make(map[string]*tap), running: make(chan struct{}, 1)}
	if hidden {
		return t
	}
	for _, n := range graph.Nodes {
		if outputOf(n) != "" {
			continue
		}
		at := t.nodes[n.Name]
		if at == nil {
			at = &tap{node: n.Name}
			at.time.Store(int64(tapTime))
			t.nodes[n.Name] = at
		}
		if n.Inspect && !at.keeps {
			at.keeps = true
			at.watched.Add(1)
			t.wake()
		}
		before := n.Tap
		n.Tap = func(r *engine.Record, branch int) {
			if before != nil {
				before(r, branch)
			}
			if at.watched.Load() > 0 {
				at.see(r)
			}
		}
	}
	for _, n := range graph.Nodes {
		if sink := t.nodes[outputOf(n)]; sink != nil && t.nodes[n.Name] == nil {
			t.nodes[n.Name] = sink // what its sink gets
		}
	}
	return t
}

// outputOf is the sink that has a node as one of its outputs, "" where none has.
func outputOf(n *engine.Node) string {
	if n.Role != engine.RoleOutput || n.Sink == n.Name {
		return ""
	}
	return n.Sink
}

// Run gives out what taps may show, until ctx is done; then it ends them all.
func (t *Taps) Run(ctx context.Context) {
	ticker := time.NewTicker(tapTick)
	defer ticker.Stop()
	defer t.end()
	for {
		busy := false
		for _, at := range t.nodes {
			if at.watched.Load() > 0 {
				busy = true
				at.refill()
			}
		}
		tick := ticker.C
		if !busy {
			tick = nil // nothing to do before somebody looks
		}
		select {
		case <-tick:
		case <-t.running:
		case <-ctx.Done():
			return
		}
	}
}

func (t *Taps) wake() {
	select {
	case t.running <- struct{}{}:
	default:
	}
}

func (t *Taps) end() {
	t.mu.Lock()
	t.ended = true
	t.mu.Unlock()
	for _, at := range t.nodes {
		at.mu.Lock()
		for _, reader := range at.readers {
			reader.stop()
		}
		at.readers = nil
		at.mu.Unlock()
	}
}

// Names are the nodes that have a tap, sorted.
func (t *Taps) Names() []string {
	names := make([]string, 0, len(t.nodes))
	for name := range t.nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Tap is [Pipeline.Tap]. A node that is inspected begins with its last records.
func (t *Taps) Tap(ctx context.Context, node, filter string, limit int) (<-chan Sample, error) {
	if t.hidden {
		return nil, ErrHidden
	}
	at := t.nodes[node]
	if at == nil {
		return nil, fmt.Errorf("there is no node %q; there are %s", node, strings.Join(t.Names(), ", "))
	}
	reader := &tapReader{left: limit}
	if limit <= 0 {
		reader.left = -1
	}
	if filter != "" {
		var err error
		if reader.holds, err = t.filter(filter); err != nil {
			return nil, fmt.Errorf("filter: %w", err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	reader.out = make(chan Sample, tapKept+tapBacklog)
	if t.ended {
		reader.stop()
		return reader.out, nil
	}
	at.join(reader)
	t.wake()
	context.AfterFunc(ctx, func() { at.leave(reader) })
	return reader.out, nil
}

// join adds a reader and gives it what is kept.
func (at *tap) join(reader *tapReader) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if reader.holds == nil { // what is kept is no record any more
		for _, s := range at.kept {
			reader.give(s)
		}
	}
	if reader.stopped {
		return
	}
	at.readers = append(at.readers, reader)
	if at.watched.Add(1) == 1 { // until the first tick
		at.samples.Store(tapSamples)
		at.looks.Store(tapLooks)
	}
}

// refill begins a tick.
func (at *tap) refill() {
	at.samples.Store(tapSamples)
	at.looks.Store(tapLooks)
	if left := at.time.Add(int64(tapTime)); left > int64(tapTime) {
		at.time.Add(int64(tapTime) - left) // time is not saved up
	}
}

// leave takes a reader away, if it is still there.
func (at *tap) leave(reader *tapReader) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.drop(reader)
}

// drop is leave for who has the lock.
func (at *tap) drop(reader *tapReader) {
	i := slices.Index(at.readers, reader)
	if i < 0 {
		return
	}
	at.readers = slices.Delete(at.readers, i, i+1)
	at.watched.Add(-1)
	reader.stop()
}

// see shows a record to all who look. It runs in the goroutine that carries the
// record, which it must not hold up.
func (at *tap) see(r *engine.Record) {
	if at.samples.Load() <= 0 || at.time.Load() <= 0 || at.looks.Add(-1) < 0 {
		return
	}
	if !at.mu.TryLock() { // another lane is at it
		return
	}
	defer at.mu.Unlock()
	began := time.Now()
	defer func() { at.time.Add(-int64(time.Since(began))) }()
	var wanting []*tapReader
	for _, reader := range at.readers {
		if reader.wants(r) {
			wanting = append(wanting, reader)
		}
	}
	if len(wanting) == 0 && !at.keeps {
		return
	}
	at.samples.Add(-1)
	s := sampleOf(at.node, r)
	if at.keeps {
		if len(at.kept) == tapKept {
			at.kept = slices.Delete(at.kept, 0, 1)
		}
		at.kept = append(at.kept, s)
	}
	for _, reader := range wanting {
		if reader.give(s); reader.stopped {
			at.drop(reader)
		}
	}
}

// wants tries the filter. A record that it fails on is not what was asked for.
func (reader *tapReader) wants(r *engine.Record) (holds bool) {
	if reader.holds == nil {
		return true
	}
	defer func() {
		if recover() != nil { // a filter of who looks must not end the pipeline
			holds = false
		}
	}()
	holds, err := reader.holds(r)
	return err == nil && holds
}

// give sends a sample if there is room, and ends the reader with its last one.
func (reader *tapReader) give(s Sample) {
	if reader.stopped {
		return
	}
	select {
	case reader.out <- s:
	default:
		return
	}
	if reader.left > 0 {
		if reader.left--; reader.left == 0 {
			reader.stop()
		}
	}
}

func (reader *tapReader) stop() {
	if !reader.stopped {
		reader.stopped = true
		close(reader.out)
	}
}
