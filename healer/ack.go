package healer

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// Ack is the reference count of one source record, or of one value made of
// many records (a node with parents, see [Join]).
//
// Whoever may still do something with the record, or with anything made from
// it, holds a reference. When the last reference of a source record goes, the
// record is finished; if something failed on the way, it is handed to
// [Options.OnFailed] instead and stays unfinished until [Ack.Settle].
//
// All methods are safe for concurrent use, and none of them waits for a lock.
type Ack struct {
	// Offset is the record's offset; 0 for a joined node.
	Offset int64
	// Source is what the engine hangs on the ack: the source record. It may be
	// read by holders of a reference, and from OnFailed until Settle. It is nil
	// once the record is finished, so that a neighbour in the same slab does
	// not keep it alive.
	Source any

	state     atomic.Int64 // references and flags: one word, so that every step is one compare-and-swap
	failure   atomic.Pointer[error]
	partition *Partition // nil for a node
	node      *node      // nil for a source record
	size      int64
}

// The low bits of Ack.state are flags, the others count references.
const (
	flagFailed   int64 = 1 << iota // Fail was called
	flagReported                   // OnFailed was, or is about to be, called
	flagSettled                    // Settle was called
	flagFinished                   // final
	flagClosed                     // unfinished when its claim was closed; final
	flagGiven                      // finished by an earlier claim: references are not counted
	flagGone                       // a node whose last reference went; final

	oneReference int64 = 1 << 8
)

// ErrMisuse is what [Options.OnMisuse] gets: references that do not add up.
// It is always a mistake in the program, never in its input.
var ErrMisuse = errors.New("lineage misuse")

// Retain adds n references. The caller must hold one, or be the handler of a
// failed ack that is not settled yet.
func (a *Ack) Retain(n int) {
	if n == 0 {
		return
	}
	for {
		s := a.state.Load()
		if n < 0 || s < oneReference && s&(flagFinished|flagGone) != 0 {
			a.misuse("retained", s)
			return
		}
		if a.state.CompareAndSwap(s, s+int64(n)*oneReference) {
			return
		}
	}
}

// Release drops one reference. With the last one, a source record that has not
// failed is finished; one that has failed is given to OnFailed, once, and stays
// unfinished until Settle. A joined node releases its parents.
func (a *Ack) Release() {
	for {
		s := a.state.Load()
		if s < oneReference {
			a.misuse("released", s)
			return
		}
		next := s - oneReference
		if next < oneReference {
			next = a.emptied(next)
		}
		if !a.state.CompareAndSwap(s, next) {
			continue
		}
		if next < oneReference {
			a.act(s, next)
		}
		return
	}
}

// emptied returns the state that follows when no reference is left.
func (a *Ack) emptied(s int64) int64 {
	switch {
	case a.node != nil && s&flagFailed == 0:
		return s | flagGone | flagFinished
	case a.node != nil:
		return s | flagGone
	case s&flagClosed != 0:
		return s
	case s&(flagFailed|flagSettled) == flagFailed:
		return s | flagReported
	}
	return s | flagFinished
}

// act does what follows from the step that left no reference: exactly one
// caller makes each step.
func (a *Ack) act(before, after int64) {
	switch gained := after &^ before; {
	case gained&flagGone != 0:
		for _, parent := range a.node.parents {
			parent.Release()
		}
	case gained&flagFinished != 0:
		a.finish()
	case gained&flagReported != 0:
		a.partition.failed(a)
	}
}

func (a *Ack) finish() {
	if a.partition.onDone != nil {
		a.partition.onDone(a)
	}
	a.Source = nil
	a.partition.finish(1, a.size)
}

// Fail marks the record as failed. The first failure wins and is kept. On a
// joined node it goes to every parent. The caller must hold a reference.
func (a *Ack) Fail(err error) {
	s := a.state.Load()
	if s&flagFailed != 0 || s&flagGiven != 0 {
		return
	}
	if err == nil {
		err = errors.New("failed without a reason") // never to be taken for a success
	}
	a.failure.CompareAndSwap(nil, &err)
	for {
		s = a.state.Load()
		if s&flagFailed != 0 {
			return
		}
		if s&(flagFinished|flagGone) != 0 {
			a.misuse("failed", s)
			return
		}
		if a.state.CompareAndSwap(s, s|flagFailed) {
			break
		}
	}
	if a.node == nil {
		return
	}
	for _, parent := range a.node.parents {
		parent.Fail(err)
	}
}

// Failure returns why it failed, nil if it has not.
func (a *Ack) Failure() error {
	if a.state.Load()&flagFailed == 0 {
		return nil
	}
	return *a.failure.Load()
}

// Settle finishes a failed ack whose policy ran: its dead letter was
// acknowledged, or it is skipped. If something took a new reference since, it
// is finished when that one goes. Settling twice is harmless; on a joined node
// it does nothing, since each leaf has its own policy run.
func (a *Ack) Settle() {
	for a.node == nil {
		s := a.state.Load()
		if s&(flagFinished|flagClosed|flagSettled) != 0 {
			return
		}
		if s&flagFailed == 0 {
			a.misuse("settled without a failure", s)
			return
		}
		next := s | flagSettled
		if s < oneReference {
			next |= flagFinished
		}
		if !a.state.CompareAndSwap(s, next) {
			continue
		}
		if next&flagFinished != 0 {
			a.finish()
		}
		return
	}
}

// Finished tells whether the record is finished; of a joined node, whether its
// last reference went without a failure.
func (a *Ack) Finished() bool { return a.state.Load()&flagFinished != 0 }

// Closed tells whether the claim of its partition was closed; of a joined
// node, whether those of all its parents were. A node without parents belongs
// to no claim and is never closed.
func (a *Ack) Closed() bool {
	if a.node == nil {
		return a.partition.closed.Load()
	}
	for _, parent := range a.node.parents {
		if !parent.Closed() {
			return false
		}
	}
	return len(a.node.parents) > 0
}

// Partition returns the tracker that it belongs to, nil for a joined node.
func (a *Ack) Partition() *Partition { return a.partition }

// misuse reports references that do not add up, and changes nothing.
func (a *Ack) misuse(what string, state int64) {
	if state&flagGiven != 0 || a.Closed() {
		return
	}
	p, kind := a.partition, "ack"
	if p == nil {
		kind = "joined ack"
		a.Leaves(func(leaf *Ack) { p = leaf.partition })
	}
	if p == nil {
		return // made of nothing, so it can hold nothing up
	}
	p.misused(fmt.Errorf("%w: %s of offset %d %s with %d references left", ErrMisuse, kind, a.Offset, what, state/oneReference))
}
