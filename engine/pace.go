package engine

import (
	"sync"
	"time"
)

// PaceLimit is how long a source waits with a slice for [Claim.Pace]. A claim beside
// one that crowds, or whose own crowd is of one slow order unit, still gets on by
// many slices a second, up to its bounds.
const PaceLimit = 5 * time.Millisecond

// paceLeast is how many records of a claim may be unfinished before it keeps pace,
// so that one with little to do does not wait for those that crowd.
const paceLeast = 512

// pace tells sources when what they push would only wait: before lanes, or before
// an output. It would be memory that has left the caches when its turn comes, and
// that every collection marks.
type pace struct {
	open    chan struct{} // closed, for those who need not wait
	mu      sync.Mutex
	crowded int           // places with more before them than they soon get to
	room    chan struct{} // closed and dropped when there is none left; nil where nobody asked
}

func newPace() *pace {
	p := &pace{open: make(chan struct{})}
	close(p.open)
	return p
}

// ready is closed when nothing is crowded, or nothing is any more.
func (p *pace) ready() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.crowded == 0 {
		return p.open
	}
	if p.room == nil {
		p.room = make(chan struct{})
	}
	return p.room
}

// crowd is what one place has before it.
type crowd struct {
	pace    *pace // nil where nobody looks
	bound   int
	crowded bool
}

// has notes how much it is now. It is crowded from its bound on until it is down
// to half of it. Calls are one at a time.
func (c *crowd) has(n int) {
	if c.pace == nil || c.crowded && n > c.bound/2 || !c.crowded && n < c.bound {
		return
	}
	c.crowded = !c.crowded
	p := c.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.crowded {
		p.crowded++
		return
	}
	if p.crowded--; p.crowded == 0 && p.room != nil {
		close(p.room)
		p.room = nil
	}
}
