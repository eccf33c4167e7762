package engine

import (
	"context"
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
	// What of outgoing another goroutine may push meanwhile, and how much of it
	// was pushed: see [lane.share].
	settled        [][]item
	settledTouched []*Node
	pushed         []int
	// stream numbers what an operator with state emits; nil in a lane.
	stream *stream
	// outs are those of the calls that are under way, one inside the other.
	outs  []*Out
	depth int
	// blocks are those of what failed in them.
	blocks []*block
	// pulse is for the watchdog; beating is false while it says that nothing is done.
	pulse   pulse
	beating bool
	// timing is nil where nothing is measured, timed while a record is not timed.
	timing, timed *timing
	// tracing is nil where nobody follows records, traced while none is followed.
	tracing, traced *tracing
}

func newExecutor(rt *Runtime) *executor {
	return &executor{
		rt:       rt,
		timing:   rt.timing(),
		tracing:  rt.tracing(),
		counts:   make([]counts, len(rt.graph.Nodes)),
		outgoing: make([][]item, len(rt.graph.Nodes)),
		settled:  make([][]item, len(rt.graph.Nodes)),
		pushed:   make([]int, len(rt.graph.Nodes)),
	}
}

// beat says what is worked on until the next flush.
func (x *executor) beat(n *Node, r *Record) {
	if !x.beating {
		x.beating = true
		x.pulse.begin(&doingProcess, n, r)
		return
	}
	x.pulse.at(n)
	x.pulse.record.Store(r)
}

// enter takes a record from its source, with one reference.
func (x *executor) enter(ctx context.Context, r *Record) {
	if r.gone() || r.ended() {
		return // its reference stays, so that it is never finished
	}
	n := r.sourceNode()
	x.beat(n, r)
	if x.times() {
		defer x.timesEnd()
	}
	x.traces(r)
	c := &x.counts[n.index]
	total := r.count()
	c.in += total
	decoded := x.timedDecode(n, r, total)
	if decoded == r {
		c.out += total
		x.hand(ctx, n, r)
		return
	}
	if decoded != nil { // some elements of a batch
		c.out += decoded.count()
		x.forward(ctx, n, decoded)
	}
	r.release()
}

// decode makes a record's value. Elements of a batch that cannot be decoded
// fail alone; nil is returned when nothing is left.
func (x *executor) decode(n *Node, r *Record) *Record {
	if r.Batch == nil {
		if err := n.decode(r); err != nil {
			x.counts[n.index].failed++
			x.rt.fail(n, r, err, 1)
			return nil
		}
		return r
	}
	elements := make([]*Record, 0, len(r.Batch))
	for _, element := range r.Batch {
		if err := n.decode(element); err != nil {
			x.counts[n.index].failed++
			x.rt.fail(n, element, err, 1)
			continue
		}
		elements = append(elements, element)
	}
	switch len(elements) {
	case 0:
		return nil
	case len(r.Batch):
		return r
	}
	rest := *r
	rest.Batch = elements
	return &rest
}

// decode makes the value of a source record, once.
func (n *Node) decode(r *Record) (err error) {
	if err := r.early(); err != nil || r.decoded || n.Decode == nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error while decoding: %v", p)
		}
	}()
	return n.Decode(r)
}

// forward passes a record to all that read n. The caller keeps its reference.
func (x *executor) forward(ctx context.Context, n *Node, r *Record) {
	if n.Tap != nil {
		n.Tap(r, 0)
	}
	if len(n.edges) == 0 {
		return
	}
	r.retain(len(n.edges))
	for _, e := range n.edges {
		x.pass(ctx, e, r)
	}
}

// forwardTo passes a record to all that read one branch of n.
func (x *executor) forwardTo(ctx context.Context, n *Node, branch int, r *Record) {
	if n.Tap != nil {
		n.Tap(r, branch)
	}
	for _, e := range n.edges {
		if e.branch == branch {
			r.retain(1)
			x.pass(ctx, e, r)
		}
	}
}

// pass hands a record with one reference to the node at the end of an edge.
func (x *executor) pass(ctx context.Context, e edge, r *Record) {
	switch {
	case e.to.Role == RoleHealing:
		x.heal(e.to, r)
	case e.to.Role == RoleOutput || e.to.State:
		if e.to.Tap != nil && !e.to.State {
			e.to.Tap(r, 0)
		}
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
	if x.single(n, r) {
		if v, fate := x.one(ctx, n, r); fate != Dropped {
			x.hand(ctx, n, fate.of(r, v))
		}
		return
	}
	if r.gone() {
		return // its reference stays, so that it is never finished
	}
	c := &x.counts[n.index]
	c.in++
	out := x.begin(ctx, n, r)
	if err := x.call(ctx, n, port, r, out); err != nil {
		c.failed++
		out.fail(r, err)
	} else if out.emitted+out.kept+out.failed == 0 {
		c.dropped++
	}
	r.release()
	x.finish(out)
}

// begin makes the Out of a call; those of earlier calls are used again.
func (x *executor) begin(ctx context.Context, n *Node, in *Record) *Out {
	if x.depth == len(x.outs) {
		x.outs = append(x.outs, &Out{x: x})
	}
	out := x.outs[x.depth]
	x.depth++
	out.ctx, out.node, out.in = ctx, n, in
	x.pulse.at(n)
	return out
}

// finish ends what begin began, after the references of the call are dropped.
// Those of a call around it may be of the same records.
func (x *executor) finish(out *Out) {
	*out = Out{x: x}
	if x.depth--; x.depth > 0 {
		x.pulse.at(x.outs[x.depth-1].node)
		return
	}
	if len(x.blocks) == 0 {
		return
	}
	for _, b := range x.blocks {
		x.rt.loosen(b)
	}
	x.blocks = nil
}

// call runs an operator; a panic of it is an error of the record.
func (n *Node) call(ctx context.Context, port int, r *Record, out *Out) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error in an operator: %v", p)
		}
	}()
	if n.joiner != nil {
		return n.joiner.ProcessFrom(ctx, port, r, out)
	}
	return n.Operator.Process(ctx, r, out)
}

// heal is the end of a record's way at a healing sink, or the fork to its outputs.
func (x *executor) heal(n *Node, r *Record) {
	if n.Tap != nil {
		n.Tap(r, 0)
	}
	elements := r.count()
	x.counts[n.index].in += elements
	x.counts[n.index].out += elements
	if n.Report != nil {
		r.Elements(func(element *Record) { x.healReported(n, element) })
		return
	}
	x.fork(n, item{record: r})
}

// healReported forks one element, so that it is known to be done when the last
// of its outputs has it.
func (x *executor) healReported(n *Node, element *Record) {
	healed := newHealedElement(n, element, len(n.edges))
	if len(n.edges) == 0 {
		x.rt.healed(healed)
	}
	x.fork(n, item{record: element, healed: healed})
}

// fork hands an item with one reference to the outputs of a healing sink.
func (x *executor) fork(n *Node, it item) {
	if len(n.edges) == 0 {
		it.record.release()
		return
	}
	it.record.retain(len(n.edges) - 1)
	for _, e := range n.edges {
		x.put(e.to, it)
	}
}

// flush pushes what was collected and adds the counts up, once per slice. It
// waits while a queue that it filled is beyond its bound.
func (x *executor) flush(ctx context.Context) {
	x.push()
	x.waitRoom(ctx)
}

func (x *executor) push() {
	for i := range x.counts {
		x.rt.stats[i].add(&x.counts[i])
	}
	for _, n := range x.touched {
		items := x.outgoing[n.index]
		if rest := items[x.pushed[n.index]:]; len(rest) > 0 {
			x.rt.queues[n.index].push(rest)
		}
		x.outgoing[n.index] = make([]item, 0, len(items))
		x.settled[n.index], x.pushed[n.index] = nil, 0
	}
	x.settledTouched = nil
	if x.beating { // who waits for room is not the one that is stuck
		x.beating = false
		x.pulse.end()
	}
}

// settle notes that what was collected so far is complete.
func (x *executor) settle() {
	x.settledTouched = x.touched
	for _, n := range x.touched {
		x.settled[n.index] = x.outgoing[n.index]
	}
}

// pushSettled pushes what settle has noted and keeps the rest, on behalf of
// another goroutine.
func (x *executor) pushSettled() {
	for _, n := range x.settledTouched {
		items := x.settled[n.index]
		if rest := items[x.pushed[n.index]:]; len(rest) > 0 {
			x.rt.queues[n.index].push(rest[:len(rest):len(rest)])
			x.pushed[n.index] = len(items)
		}
	}
}

func (x *executor) waitRoom(ctx context.Context) {
	for _, n := range x.touched {
		x.rt.queues[n.index].waitRoom(ctx)
	}
	x.touched = x.touched[:0]
}
