package kafka

import (
	"context"
	"sync"
)

// rounds asks once for many who want the same at the same time, as the claims of
// a thousand partitions do. Who comes while a round is under way is in the next
// one: a round begins after all who are in it have come, unlike a call that late
// comers share (golang.org/x/sync/singleflight), whose answer may be older than the
// question.
type rounds[A, R any] struct {
	mu   sync.Mutex
	next *round[A, R]  // which may still be joined; nil is none
	turn chan struct{} // capacity 1: there is a token in it while a round is under way
}

type round[A, R any] struct {
	who    []A
	done   chan struct{} // closed when what follows is there
	result R
	err    error
	broken bool // err is only that the context of the first is over
}

func newRounds[A, R any]() *rounds[A, R] {
	return &rounds[A, R]{turn: make(chan struct{}, 1)}
}

// join returns what ask made of all in the caller's round. It runs with the context
// of the first of them; where that one is over the others are in a further round.
func (r *rounds[A, R]) join(ctx context.Context, who A, ask func(context.Context, []A) (R, error)) (R, error) {
	for {
		one, first := r.enter(who)
		if first {
			r.run(ctx, one, ask)
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			var nothing R
			return nothing, ctx.Err()
		}
		if !one.broken || ctx.Err() != nil {
			return one.result, one.err
		}
	}
}

func (r *rounds[A, R]) enter(who A) (one *round[A, R], first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first = r.next == nil; first {
		r.next = &round[A, R]{done: make(chan struct{})}
	}
	r.next.who = append(r.next.who, who)
	return r.next, first
}

// run waits for the turn of a round and begins it: nobody can join it any more.
func (r *rounds[A, R]) run(ctx context.Context, one *round[A, R], ask func(context.Context, []A) (R, error)) {
	defer close(one.done)
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
	}
	r.mu.Lock()
	r.next = nil
	r.mu.Unlock()
	if one.err = ctx.Err(); one.err == nil {
		one.result, one.err = ask(ctx, one.who)
	}
	one.broken = one.err != nil && ctx.Err() != nil
}
