package engine

import (
	"context"
	"errors"
	"fmt"
)

// executor runs nodes as plain function calls, on behalf of one goroutine: a
// lane or a stage. What leaves for another goroutine is collected and pushed
// once per slice.
type executor struct {
	rt     *Runtime
	counts []counts
	// outgoing are the items collected per queue, by the index of its node.
	outgoing [][]item
	touched  []*Node
	// stream numbers what an operator with state emits; nil in a lane.
	stream *stream
}

func newExecutor(rt *Runtime) *executor {
	return &executor{
		rt:       rt,
		counts:   make([]counts, len(rt.graph.Nodes)),
		outgoing: make([][]item, len(rt.graph.Nodes)),
	}
}

// stream numbers the output of an operator with state, which is an order unit
// of its own (one per key where it has keys).
type stream struct {
	gate *gate
	seq  int64
}

func (s *stream) next(key string, r *Record) (unitID, int64) {
	if s.gate == nil {
		return unitID{}, 0
	}
	s.seq++
	first := s.seq
	if r.Batch != nil {
		// Each element has a number of its own, so that the elements of one
		// batch keep their order behind a failed one.
		elements := int64(0)
		r.Elements(func(*Record) { elements++ })
		s.seq += max(elements-1, 0)
	}
	return unitID{gate: s.gate, key: hashKey(key)}, first
}

// enter takes a record from its source, with one reference.
func (x *executor) enter(ctx context.Context, r *Record) {
	n := r.Claim.node
	c := &x.counts[n.index]
	c.in++
	if r.gone() {
		r.release()
		return
	}
	decoded, err := x.decode(n, r)
	if err != nil {
		c.failed++
		x.rt.fail(n, r, err, 1)
		r.release()
		return
	}
	c.out++
	x.forward(ctx, n, decoded)
	r.release()
}

// decode makes a record's value; an element of a batch that cannot be decoded
// fails alone.
func (x *executor) decode(n *Node, r *Record) (_ *Record, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error while decoding: %v", p)
		}
	}()
	if r.early != nil {
		return nil, r.early
	}
	if n.Decode == nil || r.decoded {
		return r, nil
	}
	if r.Batch == nil {
		return r, n.Decode(r)
	}
	elements := make([]*Record, 0, len(r.Batch))
	for _, element := range r.Batch {
		if err := n.Decode(element); err != nil {
			x.counts[n.index].failed++
			x.rt.fail(n, element, err, 1)
			continue
		}
		elements = append(elements, element)
	}
	if len(elements) == len(r.Batch) {
		return r, nil
	}
	rest := *r
	rest.Batch = elements
	return &rest, nil
}

// forward passes a record to all that read n. The caller keeps its reference.
func (x *executor) forward(ctx context.Context, n *Node, r *Record) {
	if len(n.edges) == 0 {
		return
	}
	r.retain(len(n.edges))
	for _, e := range n.edges {
		x.pass(ctx, e, r)
	}
}

// pass hands a record with one reference to the node at the end of an edge.
func (x *executor) pass(ctx context.Context, e edge, r *Record) {
	switch {
	case e.to.Role == RoleHealing:
		x.heal(e.to, r)
	case e.to.Role == RoleOutput || e.to.State:
		x.put(e.to, item{port: e.port, record: r})
	default:
		x.process(ctx, e.to, e.port, r)
	}
}

func (x *executor) put(n *Node, it item) {
	if len(x.outgoing[n.index]) == 0 {
		x.touched = append(x.touched, n)
	}
	x.outgoing[n.index] = append(x.outgoing[n.index], it)
}

// process runs an operator on a record and drops the reference it came with.
func (x *executor) process(ctx context.Context, n *Node, port int, r *Record) {
	c := &x.counts[n.index]
	c.in++
	if r.gone() {
		r.release()
		return
	}
	out := Out{ctx: ctx, x: x, node: n, in: r}
	if err := call(ctx, n.Operator, port, r, &out); err != nil {
		c.failed++
		x.rt.fail(n, r, err, 1)
	} else if out.emitted+out.kept+out.failed == 0 {
		c.dropped++
	}
	r.release()
}

// call runs an operator; a panic of it is an error of the record.
func call(ctx context.Context, op Operator, port int, r *Record, out *Out) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error in an operator: %v", p)
		}
	}()
	if joiner, ok := op.(Joiner); ok {
		return joiner.ProcessFrom(ctx, port, r, out)
	}
	return op.Process(ctx, r, out)
}

// heal is the end of a record's way at a healing sink, or the fork to its outputs.
func (x *executor) heal(n *Node, r *Record) {
	elements := int64(1)
	if r.Batch != nil {
		elements = 0
		r.Elements(func(*Record) { elements++ })
	}
	x.counts[n.index].in += elements
	x.counts[n.index].out += elements
	if n.Report != nil {
		x.healReported(n, r)
		return
	}
	if len(n.edges) == 0 {
		r.release()
		return
	}
	if len(n.edges) > 1 {
		r.retain(len(n.edges) - 1)
	}
	for _, e := range n.edges {
		x.put(e.to, item{port: e.port, record: r})
	}
}

// healReported forks a record element by element, so that each is known to be
// done when the last of its outputs has it.
func (x *executor) healReported(n *Node, r *Record) {
	at := int64(0)
	r.Elements(func(element *Record) {
		healed := newHealedElement(n, element, len(n.edges))
		if len(n.edges) == 0 {
			x.rt.healed(healed)
			element.release()
			return
		}
		if r.Batch != nil {
			stamped := *element
			stamped.gate, stamped.unitKey, stamped.seq = r.gate, r.unitKey, r.seq+at
			element = &stamped
			at++
		}
		if len(n.edges) > 1 {
			element.retain(len(n.edges) - 1)
		}
		for _, e := range n.edges {
			x.put(e.to, item{port: e.port, record: element, healed: healed})
		}
	})
}

// flush pushes what was collected and adds the counts up, once per slice. It
// waits while a queue that it filled is beyond its bound.
func (x *executor) flush(ctx context.Context) {
	for i := range x.counts {
		x.rt.stats[i].add(&x.counts[i])
	}
	for _, n := range x.touched {
		x.rt.queues[n.index].push(x.outgoing[n.index])
		x.outgoing[n.index] = nil
	}
	for _, n := range x.touched {
		x.rt.queues[n.index].waitRoom(ctx)
	}
	x.touched = x.touched[:0]
}

// faultOf says what an error is about; unmarked ones are what usual says.
func faultOf(err error, usual Fault) Fault {
	var fault *FaultError
	if errors.As(err, &fault) {
		return fault.Fault
	}
	return usual
}
