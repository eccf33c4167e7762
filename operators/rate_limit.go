package operators

import (
	"context"
	"slices"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
)

func rateLimitKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "rate_limit",
			Summary:  "Lets at most one record per interval through.",
			Doc:      "Records that come too early wait, and nothing is dropped: when a second's worth of them waits, its sources pause. With `per_second` and `burst`, so many may leave at once after a pause. At the end of input the run goes on until the last has left; after a signal what waits is dropped unfinished, to be read again. A dry run does not wait.",
			Finished: "after it left, with what comes after",
			Fields: []configs.Field{
				{Name: "interval", Type: configs.TypeDuration, Min: "1ns", Doc: "The time between two records."},
				{Name: "per_second", Type: configs.TypeFloat, Min: "0.000001", Max: "1000000000", Doc: "Records per second, in place of `interval`."},
				{Name: "burst", Type: configs.TypeInt, Default: "1", Min: "1", Doc: "How many may leave at once, if none left before."},
			},
			Short:   "interval",
			Example: "rate_limit: {per_second: 2, burst: 2}\n",
			Given:   []string{"1", "2", "3", "4", "wait 500ms"}, Gives: []string{"1", "2", "3"},
		},
		State: true, Passes: true, Each: true,
		Flow: passesOn,
		Build: func(b *Builder) engine.Operator {
			v := b.Node.Values
			if v.Has("interval") == v.Has("per_second") {
				b.oneOf("interval", "per_second")
			}
			interval := v.Duration("interval")
			if perSecond := v.Float("per_second"); perSecond > 0 {
				interval = max(time.Duration(float64(time.Second)/perSecond), 1)
			}
			return &rateLimit{interval: interval, burst: v.Int("burst")}
		},
	}
}

type rateLimit struct {
	interval time.Duration
	burst    int64

	// earliest is when the next record could leave if there were no bursts: each
	// record that leaves moves it by one interval.
	earliest time.Time
	waiting  []*engine.Record
}

// allowed is when the next record may leave.
func (l *rateLimit) allowed() time.Time {
	return l.earliest.Add(-time.Duration(l.burst-1) * l.interval)
}

// Process lets a record through, or begins its wait.
func (l *rateLimit) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	if out.Standing() {
		out.Emit(r)
		return nil
	}
	if now := out.Now(); len(l.waiting) == 0 && !now.Before(l.allowed()) {
		l.left(now)
		out.Emit(r)
		return nil
	}
	out.Keep(r)
	l.waiting = append(l.waiting, r)
	return nil
}

func (l *rateLimit) left(now time.Time) {
	if l.earliest.Before(now) {
		l.earliest = now
	}
	l.earliest = l.earliest.Add(l.interval)
}

// Next is when the first that waits may leave.
func (l *rateLimit) Next() time.Time {
	if len(l.waiting) == 0 {
		return time.Time{}
	}
	return l.allowed()
}

// Fire sends the first that waits.
func (l *rateLimit) Fire(_ context.Context, now time.Time, out *engine.Out) error {
	l.left(now)
	l.send(1, out)
	return nil
}

func (l *rateLimit) send(n int, out *engine.Out) {
	for _, r := range l.waiting[:n] {
		out.Emit(r)
		out.LetGo(r)
	}
	l.waiting = slices.Delete(l.waiting, 0, n)
}

// Room is full when a second's worth of records waits.
func (l *rateLimit) Room(int) engine.Room {
	switch n := len(l.waiting); {
	case n == 0:
		return engine.RoomFree
	case time.Duration(n) >= max(time.Second/l.interval, 1):
		return engine.RoomFull
	}
	return engine.RoomBusy
}

// Lingers: the end of input raises no rate.
func (l *rateLimit) Lingers() {}

// Flush sends what is left at the end of input.
func (l *rateLimit) Flush(_ context.Context, end bool, out *engine.Out) error {
	if end {
		l.send(len(l.waiting), out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (l *rateLimit) Evict(gone func(*engine.Record) bool) {
	l.waiting = slices.DeleteFunc(l.waiting, gone)
}
