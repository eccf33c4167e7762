package engine

import "time"

// Clock is the time that operators, retries and commits go by. Tests and dry
// runs put another in its place.
type Clock interface {
	Now() time.Time
	// Timer sends once when at has come. stop releases it.
	Timer(at time.Time) (c <-chan time.Time, stop func())
}

// RealClock is the machine's clock.
type RealClock struct{}

// Now is the time of the machine.
func (RealClock) Now() time.Time { return time.Now() }

// Timer waits in real time.
func (RealClock) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// FrozenClock stands still, and no timer of it ever comes. A dry
// run uses it: its input is there at once, so that windows end by their size
// or with the input, and the same file gives the same output every time.
type FrozenClock struct {
	// At is the time that it stands at; the zero time is the machine's.
	At time.Time
}

// Now is always the same, once At is set.
func (c FrozenClock) Now() time.Time {
	if c.At.IsZero() {
		return time.Now()
	}
	return c.At
}

// standing says that no timer of a clock ever comes.
func standing(c Clock) bool {
	_, frozen := c.(FrozenClock)
	return frozen
}

// Timer never sends.
func (FrozenClock) Timer(time.Time) (<-chan time.Time, func()) { return nil, func() {} }
