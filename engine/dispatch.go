package engine

import "sync"

// dispatch shares the strands that have records among the lanes. Its lock is
// taken once per pushed slice and once per batch that a lane takes.
type dispatch struct {
	mu          sync.Mutex
	first, last *strand // the line of ready strands
	lanes       int
	parked      []*lane // those that wait to be woken
	ended       bool    // nothing more is pushed
	drained     bool    // and nothing is left

	waiting int // records in strands
	crowd   crowd
}

// backlogOfLane is how many records for each lane are no crowd.
const backlogOfLane = batchMost

// join makes lanes known; they wait for records.
func (d *dispatch) join(lanes []*lane) {
	for _, l := range lanes {
		l.parked = true
		d.parked = append(d.parked, l)
	}
	d.lanes = len(lanes)
	d.crowd.bound = len(lanes) * backlogOfLane
}

// push adds records to their strands and wakes a lane if some became ready. A
// lane that finds more than it takes wakes the next.
func (d *dispatch) push(cells []cell) {
	d.mu.Lock()
	d.waiting += len(cells)
	d.crowd.has(d.waiting)
	ready := false
	for i := range cells {
		c := &cells[i]
		c.strand.append(c)
		if c.strand.state == strandIdle {
			d.queue(c.strand)
			ready = true
		}
	}
	var woken *lane
	if ready {
		woken = d.unpark()
	}
	d.mu.Unlock()
	woken.call()
}

// queue lets a strand stand in line. The caller holds mu.
func (d *dispatch) queue(s *strand) {
	s.state, s.next = strandReady, nil
	if d.last == nil {
		d.first = s
	} else {
		d.last.next = s
	}
	d.last = s
}

// queueFirst lets a strand stand at the front of the line. The caller holds mu.
func (d *dispatch) queueFirst(s *strand) {
	s.state, s.next = strandReady, d.first
	d.first = s
	if d.last == nil {
		d.last = s
	}
}

// unpark takes a lane that waits; the caller holds mu and then calls it.
func (d *dispatch) unpark() *lane {
	n := len(d.parked)
	if n == 0 {
		return nil
	}
	l := d.parked[n-1]
	d.parked = d.parked[:n-1]
	l.parked = false
	return l
}

// next gives back what a lane has done and takes more for it: up to n records.
// A lane that gets nothing is parked, unless nothing will come any more.
func (d *dispatch) next(l *lane, n int) (ended bool) {
	d.mu.Lock()
	if l.parked {
		d.remove(l)
	}
	d.giveBack(l.batch)
	clear(l.batch)
	l.batch = l.batch[:0]
	// A strand with plenty is taken alone: then there is nobody to share with.
	taken := 0
	for d.first != nil && 2*taken < n {
		taken += d.takeFirst(l, n-taken)
	}
	d.waiting -= taken
	d.crowd.has(d.waiting)
	var woken *lane
	switch {
	case len(l.batch) > 0:
		if d.first != nil {
			woken = d.unpark()
		}
	case d.drained, d.ended && len(d.parked) == d.lanes-1:
		ended, d.drained = true, true
		d.lanes--
		woken = d.unpark()
	default:
		d.parked = append(d.parked, l)
		l.parked = true
	}
	d.mu.Unlock()
	woken.call()
	return ended
}

func (d *dispatch) remove(l *lane) {
	for i, other := range d.parked {
		if other == l {
			d.parked = append(d.parked[:i], d.parked[i+1:]...)
			break
		}
	}
	l.parked = false
}

// takeFirst moves up to n records of the first strand in line into the lane's
// batch. Records that nothing keeps in order are units of their own.
func (d *dispatch) takeFirst(l *lane, n int) int {
	s := d.first
	if d.first = s.next; d.first == nil {
		d.last = nil
	}
	s.next = nil
	if !s.loose {
		s.state = strandOwned
		l.batch = append(l.batch, s.cut(n))
		return l.batch[len(l.batch)-1].length
	}
	taken := 0
	for ; taken < n && s.length > 0; taken++ {
		l.batch = append(l.batch, s.cut(1))
	}
	s.state = strandIdle
	if s.length > 0 {
		d.queue(s)
	}
	return taken
}

// giveBack ends the ownership of strands. What is left of them goes to the end
// of the line. The caller holds mu.
func (d *dispatch) giveBack(batch []stretch) {
	for i := len(batch) - 1; i >= 0; i-- { // so that what is put back stays in order
		r := &batch[i]
		r.strand.putBack(*r)
		d.waiting += r.length
		switch {
		case r.strand.loose:
			if r.length > 0 && r.strand.state == strandIdle {
				d.queue(r.strand)
			}
		case r.strand.length > 0:
			d.queue(r.strand)
		default:
			r.strand.state = strandIdle
		}
	}
}

// share gives back what a lane has done, and what it has taken but not begun,
// which then goes first.
func (d *dispatch) share(done, waiting []stretch) {
	d.mu.Lock()
	d.giveBack(done)
	for i := len(waiting) - 1; i >= 0; i-- {
		s := waiting[i].strand
		s.putBack(waiting[i])
		d.waiting += waiting[i].length
		if s.state != strandReady {
			d.queueFirst(s)
		}
	}
	d.crowd.has(d.waiting)
	var woken *lane
	if d.first != nil {
		woken = d.unpark()
	}
	d.mu.Unlock()
	woken.call()
}

// end says that nothing more is pushed. Lanes end when none has anything left,
// since what one has taken may still come back.
func (d *dispatch) end() {
	d.mu.Lock()
	d.ended = true
	woken := d.unpark()
	d.mu.Unlock()
	woken.call()
}

// moving says that records wait for a lane or are with one.
func (d *dispatch) moving() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.first != nil || len(d.parked) < d.lanes
}

// prune takes out of a claim's strands those of keys for which nothing is there.
func (d *dispatch) prune(s *strands) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.prune()
}
