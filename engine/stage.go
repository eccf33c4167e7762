package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// A checkpoint barrier could pass here: an item of the queue that run, when it
// has come from every input, hands to the operator to write its state down, and
// then passes on behind all that was emitted before.

// stage runs one operator with state, and the nodes without state behind it up
// to the next queue.
type stage struct {
	rt    *Runtime
	node  *Node
	queue *queue
	x     *executor
	idle  atomic.Bool // waits for records or a timer
	ticks atomic.Bool // the last wait was for a timer, too

	revokes int64 // how many were looked at

	// See room.go: who reads what a [Patient] emits, and whether it waits for them;
	// the inputs of a [Bounded], and how many changes of what these may still
	// bring were looked at.
	rest    rest
	readers []reader
	waits   atomic.Bool
	inlets  []inlet
	changes int64
}

// run processes what comes and fires timers until the queue has ended, then
// flushes as the way the run ends demands.
func (s *stage) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.evict(ctx)
		s.fire(ctx)
		slices, ended := s.queue.take()
		s.queue.keeps(0)
		for _, slice := range slices {
			s.evict(ctx)
			for i := range slice {
				s.process(ctx, slice[i])
				s.fire(ctx)
			}
			s.x.flush(ctx)
			if ctx.Err() != nil {
				return
			}
		}
		s.pause(ctx)
		s.look()
		if len(slices) > 0 {
			continue
		}
		if ended && !s.lingers() {
			s.finish(ctx)
			return
		}
		s.wait(ctx)
	}
}

// process gives a record to the operator, unless it stands behind one that
// halts the pipeline: mixed with others it might pass that one.
func (s *stage) process(ctx context.Context, it item) {
	if r := unended(it.record); r != nil {
		s.x.beat(s.node, r)
		if s.x.times() {
			defer s.x.timesEnd()
		}
		s.x.tracesAll()
		s.x.process(ctx, s.node, it.port, r)
	}
}

// unended is what of a record does not stand behind one that halts the
// pipeline; nil is nothing.
func unended(r *Record) *Record {
	if r.ended() {
		return nil
	}
	for i, element := range r.Batch {
		if element.ended() {
			rest := *r
			rest.Batch = r.Batch[:i:i]
			return &rest
		}
	}
	return r
}

// wait returns when there is something to do: records, a timer, an eviction.
func (s *stage) wait(ctx context.Context) {
	var due <-chan time.Time
	next := s.next()
	if !next.IsZero() {
		c, stop := s.rt.clock.Timer(next)
		defer stop()
		due = c
	}
	s.ticks.Store(!next.IsZero() && !standing(s.rt.clock))
	s.idle.Store(true)
	s.rest.begin()
	s.queue.rest(next)
	select {
	case <-s.queue.ready:
	case <-due:
	case <-ctx.Done():
	}
	s.idle.Store(false)
	s.rest.end()
}

func (s *stage) next() time.Time {
	if s.node.timed == nil {
		return time.Time{}
	}
	return s.node.timed.Next()
}

// fire runs what is due.
func (s *stage) fire(ctx context.Context) {
	for ctx.Err() == nil {
		next := s.next()
		if next.IsZero() {
			return
		}
		now := s.rt.clock.Now()
		if now.Before(next) || !s.queue.turns.fires(&s.queue.bell) {
			return
		}
		if !s.call(ctx, &doingTimer, func(out *Out) error { return s.node.timed.Fire(ctx, now, out) }) {
			return
		}
	}
}

// call runs a part of the operator that is not about one record: an error of
// it halts the pipeline, and it is false.
func (s *stage) call(ctx context.Context, what *string, f func(out *Out) error) bool {
	s.x.beating = true
	s.x.pulse.begin(what, s.node, nil)
	if s.x.times() {
		defer s.x.timesEnd()
	}
	s.x.tracesAll()
	out := s.x.begin(ctx, s.node, nil)
	err := safely(*what+" of an operator", func() error { return f(out) })
	s.x.finish(out)
	s.x.flush(ctx)
	if err != nil {
		s.rt.halt(&NodeError{Node: s.node.Name, Where: s.node.Where, Err: err})
	}
	return err == nil
}

// evict forgets the records of revoked claims.
func (s *stage) evict(ctx context.Context) {
	revokes := s.rt.revokes.Load()
	if revokes == s.revokes {
		return
	}
	s.revokes = revokes
	if s.node.evicter == nil {
		return
	}
	gone := func(r *Record) bool {
		if !r.gone() {
			return false
		}
		s.rt.stats[s.node.index].held.Add(-1)
		return true
	}
	s.call(ctx, &doingEvict, func(*Out) error {
		s.node.evicter.Evict(gone)
		return nil
	})
}

// finish flushes the operator at the end of its input.
func (s *stage) finish(ctx context.Context) {
	mode := s.rt.ending()
	if s.node.flusher == nil || mode == endHalt {
		return
	}
	s.evict(ctx)
	s.call(ctx, &doingFlush, func(out *Out) error { return s.node.flusher.Flush(ctx, mode == endInput, out) })
}

// safely turns a panic into an error.
func safely(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error in %s: %v", what, p)
		}
	}()
	return f()
}
