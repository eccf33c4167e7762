package engine

import (
	"sync"
	"time"
)

// VirtualClock stands still until it is moved. With [Options.InTurn] the timers
// of a run do not wait for it: [Runtime.FireTimer] fires them one after another.
// Tests of pipelines use it.
type VirtualClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewVirtualClock makes a clock that stands at start.
func NewVirtualClock(start time.Time) *VirtualClock { return &VirtualClock{now: start} }

// Now is the time that the clock was moved to.
func (c *VirtualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on to a time; it never goes back.
func (c *VirtualClock) Advance(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.After(c.now) {
		c.now = to
	}
}

// Timer never sends: whoever moves the clock fires the run's timers.
func (*VirtualClock) Timer(time.Time) (<-chan time.Time, func()) { return nil, func() {} }

// NextTimer waits until all that was pushed has gone as far as it can, and is
// when the run's first timer falls due; the zero time is never. It is for runs
// in turn with a [VirtualClock].
func (rt *Runtime) NextTimer() time.Time {
	at, _ := rt.turns.firstTimer()
	rt.reopenClaims() // the look-out, which goes by the machine's clock, does not
	return at
}

// FireTimer moves the clock to where the run's first timer falls due, fires it
// alone and returns when what came of it has gone as far as it can. Of timers
// that are due together the first in the graph comes first.
func (rt *Runtime) FireTimer() {
	clock, virtual := rt.clock.(*VirtualClock)
	at, place := rt.turns.firstTimer()
	if !virtual || place == nobody {
		return
	}
	clock.Advance(at)
	rt.turns.grant(place)
	rt.turns.firstTimer()
}

// Unlock lets sources go on that an operator pauses for one which is full, where
// nothing else can move; it is false where there are none. The look-out does it
// in other runs. It is called when [Runtime.NextTimer] has returned.
func (rt *Runtime) Unlock() bool {
	if rt.deadlock() == 0 {
		return false
	}
	rt.unlock()
	return true
}

// EndInput is called before the sources of a run in turn return at the end of
// their input: what then goes on counts as something that was pushed.
func (rt *Runtime) EndInput() { rt.turns.close(false) }

// Abandon ends a run at once: nothing is flushed, and what is under way stays
// unfinished. It is called while sources run or after.
func (rt *Runtime) Abandon() {
	rt.stopSources()
	rt.kill()
}

// playedTimers are the timers of goroutines that take turns under a
// [VirtualClock]. The mutex of turns guards them.
type playedTimers struct {
	due     []time.Time // by the place of the reader; zero where it waits for none
	granted []bool      // the reader may fire what is due
}

func (p *playedTimers) join() {
	p.due, p.granted = append(p.due, time.Time{}), append(p.granted, false)
}

// first is the place whose timer comes first, or nobody.
func (p *playedTimers) first() int {
	first := nobody
	for place, at := range p.due {
		if !at.IsZero() && (first == nobody || at.Before(p.due[first])) {
			first = place
		}
	}
	return first
}

// firstTimer waits until nothing moves.
func (t *turns) firstTimer() (time.Time, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for !t.quiet() || t.closing && !t.closed() {
		t.changed.Wait()
	}
	place := t.played.first()
	if place == nobody {
		return time.Time{}, nobody
	}
	return t.played.due[place], place
}

// grant lets a reader fire its timer.
func (t *turns) grant(place int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.played.granted[place], t.asked[place] = true, true
	t.pass()
}

// fires says whether a reader may fire a timer that is due. Timers of a
// virtual clock wait for their turn, so that what those before them let go
// comes through first.
func (t *turns) fires(b *bell) bool {
	if t == nil || t.played == nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	granted := t.played.granted[b.place]
	t.played.granted[b.place] = false
	return granted
}

// close notes that sources end: nothing is quiet before the lanes have ended.
func (t *turns) close(halted bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closing = true
	t.halted = t.halted || halted
	t.changed.Broadcast()
}

// closed says that all lanes have ended. The caller holds mu.
func (t *turns) closed() bool {
	for _, left := range t.left[t.lanes:] {
		if !left {
			return false
		}
	}
	return true
}
