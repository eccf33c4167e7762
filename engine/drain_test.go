package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// lasting makes every write take a while.
func lasting(d time.Duration, write func(context.Context, []*Record) []error) func(context.Context, []*Record) []error {
	return func(ctx context.Context, records []*Record) []error {
		work(ctx, d)
		return write(ctx, records)
	}
}

// After a signal a run ends as soon as nothing more is likely to succeed, and not
// when the shutdown timeout is over: what is behind failed writes is left to the
// next run, what no write has failed for is written however long it takes.
func TestDrainAfterASignal(t *testing.T) {
	const n, timeout = 1000, 30 * time.Second
	patience := timeout / patienceShare
	fine := func(*Record) error { return nil }
	refuses := func(r *Record) error {
		if r.Offset%10 == 7 {
			return Refused(errors.New("too large"))
		}
		return nil
	}
	for _, c := range []struct {
		name     string
		order    Order
		out      func(r *Record) error
		letters  func(r *Record) error
		away     time.Duration // all outputs, after the signal; while it lasts nothing is written
		attempts int
		atMost   time.Duration
		forced   bool
	}{
		{name: "many refusals", order: OrderPartition, out: refuses, attempts: 2, atMost: patience + time.Second, forced: true},
		{name: "many refusals, by key", order: OrderKey, out: refuses, attempts: 2, atMost: patience + time.Second, forced: true},
		{name: "many refusals, in any order", order: OrderNone, out: refuses, attempts: 2, atMost: patience},
		{name: "each refused once", order: OrderPartition, out: refuses, attempts: 1, atMost: patience + time.Second, forced: true},
		{name: "away", out: fine, away: time.Hour, attempts: 2, atMost: patience + time.Second, forced: true},
		{name: "letters away", out: refuses, letters: func(*Record) error { return errors.New("away") }, attempts: 1,
			atMost: patience + time.Second, forced: true},
		{name: "away for a moment", out: fine, away: patience / 2, attempts: 2, atMost: patience},
		{name: "slow", out: fine, attempts: 2, atMost: 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				letters, back := newAwayLetters(), time.Time{}
				answering := func(answer func(r *Record) error) func(context.Context, []*Record) []error {
					return lasting(200*time.Millisecond, each(func(r *Record) error {
						if time.Now().Before(back) {
							return errors.New("away")
						}
						if answer == nil {
							return nil
						}
						return answer(r)
					}))
				}
				letters.output.write = answering(c.letters)
				written := &funcOutput{write: answering(c.out)}
				out := output(written)
				out.Policy = Policy{
					Attempts: c.attempts, Backoff: 50 * time.Millisecond, MaxBackoff: 5 * time.Second,
					Then: ThenDeadLetter, DeadLetter: letters.node,
				}
				g := &Graph{Workers: 4, Order: c.order, ShutdownTimeout: timeout, Sources: []Source{pushing(true, func(in Intake) {
					back = time.Now().Add(c.away)
					for p := range int32(4) {
						in.Push(claimOf(in, p), byTurns(p, 0, n))
					}
					signal()
				})}}
				line(g, source(), healing(), out)
				g.Nodes = append(g.Nodes, letters.node)
				began := time.Now()
				_, wait := start(t, ctx, g, Options{})
				result := wait()
				if took := time.Since(began); took > c.atMost {
					t.Errorf("the stop took %s, want at most %s", took, c.atMost)
				}
				expect(t, "forced", result.Forced, c.forced)
				expect(t, "halted", result.Halted, nil)
				for p, watermark := range watermarks(result) {
					if !c.forced {
						expect(t, fmt.Sprintf("watermark of %d", p), watermark, n)
					}
					lost := missing(p, watermark, written, letters.output)
					if len(lost) > 0 {
						t.Errorf("partition %d: finished up to %d, but nobody has %v", p, watermark, lost)
					}
				}
			})
		})
	}
}

// missing are the offsets of a partition below a watermark that no output has.
func missing(p int32, watermark int64, outputs ...*funcOutput) (lost []int64) {
	has := make(map[int64]bool)
	for _, o := range outputs {
		for _, r := range o.written {
			if r.Partition == p {
				has[r.Offset] = true
			}
		}
	}
	for offset := range watermark {
		if !has[offset] {
			lost = append(lost, offset)
		}
	}
	return lost
}

// What succeeds is written however long it takes, also after a signal.
func TestSlowDrainAfterASignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, signal := context.WithCancel(t.Context())
		defer signal()
		out := &funcOutput{write: lasting(2*time.Second, func(context.Context, []*Record) []error { return nil })}
		g := &Graph{Workers: 1, ShutdownTimeout: 60 * time.Second, Limits: Limits{Records: 10 * sliceLimit}, Sources: []Source{pushing(true, func(in Intake) {
			in.Push(claimOf(in, 0), records(0, 0, 4*sliceLimit))
			signal()
		})}}
		line(g, source(), healing(), output(out))
		_, wait := start(t, ctx, g, Options{})
		result := wait()
		expect(t, "forced", result.Forced, false)
		expect(t, "watermark", watermarks(result)[0], 4*sliceLimit)
	})
}

// What is still under way when the shutdown timeout is over is given up, and an
// output that is away after a signal earlier, be it at once or in the middle of the
// end of input. The whole stop stays within the timeout.
func TestShutdownTimeout(t *testing.T) {
	hung := func(ctx context.Context, records []*Record) []error {
		<-ctx.Done()
		return make([]error, len(records)) // it had them after all
	}
	away := each(func(*Record) error { return errors.New("away") })
	for _, c := range []struct {
		name        string
		write       func(context.Context, []*Record) []error
		hold, halts bool
		watermark   int64
		took, close time.Duration
	}{
		{name: "hung", write: hung, hold: true, watermark: 5, took: 8 * time.Second, close: 1200 * time.Millisecond},
		{name: "away", write: away, hold: true, took: time.Second, close: 8200 * time.Millisecond},
		{name: "away at the end of input", write: away, took: time.Second, close: 8200 * time.Millisecond},
		{name: "away in a halt", write: away, hold: true, halts: true, took: 8 * time.Second, close: 1200 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				out := &funcOutput{write: c.write}
				closing := time.Duration(0)
				source := pushing(c.hold, func(in Intake) {
					in.Push(claimOf(in, 0), records(0, 0, 5))
					if c.halts {
						in.Push(claimOf(in, 1), records(1, 0, 1))
					}
				})
				source.close = func(ctx context.Context) error {
					deadline, _ := ctx.Deadline()
					closing = time.Until(deadline)
					return nil
				}
				g := &Graph{Workers: 1, Sources: []Source{source}, ShutdownTimeout: 10 * time.Second}
				line(g, &Node{Name: "in", Role: RoleSource}, failing(func(r *Record) bool { return r.Partition == 1 }), healing(), output(out))
				_, wait := start(t, ctx, g, Options{})
				began := time.Now()
				if !c.halts {
					time.AfterFunc(time.Minute, signal)
					began = began.Add(time.Minute)
				}
				result := wait()
				expect(t, "forced", result.Forced, true)
				expect(t, "halted", result.Halted != nil, c.halts)
				expect(t, "watermark", watermarks(result)[0], c.watermark)
				around := func(what string, got, want time.Duration) {
					if diff := got - want; diff < -10*time.Millisecond || diff > 10*time.Millisecond { // a pause may end it a little earlier
						t.Errorf("%s: got %s, want %s", what, got, want)
					}
				}
				around("time for the last commit", closing, c.close)
				around("the whole stop took", time.Since(began), c.took)
			})
		})
	}
}
