package kafka

import (
	"time"

	"waterhealer/engine"
)

// sliceSize is how many buffered records are pushed at once.
const sliceSize = 512

// take pushes what is read until the claim ends.
func (c *claim) take() {
	batch := newBatcher(c)
	defer batch.stop()
	wait := c.group.pacing.wait()
	defer wait.end()
	stopped := c.group.stopped
	c.checkEnd(batch)
	for {
		wait.end()
		c.holdOrResume()
		read := c.stream.blocks
		var more <-chan struct{}
		var late <-chan time.Time
		switch {
		case c.atEnd.Load():
			read, c.rest = nil, fetched{}
		case len(c.rest.parts) > 0 && c.holding.Load():
			read = nil
		case len(c.rest.parts) > 0:
			read, more = nil, c.tracker.Pace()
			late = wait.begin()
		}
		select {
		case c.rest = <-read:
			if len(c.rest.parts) == 0 || c.wanted() {
				c.push(batch)
			}
		case <-more:
			c.push(batch)
		case <-late:
			c.push(batch)
		case <-batch.due():
			batch.flush()
			c.passOver(batch)
		case <-c.tracker.Room():
		case <-stopped:
			stopped = nil
			c.finish()
		case _, open := <-c.messages.Messages():
			if !open {
				return
			}
		case <-c.gone:
			return
		case <-c.session.Context().Done():
			return
		}
	}
}

// wanted says that the engine has use for more at once.
func (c *claim) wanted() bool {
	select {
	case <-c.tracker.Pace():
		return true
	default:
		return false
	}
}

// holdOrResume leaves the partition out of fetches while the claim is full.
func (c *claim) holdOrResume() {
	full := c.atEnd.Load() || c.tracker.Full()
	if full == c.holding.Load() {
		return
	}
	c.holding.Store(full)
	c.stream.hold(full)
}

// push takes a slice of what was read.
func (c *claim) push(batch *batcher) {
	taken := c.rest.take(c.place, sliceSize, c.end, scattered(c.tracker))
	if len(taken) > 0 && !c.hand(taken, batch) {
		return
	}
	if len(c.rest.parts) == 0 {
		c.stream.taken()
		c.passOver(batch)
	}
	c.checkEnd(batch)
}

// hand gives records to the batch under way or to the engine; false when the
// source was stopped, after which nothing more may be taken or counted.
func (c *claim) hand(records []*engine.Record, batch *batcher) bool {
	next := records[len(records)-1].Offset + 1
	taken := false
	if batch != nil {
		taken = batch.add(records)
	} else {
		taken = c.pushNow(records)
	}
	if taken {
		c.next.Store(next)
	}
	return taken
}

// pushNow gives records to the engine unless the source was stopped.
func (c *claim) pushNow(records []*engine.Record) bool {
	g := c.group
	g.pushing.RLock()
	defer g.pushing.RUnlock()
	if g.isStopped() {
		c.finish()
		return false
	}
	g.intake.Push(c.tracker, records)
	return true
}

// passOver counts what lies between the last record and the end of what was read
// as finished: markers, aborted records, what compaction took. Where a batch is
// under way that waits for it, unless the end is reached.
func (c *claim) passOver(batch *batcher) {
	if len(c.rest.parts) > 0 {
		return
	}
	next := c.rest.next
	if c.end >= 0 {
		next = min(next, c.end)
	}
	if batch.underWay() && next != c.end {
		return
	}
	c.advanceTo(next, batch)
}

// advanceTo notes that nothing below next will be delivered. What was taken but
// not pushed must reach the tracker first, else it would count as finished.
func (c *claim) advanceTo(next int64, batch *batcher) {
	if next <= c.next.Load() || !batch.flush() || c.group.isStopped() {
		return
	}
	c.next.Store(next)
	c.tracker.Advance(next)
	c.checkEnd(batch)
}

// checkEnd looks whether all that was there at the start has been taken.
func (c *claim) checkEnd(batch *batcher) {
	if c.end < 0 || c.atEnd.Load() || c.next.Load() < c.end {
		return
	}
	batch.flush()
	c.finish()
}

// finish takes nothing more.
func (c *claim) finish() {
	c.atEnd.Store(true)
	c.tracker.End() // else the engine would wait for more before it calls a stall one
	c.group.look()
}
