package operators

import (
	"context"

	"waterhealer/configs"
	"waterhealer/engine"
)

func latestKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "latest",
			Summary:  "Keeps only the newest record while what comes after is busy.",
			Doc:      "What comes after is busy while an output writes or tries again, an operator with state has records to look at, a rate_limit lets records wait, or a buffer or zip is full. What is overwritten meanwhile is dropped. At the end of input and after a signal the newest is sent on.",
			Finished: "overwritten: at once; else after it left, with what comes after",
			Example:  "latest: {}\n",
			Given:    []string{"1", "2"}, Gives: []string{"1", "2"},
		},
		State: true,
		Flow:  passesOn,
		Build: func(*Builder) engine.Operator { return &latest{} },
	}
}

type latest struct {
	newest *engine.Record // nil when there is none
}

// Process keeps the record in place of the one before.
func (l *latest) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	if l.newest != nil {
		out.Drop(l.newest)
	}
	l.newest = r
	return nil
}

// Waits says that there is a record.
func (l *latest) Waits() bool { return l.newest != nil }

// HoldsBack is what it is for.
func (l *latest) HoldsBack() bool { return true }

// Pause sends the newest on when there is room.
func (l *latest) Pause(_ context.Context, room int, out *engine.Out) error {
	if room > 0 {
		l.send(out)
	}
	return nil
}

func (l *latest) send(out *engine.Out) {
	if l.newest != nil {
		out.Emit(l.newest)
		out.LetGo(l.newest)
		l.newest = nil
	}
}

// Flush sends the newest on.
func (l *latest) Flush(_ context.Context, _ bool, out *engine.Out) error {
	l.send(out)
	return nil
}

// Evict forgets a record of a revoked claim.
func (l *latest) Evict(gone func(*engine.Record) bool) {
	if l.newest != nil && gone(l.newest) {
		l.newest = nil
	}
}
