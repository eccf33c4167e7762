package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// How much work a lane takes at once. What it has taken waits for it alone, so
// it is little; but enough that taking costs nothing beside cheap work.
const (
	batchTime = time.Millisecond
	batchMost = 1024 // records
	// firstCost is what a record is believed to take before any was measured.
	firstCost = 10 * time.Microsecond
	// alarmAfter is when a batch takes so much longer than it was meant to that
	// the lane shares what it has not begun.
	alarmAfter = 2 * batchTime
	// settleCost is from which cost on what came of each record is settled at
	// once, and not only at the end of its stretch: the lock is nothing beside it.
	settleCost = time.Microsecond
)

// lane runs the nodes without state that follow the sources, up to the next
// queue. There are Graph.Workers of them, and any of them runs any strand.
type lane struct {
	x        *executor
	dispatch *dispatch
	parked   bool // guarded by dispatch.mu

	cost  time.Duration // of a record, as measured lately
	alarm *time.Timer
	late  atomic.Bool // the alarm went off: end the batch at the next record

	// mu guards what follows, and what was collected, between the lane and its
	// alarm. Alone says that the batch is one stretch: there is nothing to share.
	mu    sync.Mutex
	batch []stretch
	begun int
	alone bool

	bell
}

func newLane(rt *Runtime) *lane {
	return &lane{x: newExecutor(rt), dispatch: &rt.dispatch, cost: firstCost, bell: newBell()}
}

// call wakes the lane, if there is one.
func (l *lane) call() {
	if l != nil {
		l.wake()
	}
}

// run takes batches until nothing will come any more or ctx is done.
func (l *lane) run(ctx context.Context) {
	l.alarm = time.AfterFunc(time.Hour, l.share)
	defer l.alarm.Stop()
	for ctx.Err() == nil {
		if ended := l.take(); ended {
			return
		}
		if len(l.batch) > 0 {
			l.work(ctx)
			continue
		}
		l.rest(time.Time{})
		select {
		case <-l.ready:
		case <-ctx.Done():
		}
	}
}

// take gives the last batch back and takes the next.
func (l *lane) take() (ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ended = l.dispatch.next(l, min(max(1, int(batchTime/max(1, l.cost))), batchMost))
	l.begun, l.alone = 0, len(l.batch) == 1
	return ended
}

// work processes the batch and hands on what came of it.
func (l *lane) work(ctx context.Context) {
	began := time.Now()
	l.late.Store(false)
	if !l.alone || l.batch[0].length > 1 {
		l.alarm.Reset(alarmAfter)
	}
	done, settles := 0, l.cost >= settleCost
	for r := l.begin(); r != nil; r = l.begin() {
		for c := r.first; c != nil && !l.late.Load(); c = r.first {
			record := c.record
			// A record that takes long must not keep those before it in memory.
			r.first, c.record, c.next = c.next, nil, nil
			r.length--
			done++
			l.x.enter(ctx, record)
			if settles {
				l.settle()
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
	l.alarm.Stop()
	l.cost = (l.cost + time.Since(began)/time.Duration(max(1, done))) / 2
	l.mu.Lock()
	l.x.push()
	l.mu.Unlock()
	l.x.waitRoom(ctx)
}

// settle lets the alarm push what came of the records so far.
func (l *lane) settle() {
	l.mu.Lock()
	l.x.settle()
	l.mu.Unlock()
}

// begin is the next stretch of the batch; nil when there is none left.
func (l *lane) begin() *stretch {
	if !l.alone {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.x.settle()
	}
	if l.begun == len(l.batch) {
		return nil
	}
	l.begun++
	return &l.batch[l.begun-1]
}

// share is the alarm: a record takes long. What came of those before it goes on,
// the units of the stretches before its own are free, and the stretches behind
// it are for other lanes.
// One that comes too late does no harm to the next batch.
func (l *lane) share() {
	l.late.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.x.pushSettled()
	if l.alone || l.begun == 0 {
		return
	}
	done, waiting := l.batch[:l.begun-1], l.batch[l.begun:]
	l.dispatch.share(done, waiting)
	clear(done)
	clear(waiting)
	l.batch, l.begun = l.batch[l.begun-1:l.begun], 1
}
