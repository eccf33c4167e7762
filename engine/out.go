package engine

import (
	"context"
	"time"
)

// Out is where an operator puts what it makes. It belongs to one call of
// Process, Fire or Flush and must not be kept.
type Out struct {
	ctx  context.Context
	x    *executor
	node *Node
	in   *Record // what is being processed; nil in Fire and Flush

	emitted, kept, failed int
}

// Emit sends a record on. A record made with [NewJoined] is emitted once.
func (o *Out) Emit(r *Record) { o.EmitKeyed(r, "") }

// EmitKeyed sends a record on in the order unit of key: an operator with state
// that works per key ([Node].Keyed) lets its keys overtake each other.
func (o *Out) EmitKeyed(r *Record, key string) { o.emit(r, key, 0) }

// EmitTo sends a record on to the readers of one branch, counted from 1. An
// operator that has branches uses nothing else.
func (o *Out) EmitTo(r *Record, branch int) { o.emit(r, "", branch) }

func (o *Out) emit(r *Record, key string, branch int) {
	joined := joinAll(r, nil)
	switch {
	case o.node.State:
		if !o.node.Keyed {
			key = ""
		}
		r = o.x.stream.place(r, key)
	case o.in != nil:
		r = r.within(o.in)
	}
	o.emitted++
	o.x.counts[o.node.index].out++
	if branch == 0 {
		o.x.forward(o.ctx, o.node, r)
	} else {
		o.x.forwardTo(o.ctx, o.node, branch, r)
	}
	for _, element := range joined {
		element.release()
	}
}

// Now is the time of the run's clock.
func (o *Out) Now() time.Time { return o.x.rt.clock.Now() }

// Keep says that the operator holds a record after the call returns. The
// record stays unfinished until [Out.LetGo].
func (o *Out) Keep(r *Record) {
	joined := joinAll(r, nil)
	o.kept++
	o.x.rt.stats[o.node.index].held.Add(1)
	r.retain(1)
	for _, element := range joined {
		element.release()
	}
}

// LetGo ends Keep. A record that is emitted is let go after that.
func (o *Out) LetGo(r *Record) {
	o.x.rt.stats[o.node.index].held.Add(-1)
	r.release()
}

// Fail fails one element of a batch, while the others go on.
func (o *Out) Fail(element *Record, err error) {
	o.failed++
	o.x.counts[o.node.index].failed++
	if o.in != nil {
		element = element.within(o.in)
	}
	o.fail(element, err)
}

func (o *Out) fail(r *Record, err error) {
	if b := o.x.rt.fail(o.node, r, err, 1); b != nil {
		o.x.blocks = append(o.x.blocks, b)
	}
}

// joinAll gives the joined values in r their nodes in the lineage and returns
// them: each has one reference that the caller releases.
func joinAll(r *Record, joined []*Record) []*Record {
	if r.Batch == nil {
		if r.entry == nil || !r.entry.joined {
			return joined
		}
		r.join()
		return append(joined, r)
	}
	for _, element := range r.Batch {
		joined = joinAll(element, joined)
	}
	return joined
}

// Drop ends Keep of a record that is not emitted.
func (o *Out) Drop(r *Record) {
	o.x.counts[o.node.index].dropped++
	o.LetGo(r)
}
