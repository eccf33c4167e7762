package engine

import (
	"context"
	"fmt"
)

// Single is an operator without state that makes at most one record of each, when
// it has done all else: filters and maps. It is asked for that record instead of
// being called with an [Out], where nobody times or follows the record, and what
// it makes goes on with the reference that came in.
type Single interface {
	// One is what [Operator.Process] would emit: the record itself or one made with
	// [Record.With], nil for nothing.
	One(ctx context.Context, r *Record) (*Record, error)
}

// single says that an operator may be asked for the one record that it makes of r.
func (x *executor) single(n *Node, r *Record) bool {
	return n.single != nil && r.Batch == nil && x.timed == nil && x.traced == nil
}

// processSingle is [executor.process] of such an operator.
func (x *executor) processSingle(ctx context.Context, n *Node, r *Record) {
	c := &x.counts[n.index]
	x.pulse.at(n)
	made, err := n.one(ctx, r)
	switch {
	case err != nil:
		c.failed++
		out := x.begin(ctx, n, r)
		out.fail(r, err)
		r.release()
		x.finish(out)
		return
	case made == nil:
		c.dropped++
		r.release()
	default:
		c.out++
		x.hand(ctx, n, made)
	}
	if x.depth > 0 {
		x.pulse.at(x.outs[x.depth-1].node)
	}
}

// one asks the operator; a panic of it is an error of the record.
func (n *Node) one(ctx context.Context, r *Record) (made *Record, err error) {
	defer func() {
		if p := recover(); p != nil {
			made, err = nil, fmt.Errorf("internal error in an operator: %v", p)
		}
	}()
	return n.single.One(ctx, r)
}

// hand is [executor.forward] of a record whose reference the caller gives away.
func (x *executor) hand(ctx context.Context, n *Node, r *Record) {
	if n.Tap != nil {
		n.Tap(r, 0)
	}
	switch len(n.edges) {
	case 0:
		r.release()
		return
	case 1:
	default:
		r.retain(len(n.edges) - 1)
	}
	for _, e := range n.edges {
		x.pass(ctx, e, r)
	}
}
