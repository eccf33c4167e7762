package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
)

// player plays the steps of a test and notes what is seen of the run.
// It is one [engine.Source] for all source nodes, which hands its intake to the
// goroutine that plays the steps.
type player struct {
	test  *configs.Test
	clock *engine.VirtualClock
	rt    *engine.Runtime

	// Set by Run, before it closes opened.
	opened  chan struct{}
	in      engine.Intake
	running context.Context // done when the run takes no more

	closed bool          // the input has ended: the sources return
	end    chan struct{} // closed with it
	places []*place      // by source, in the order of the file

	// waiting are the inputs that no source has taken yet, in order.
	waiting []input

	seen seen
}

// input is a step's record on its way to its source.
type input struct {
	place  *place
	record *engine.Record
}

func newPlayer(test *configs.Test, clock *engine.VirtualClock) *player {
	return &player{
		test: test, clock: clock,
		opened: make(chan struct{}), end: make(chan struct{}),
		seen: newSeen(),
	}
}

// Run hands the intake over and returns when the sources have ended.
func (p *player) Run(ctx context.Context, in engine.Intake) error {
	p.in, p.running = in, ctx
	for _, at := range p.places {
		at.claim = in.Claim(engine.ClaimOptions{Source: at.node.Name, Topic: at.topic, Uncommitted: true})
	}
	close(p.opened)
	select {
	case <-p.end:
	case <-ctx.Done():
	}
	return nil
}

// Close is called when the run has come to its end: what is seen by then
// counts, unless the steps were over before.
func (p *player) Close(ctx context.Context) error {
	p.look()
	for _, at := range p.places {
		if at.claim != nil {
			p.in.Revoke(ctx, at.claim)
		}
	}
	return nil
}

// play runs the graph, plays the steps and returns what halted the run.
func (p *player) play(ctx context.Context, rt *engine.Runtime) (halted, err error) {
	p.rt = rt
	done := make(chan struct{})
	var result engine.Result
	go func() {
		defer close(done)
		result, err = rt.Run(ctx)
	}()
	select {
	case <-p.opened:
	case <-done:
		return nil, errors.Join(err, ctx.Err())
	}
	broken := p.settle(ctx, p.clock.Now())
	for _, step := range p.test.Steps {
		if broken != nil {
			break
		}
		broken = p.step(ctx, step)
	}
	if broken != nil || !p.over() || !rt.NextTimer().IsZero() {
		p.look()
		rt.Abandon()
	}
	<-done // or everything comes to its end by itself
	return result.Halted, errors.Join(err, broken)
}

// over says that the sources have ended, or that the run takes no more.
func (p *player) over() bool { return p.closed || p.running.Err() != nil }

// step plays one step.
func (p *player) step(ctx context.Context, step configs.Step) error {
	until := p.clock.Now()
	switch {
	case step.End:
		for _, at := range p.places {
			at.ended = true
		}
	case step.Source == nil:
		until = until.Add(step.Wait)
	case !p.over():
		at := p.place(step.Source)
		r, err := at.record(step, until)
		if err != nil {
			return err
		}
		p.waiting = append(p.waiting, input{place: at, record: r})
	}
	return p.settle(ctx, until)
}

// instantLimit is how many timers may fire at one instant. An operator whose
// timer is due again each time would otherwise never end.
const instantLimit = 1_000_000

// settle does all work that is due up to a time: inputs that have room, and
// timers in the order of their deadlines, each of which may make room.
func (p *player) settle(ctx context.Context, until time.Time) error {
	fired, now := 0, p.clock.Now()
	for ctx.Err() == nil {
		timer := p.rt.NextTimer()
		if p.takeOne() || p.finish() || p.rt.Unlock() {
			continue
		}
		due, of := p.dueBatch()
		switch {
		case of != nil && !due.After(until) && (timer.IsZero() || !timer.Before(due)):
			p.clock.Advance(due) // sources stand before everything else in the graph
			of.flush(p.in)
		case !timer.IsZero() && !timer.After(until):
			p.rt.FireTimer()
			if fired++; !p.clock.Now().Equal(now) {
				fired, now = 0, p.clock.Now()
			}
			if fired > instantLimit {
				return fmt.Errorf("the timers that are due at %s do not end", now.Format(time.RFC3339Nano))
			}
		default:
			p.clock.Advance(until)
			return nil
		}
	}
	return ctx.Err()
}

// takeOne lets the first input in that has room; false when there is none.
func (p *player) takeOne() bool {
	if p.over() {
		return false
	}
	full := make(map[*place]bool)
	for i, next := range p.waiting {
		if full[next.place] || next.place.claim.Full() {
			full[next.place] = true
			continue
		}
		p.waiting = slices.Delete(p.waiting, i, i+1)
		next.place.take(p.in, next.record, p.clock.Now())
		return true
	}
	return false
}

// dueBatch is the source whose batch under way is due first, nil if there is none.
func (p *player) dueBatch() (time.Time, *place) {
	var first *place
	for _, at := range p.places {
		if !p.over() && len(at.pending) > 0 && (first == nil || at.due.Before(first.due)) {
			first = at
		}
	}
	if first == nil {
		return time.Time{}, nil
	}
	return first.due, first
}

// finish ends the sources of which nothing waits any more, once a step has said
// so, and the input with the last of them; it is true when it has ended any.
func (p *player) finish() bool {
	if p.over() || !p.places[0].ended { // they end together
		return false
	}
	ended := false
	for _, at := range p.places {
		if !p.over() && !at.done && !slices.ContainsFunc(p.waiting, func(in input) bool { return in.place == at }) {
			at.flush(p.in)
			at.claim.End()
			at.done, ended = true, true
		}
	}
	switch {
	case p.over():
		return false
	case len(p.waiting) > 0:
		return ended // which may be what others wait for
	}
	p.closed = true
	p.rt.EndInput()
	close(p.end)
	return true
}

// left are the inputs that were never taken.
func (p *player) left() []Waiting {
	var left []Waiting
	for _, at := range p.places {
		n := len(at.pending)
		for _, in := range p.waiting {
			if in.place == at {
				n++
			}
		}
		if n > 0 {
			left = append(left, Waiting{Source: at.node.Name, Inputs: n})
		}
	}
	return left
}
