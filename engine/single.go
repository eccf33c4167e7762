package engine

import (
	"context"
	"fmt"
)

// Fate is what becomes of a record at a [Single].
type Fate uint8

// What a Single says of a record.
const (
	Dropped Fate = iota
	Passed       // it goes on as it is
	Changed      // it goes on with another value
)

// Single is an operator without state that makes at most one record of each, when
// it has done all else: filters and maps. It is asked for that instead of being
// called with an [Out], where nobody times or follows the record: then what it makes
// goes on with the reference that came in, and what one made for another alone is
// made into what that makes of it.
type Single interface {
	// One says what [Operator.Process] would emit: nothing, the record, or what
	// [Record.With] makes of it and v.
	One(ctx context.Context, r *Record) (v any, fate Fate, err error)
}

// Emit does with a record what a [Single] says of it.
func (f Fate) Emit(out *Out, r *Record, v any) {
	if f != Dropped {
		out.Emit(f.of(r, v))
	}
}

// of is the record that goes on.
func (f Fate) of(r *Record, v any) *Record {
	if f == Changed {
		return r.With(v)
	}
	return r
}

// hand is [executor.forward] of a record whose reference the caller gives away. It
// carries it through a row of Singles.
func (x *executor) hand(ctx context.Context, n *Node, r *Record) {
	own := false // nobody else has seen the record
	for {
		if n.Tap != nil {
			n.Tap(r, 0)
			own = false
		}
		if len(n.edges) != 1 {
			x.handAll(ctx, n, r)
			return
		}
		to := n.edges[0].to
		if !x.single(to, r) {
			x.pass(ctx, n.edges[0], r)
			return
		}
		v, fate := x.one(ctx, to, r)
		switch {
		case fate == Dropped:
			return
		case fate == Changed && own:
			r.Value = v
		case fate == Changed:
			r, own = r.With(v), true
		}
		n = to
	}
}

// handAll hands a record to all that read n, or to nobody.
func (x *executor) handAll(ctx context.Context, n *Node, r *Record) {
	if len(n.edges) == 0 {
		r.release()
		return
	}
	r.retain(len(n.edges) - 1)
	for _, e := range n.edges {
		x.pass(ctx, e, r)
	}
}

// single says that a node may be asked for the one record that it makes of r.
func (x *executor) single(n *Node, r *Record) bool {
	return n.single != nil && r.Batch == nil && x.timed == nil && x.traced == nil
}

// one asks a node what becomes of a record. Unless it goes on, its reference is gone.
func (x *executor) one(ctx context.Context, n *Node, r *Record) (v any, fate Fate) {
	if r.gone() {
		return nil, Dropped // its reference stays, so that it is never finished
	}
	c := &x.counts[n.index]
	c.in++
	x.pulse.at(n)
	v, fate, err := n.one(ctx, r)
	switch {
	case err != nil:
		c.failed++
		out := x.begin(ctx, n, r)
		out.fail(r, err)
		r.release()
		x.finish(out)
		return nil, Dropped
	case fate == Dropped:
		c.dropped++
		r.release()
	default:
		c.out++
	}
	if x.depth > 0 {
		x.pulse.at(x.outs[x.depth-1].node)
	}
	return v, fate
}

// one asks the operator; a panic of it is an error of the record.
func (n *Node) one(ctx context.Context, r *Record) (v any, fate Fate, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error in an operator: %v", p)
		}
	}()
	return n.single.One(ctx, r)
}
