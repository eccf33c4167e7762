package engine

import (
	"context"
	"time"
)

// Operator turns one record into none, one or several. An operator without
// state is called from several lanes at once and must be safe for that; one
// with state (Node.State) is called by one goroutine.
//
// An error fails the record; records that were emitted before it stay emitted.
type Operator interface {
	Process(ctx context.Context, r *Record, out *Out) error
}

// Joiner is an operator that tells its inputs apart: port is the place of the
// input in the node's `from`, counted from 0.
type Joiner interface {
	ProcessFrom(ctx context.Context, port int, r *Record, out *Out) error
}

// Timed is an operator that emits when time has passed.
type Timed interface {
	// Next is when Fire wants to be called; the zero time is never.
	Next() time.Time
	// Fire is called once at or after Next.
	Fire(ctx context.Context, now time.Time, out *Out) error
}

// Flusher is an operator that holds records. end is true at the end of input:
// everything is emitted or let go. Otherwise (a signal) only what a clock alone
// would emit is emitted, and the rest is dropped unfinished, to be read again.
type Flusher interface {
	Flush(ctx context.Context, end bool, out *Out) error
}

// Evicter is an operator that holds records and can forget those whose claim
// was revoked. It asks once for each record that it keeps, forgets those for
// which gone is true, and does not call [Out.LetGo] for them.
type Evicter interface {
	Evict(gone func(*Record) bool)
}
