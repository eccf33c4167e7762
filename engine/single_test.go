package engine

import "context"

// oneTally is a [Single].
type oneTally struct {
	tally
	one func(*Record) (*Record, error)
}

func (o *oneTally) One(_ context.Context, r *Record) (made *Record, err error) {
	defer o.done(r, &err)
	if made, err = o.one(r); made != nil {
		o.l.opened(idsOf(made), fanout(o.node))
	}
	return made, err
}

// Process is for batches, and for what is timed.
func (o *oneTally) Process(_ context.Context, r *Record, out *Out) (err error) {
	defer o.done(r, &err)
	made, err := o.one(r)
	if made != nil {
		tallyOut{out, &o.tally}.emit(made)
	}
	return err
}
