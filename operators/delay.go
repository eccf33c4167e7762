package operators

import (
	"context"
	"slices"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
)

func delayKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "delay",
			Summary:  "Sends each record on so much later.",
			Doc:      "Each record is shifted by the same time, and order is kept; streamz instead leaves so much time between two records, which is rate_limit here. What waits is bounded by max_in_flight. At the end of input the run goes on until the last has left; after a signal what waits is dropped unfinished, to be read again. A dry run does not wait.",
			Finished: "after it left, with what comes after",
			Fields: []configs.Field{
				{Name: "by", Type: configs.TypeDuration, Required: true, Min: "1ns", Doc: "How much later."},
			},
			Short:   "by",
			Example: "delay: 2s\n",
			Given:   []string{"1", "wait 1s", "2", "wait 1s"}, Gives: []string{"1"},
		},
		State: true, Passes: true, Each: true,
		Flow:  passesOn,
		Build: func(b *Builder) engine.Operator { return &delay{by: b.Node.Values.Duration("by")} },
	}
}

type delay struct {
	by      time.Duration
	waiting []delayed
}

type delayed struct {
	record *engine.Record
	due    time.Time
}

// Process begins the record's wait.
func (d *delay) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	if out.Standing() {
		out.Emit(r)
		return nil
	}
	out.Keep(r)
	d.waiting = append(d.waiting, delayed{record: r, due: out.Now().Add(d.by)})
	return nil
}

// Next is when the first wait is over.
func (d *delay) Next() time.Time {
	if len(d.waiting) == 0 {
		return time.Time{}
	}
	return d.waiting[0].due
}

// Fire sends what came at one time and has waited long enough.
func (d *delay) Fire(_ context.Context, _ time.Time, out *engine.Out) error {
	n := 1
	for n < len(d.waiting) && d.waiting[n].due.Equal(d.waiting[0].due) {
		n++
	}
	d.send(n, out)
	return nil
}

func (d *delay) send(n int, out *engine.Out) {
	for _, w := range d.waiting[:n] {
		out.Emit(w.record)
		out.LetGo(w.record)
	}
	d.waiting = slices.Delete(d.waiting, 0, n)
}

// Lingers: the end of input shortens no wait.
func (d *delay) Lingers() {}

// Flush sends what is left at the end of input.
func (d *delay) Flush(_ context.Context, end bool, out *engine.Out) error {
	if end {
		d.send(len(d.waiting), out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (d *delay) Evict(gone func(*engine.Record) bool) {
	d.waiting = slices.DeleteFunc(d.waiting, func(w delayed) bool { return gone(w.record) })
}
