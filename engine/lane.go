package engine

import (
	"context"
	"sync/atomic"
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
		l.queue.rest()
		select {
		case <-l.queue.ready:
			l.idle.Store(false)
		case <-ctx.Done():
			return
		}
	}
}
