package engine

import "time"

// Lanes that are quick work from a short backlog: more of it is only memory that
// has left the caches when its turn comes. Slow ones have it as deep as the
// sources' bounds allow, so that a unit with much to do leaves the others some.
const (
	backlogOfLane = batchMost
	slowCost      = 20 * time.Microsecond // of a record
)

// opened is a channel for those who need not wait.
var opened = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// pace is closed when the backlog is, or has become, short enough for more.
func (d *dispatch) pace() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.slow || d.ended || d.waiting < d.lanes*backlogOfLane {
		return opened
	}
	if d.room == nil {
		d.room = make(chan struct{})
	}
	return d.room
}

// makeRoom tells who waits for [dispatch.pace]. The caller holds mu.
func (d *dispatch) makeRoom() {
	if d.room != nil && (d.slow || d.ended || d.waiting <= d.lanes*backlogOfLane/2) {
		close(d.room)
		d.room = nil
	}
}
