package engine

import (
	"context"
	"errors"
	"sync"

	"waterhealer/healer"
)

// Tracer follows source records through the graph. Its methods are called by
// the goroutines that carry the records. A run without one asks nothing.
type Tracer interface {
	// Taken is told of each record that a source node has read. What it returns
	// follows the record; nil is not followed.
	Taken(source *Node, r *Record) Trace
	// Call begins a node's work on a value that was made of followed records,
	// of which there is at least one. above is the call around it, nil where
	// there is none.
	Call(n *Node, above Call, r *Record, made []Trace) Call
}

// Trace follows one source record.
type Trace interface {
	// End is called once: when the record is finished, with why it failed if it
	// did, or with [ErrGivenUp].
	End(err error)
}

// Call is a node at work.
type Call interface {
	End(err error)
}

// ErrGivenUp is the end of a record that this run leaves unfinished: its claim
// was revoked, or the run ended first.
var ErrGivenUp = errors.New("left unfinished: it will be read again")

// follow asks the tracer about a record that was read.
func (rt *Runtime) follow(r *Record) {
	trace := rt.options.Tracer.Taken(r.sourceNode(), r)
	if trace == nil {
		return
	}
	entry := entrance{trace: trace}
	if r.entry != nil {
		entry = *r.entry
		entry.trace = trace
	}
	r.entry = &entry
	r.Claim.traces.add(r.ack, trace)
}

// openTraces are the followed records of a claim that are not finished.
type openTraces struct {
	mu   sync.Mutex
	open map[*healer.Ack]Trace
}

func (o *openTraces) add(ack *healer.Ack, t Trace) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = make(map[*healer.Ack]Trace)
	}
	o.open[ack] = t
}

// end ends the trace of a record, unless that was done.
func (o *openTraces) end(ack *healer.Ack, err error) {
	o.mu.Lock()
	trace := o.open[ack]
	delete(o.open, ack)
	o.mu.Unlock()
	if trace != nil {
		trace.End(err)
	}
}

// giveUp ends all.
func (o *openTraces) giveUp() {
	o.mu.Lock()
	open := o.open
	o.open = nil
	o.mu.Unlock()
	for _, trace := range open {
		trace.End(ErrGivenUp)
	}
}

// onDone is told of each record that is finished, where somebody may follow it.
func (c *Claim) onDone(ack *healer.Ack) {
	if traceOf(ack) != nil {
		c.traces.end(ack, ack.Failure())
	}
}

// traceOf is what follows a source record, nil where nothing does. The caller
// holds a reference.
func traceOf(leaf *healer.Ack) Trace {
	if source, ok := leaf.Source.(*Record); ok && source.entry != nil {
		return source.entry.trace
	}
	return nil
}

// traces are those of the source records that a value was made of.
func (r *Record) traces() []Trace {
	var out []Trace
	r.leaves(func(leaf *healer.Ack) {
		if t := traceOf(leaf); t != nil {
			out = append(out, t)
		}
	})
	return out
}

// tracing is what an executor knows of what it carries.
type tracing struct {
	tracer Tracer
	// made are the traces of all that it carries, and search says that each value
	// has its own: behind an operator with state, or in a batch.
	made   []Trace
	search bool
	above  Call // the innermost call under way
}

func (rt *Runtime) tracing() *tracing {
	if rt.options.Tracer == nil {
		return nil
	}
	return &tracing{tracer: rt.options.Tracer}
}

// traces begins to carry a record into a lane.
func (x *executor) traces(r *Record) {
	switch {
	case x.tracing == nil:
		return
	case r.Batch != nil:
		x.tracesAll()
		return
	}
	x.traced = nil
	if x.tracing.made = r.traces(); len(x.tracing.made) > 0 {
		x.traced, x.tracing.search = x.tracing, false
	}
}

// tracesAll begins to carry what may be made of other records than the one
// that comes.
func (x *executor) tracesAll() {
	if x.tracing != nil {
		x.traced, x.tracing.search = x.tracing, true
	}
}

// call calls an operator, traced and timed where it should be.
func (x *executor) call(ctx context.Context, n *Node, port int, r *Record, out *Out) error {
	if x.traced == nil {
		return x.timedCall(ctx, n, port, r, out)
	}
	t := x.traced
	made := t.made
	if t.search {
		made = r.traces()
	}
	if len(made) == 0 {
		return x.timedCall(ctx, n, port, r, out)
	}
	above := t.above
	call := t.tracer.Call(n, above, r, made)
	t.above = call
	err := x.timedCall(ctx, n, port, r, out)
	t.above = above
	call.End(err)
	return err
}

// traceWrite begins a write of those of a slice that are followed; nil is none.
func (w *writer) traceWrite(slice []entry) []Call {
	tracer := w.rt.options.Tracer
	if tracer == nil || w.node.reports {
		return nil
	}
	var calls []Call
	for i := range slice {
		e := &slice[i]
		var made []Trace
		if e.letter == nil {
			made = e.record.traces()
		} else if t := traceOf(e.letter); t != nil {
			made = []Trace{t}
		}
		if len(made) == 0 {
			continue
		}
		if calls == nil {
			calls = make([]Call, len(slice))
		}
		calls[i] = tracer.Call(w.node, nil, e.record, made)
	}
	return calls
}

// endWrite ends what traceWrite began, before anything else is done about the
// answers: with them the records may be finished.
func endWrite(calls []Call, results []error) {
	for i, call := range calls {
		if call == nil {
			continue
		}
		if results == nil {
			call.End(nil)
			continue
		}
		call.End(results[i])
	}
}
