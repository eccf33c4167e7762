package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// lane runs the nodes without state that follow the sources, up to the next
// queue. There are Graph.Workers of them.
type lane struct {
	x     *executor
	queue *queue
	idle  atomic.Bool // waits for records
}

// run takes slices until the lane's queue has ended or ctx is done.
func (l *lane) run(ctx context.Context) {
	for {
		slices, ended := l.queue.take()
		for _, slice := range slices {
			for i := range slice {
				l.x.enter(ctx, slice[i].record)
			}
			l.x.flush(ctx)
			if ctx.Err() != nil {
				return
			}
		}
		if len(slices) > 0 {
			continue
		}
		if ended {
			return
		}
		l.idle.Store(true)
		select {
		case <-l.queue.ready:
			l.idle.Store(false)
		case <-ctx.Done():
			return
		}
	}
}

// stage runs one operator with state, and the nodes without state behind it up
// to the next queue.
type stage struct {
	rt    *Runtime
	node  *Node
	queue *queue
	x     *executor
	idle  atomic.Bool // waits for records, and no timer is set

	evictions int64 // how many revokes were looked at
}

// run processes what comes and fires timers until the queue has ended, then
// flushes as the way the run ends demands.
func (s *stage) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.evict()
		s.fire(ctx)
		slices, ended := s.queue.take()
		for _, slice := range slices {
			s.evict()
			for i := range slice {
				s.x.process(ctx, s.node, slice[i].port, slice[i].record)
				s.fire(ctx)
			}
			s.x.flush(ctx)
			if ctx.Err() != nil {
				return
			}
		}
		if len(slices) > 0 {
			continue
		}
		if ended {
			s.finish(ctx)
			return
		}
		s.wait(ctx)
	}
}

// wait returns when there is something to do: records, a timer, an eviction.
func (s *stage) wait(ctx context.Context) {
	var due <-chan time.Time
	if next := s.next(); !next.IsZero() {
		c, stop := s.rt.clock.Timer(next)
		defer stop()
		due = c
	}
	s.idle.Store(due == nil)
	select {
	case <-s.queue.ready:
	case <-due:
	case <-ctx.Done():
	}
	s.idle.Store(false)
}

func (s *stage) next() time.Time {
	if timed, ok := s.node.Operator.(Timed); ok {
		return timed.Next()
	}
	return time.Time{}
}

// fire runs what is due.
func (s *stage) fire(ctx context.Context) {
	timed, ok := s.node.Operator.(Timed)
	if !ok {
		return
	}
	for ctx.Err() == nil {
		next := timed.Next()
		if next.IsZero() {
			return
		}
		now := s.rt.clock.Now()
		if now.Before(next) {
			return
		}
		out := Out{ctx: ctx, x: s.x, node: s.node}
		if err := timed.Fire(ctx, now, &out); err != nil {
			s.rt.halt(&NodeError{Node: s.node.Name, Where: s.node.Where, Err: err})
			return
		}
		s.x.flush(ctx)
	}
}

// evict forgets the records of revoked claims.
func (s *stage) evict() {
	seen := s.rt.revokes.Load()
	if seen == s.evictions {
		return
	}
	s.evictions = seen
	if evicter, ok := s.node.Operator.(Evicter); ok {
		evicter.Evict(func(r *Record) bool {
			if !r.gone() {
				return false
			}
			s.rt.stats[s.node.index].held.Add(-1)
			return true
		})
	}
}

// finish flushes the operator at the end of its input.
func (s *stage) finish(ctx context.Context) {
	flusher, ok := s.node.Operator.(Flusher)
	mode := s.rt.ending()
	if !ok || mode == endHalt {
		return
	}
	s.evict()
	out := Out{ctx: ctx, x: s.x, node: s.node}
	if err := flusher.Flush(ctx, mode == endInput, &out); err != nil {
		s.rt.halt(&NodeError{Node: s.node.Name, Where: s.node.Where, Err: err})
	}
	s.x.flush(ctx)
}
