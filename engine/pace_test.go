package engine

import (
	"testing"
	"time"
)

// Sources keep pace with quick lanes, and may run ahead of slow ones.
func TestPace(t *testing.T) {
	const lanes, bound = 2, 2 * backlogOfLane
	backlog := func(n int) (*dispatch, *lane) {
		d := new(dispatch)
		all := make([]*lane, lanes)
		for i := range all {
			all[i] = &lane{dispatch: d, bell: newBell()}
		}
		d.join(all)
		cells, whole := make([]cell, n), new(strand)
		for i := range cells {
			cells[i] = cell{record: new(Record), strand: whole}
		}
		d.push(cells)
		return d, all[0]
	}
	take := func(d *dispatch, l *lane, n int) { // after it has done what it took before
		for i := range l.batch {
			l.batch[i].length = 0
		}
		d.next(l, n)
	}
	isOpen := func(pace <-chan struct{}) bool {
		select {
		case <-pace:
			return true
		default:
			return false
		}
	}

	d, l := backlog(bound - 1)
	expect(t, "with room", isOpen(d.pace()), true)

	d, l = backlog(bound)
	pace := d.pace()
	expect(t, "at the bound", isOpen(pace), false)
	take(d, l, bound/4)
	expect(t, "with three quarters left", isOpen(pace), false)
	take(d, l, bound/4)
	expect(t, "with half left", isOpen(pace), true)

	d, l = backlog(2 * bound)
	pace = d.pace()
	take(d, l, bound)
	expect(t, "with the bound left", isOpen(pace), false)
	d.share(nil, l.batch) // all of it was not begun
	expect(t, "when a record takes long", isOpen(pace), true)
	expect(t, "and afterwards", isOpen(d.pace()), true)
	expect(t, "what was shared waits again", d.waiting, 2*bound)

	d, l = backlog(2 * bound)
	pace = d.pace()
	l.cost = time.Millisecond
	take(d, l, 1)
	expect(t, "with slow lanes", isOpen(pace), true)
	l.cost = time.Microsecond
	take(d, l, 1)
	expect(t, "when they are quick again", isOpen(d.pace()), false)

	pace = d.pace()
	d.end()
	expect(t, "at the end", isOpen(pace), true)
}
