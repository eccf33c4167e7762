package operators

import (
	"context"
	"slices"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
)

func timedWindowKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "timed_window",
			Summary:  "Sends a batch per interval with what came in it.",
			Doc:      "The intervals follow each other from the start of the run, whenever records come; partition_time counts from the first record instead. An interval in which nothing came sends nothing, where streamz sends an empty batch: `emit_empty` does so here, too.",
			Finished: "with its window",
			Fields: []configs.Field{
				{Name: "interval", Type: configs.TypeDuration, Required: true, Min: "1ns", Doc: "How long a window is."},
				{Name: "emit_empty", Type: configs.TypeBool, Default: "false", Doc: "Sends an empty batch where nothing came."},
			},
			Short:   "interval",
			Example: "timed_window: 10s\n",
			Given:   []string{"wait 4s", "1", "2", "wait 6s", "3", "wait 10s"}, Gives: []string{"[1,2]", "[3]"},
		},
		State: true,
		Flow:  collects(""),
		Build: func(b *Builder) engine.Operator {
			v := b.Node.Values
			return &timedWindow{intervals: intervals{length: v.Duration("interval")}, empty: v.Bool("emit_empty")}
		},
	}
}

func timedWindowUniqueKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "timed_window_unique",
			Summary:  "Sends a batch per interval with one record per key.",
			Doc:      "As timed_window, with the repeats of a key left out. An interval in which nothing came sends nothing.",
			Finished: "with its window: a repeat with the record that stands for it, with which it also fails",
			Fields: []configs.Field{
				{Name: "interval", Type: configs.TypeDuration, Required: true, Min: "1ns", Doc: "How long a window is."},
				{Name: "key", Type: configs.TypeExpression, Doc: "What is distinct. Default: the value."},
				keepField(),
			},
			Short:   "interval",
			Example: "timed_window_unique: {interval: 10s, keep: last}\n",
			Given:   []string{"1", "2", "1", "wait 10s"}, Gives: []string{"[2,1]"},
		},
		State: true,
		Flow:  collects("key"),
		Build: func(b *Builder) engine.Operator {
			v := b.Node.Values
			return &timedWindowUnique{
				intervals: intervals{length: v.Duration("interval")}, key: b.Expression("key"),
				window: newDistinct(v.String("keep") == "last"),
			}
		},
	}
}

// intervals follow each other from the first look at the clock.
type intervals struct {
	length time.Duration
	origin time.Time
	due    time.Time // the end of the open interval; zero while none is
}

// open opens the interval in which now is, if none is open.
func (i *intervals) open(now time.Time) {
	if i.due.IsZero() {
		i.due = now.Add(i.length - now.Sub(i.origin)%i.length)
	}
}

// enter opens the interval in which a record comes.
func (i *intervals) enter(now time.Time) {
	i.begin(now)
	i.open(now)
}

// next is when the open interval ends. Before the first look it is a time in
// the past, so that this comes at once.
func (i *intervals) next() time.Time {
	if i.origin.IsZero() {
		return time.Unix(0, 1)
	}
	return i.due
}

// begin is the first look at the clock; false when it was before.
func (i *intervals) begin(now time.Time) bool {
	if !i.origin.IsZero() {
		return false
	}
	i.origin = now
	return true
}

type timedWindow struct {
	intervals
	empty   bool
	records []*engine.Record
}

// Process puts a record into the window.
func (w *timedWindow) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	w.records = append(w.records, r)
	w.enter(out.Now())
	return nil
}

// Next is when the window ends.
func (w *timedWindow) Next() time.Time { return w.next() }

// Fire sends the window whose time is over.
func (w *timedWindow) Fire(_ context.Context, now time.Time, out *engine.Out) error {
	if !w.begin(now) {
		w.send(out)
	}
	if w.empty {
		w.open(now)
	}
	return nil
}

func (w *timedWindow) send(out *engine.Out) {
	records := w.records
	w.records, w.due = nil, time.Time{}
	if len(records) == 0 && !w.empty {
		return // all were evicted
	}
	out.Emit(engine.NewBatch(records))
	for _, r := range records {
		out.LetGo(r)
	}
}

// Flush sends what the clock would have let go.
func (w *timedWindow) Flush(_ context.Context, _ bool, out *engine.Out) error {
	if len(w.records) > 0 {
		w.send(out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (w *timedWindow) Evict(gone func(*engine.Record) bool) {
	w.records = slices.DeleteFunc(w.records, gone)
}

type timedWindowUnique struct {
	intervals
	key    *Expression // nil is the value
	window *distinct
}

// Process puts a record into the window.
func (w *timedWindowUnique) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	key, err := keyOrValue(w.key, r)
	if err != nil {
		return err
	}
	out.Keep(r)
	w.window.add(key, r)
	w.enter(out.Now())
	return nil
}

// Next is when the window ends.
func (w *timedWindowUnique) Next() time.Time { return w.next() }

// Fire sends the window whose time is over.
func (w *timedWindowUnique) Fire(_ context.Context, now time.Time, out *engine.Out) error {
	if !w.begin(now) {
		w.send(out)
	}
	return nil
}

func (w *timedWindowUnique) send(out *engine.Out) {
	w.due = time.Time{}
	if w.window.len() > 0 {
		w.window.send(out)
	}
}

// Flush sends what the clock would have let go.
func (w *timedWindowUnique) Flush(_ context.Context, _ bool, out *engine.Out) error {
	w.send(out)
	return nil
}

// Evict forgets the records of revoked claims.
func (w *timedWindowUnique) Evict(gone func(*engine.Record) bool) { w.window.evict(gone) }
