package kafka

import (
	"context"

	"waterhealer/engine"
	"waterhealer/healer"
)

// tracker is [engine.Claim] as this package sees it.
type tracker interface {
	Full() bool
	Room() <-chan struct{}
	Pace() <-chan struct{}
	Progress() (watermark int64, holes healer.Holes)
	Advance(next int64)
	Committed(watermark int64)
	End()
	Abandoned() int64
	InFlight() (records, bytes int64)
	Span() int64
}

// intake is [engine.Intake] with claims as trackers, so that tests can stand
// in for the engine.
type intake interface {
	Claim(engine.ClaimOptions) tracker
	Push(t tracker, records []*engine.Record)
	Revoke(ctx context.Context, t tracker)
}

// engineIntake is the real one.
type engineIntake struct{ in engine.Intake }

func (e engineIntake) Claim(o engine.ClaimOptions) tracker { return e.in.Claim(o) }

func (e engineIntake) Push(t tracker, records []*engine.Record) {
	e.in.Push(t.(*engine.Claim), records)
}

func (e engineIntake) Revoke(ctx context.Context, t tracker) { e.in.Revoke(ctx, t.(*engine.Claim)) }
