package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// funcSource is a source of functions.
type funcSource struct {
	run   func(ctx context.Context, in Intake) error
	close func(ctx context.Context) error
}

func (s *funcSource) Run(ctx context.Context, in Intake) error { return s.run(ctx, in) }

func (s *funcSource) Close(ctx context.Context) error {
	if s.close == nil {
		return nil
	}
	return s.close(ctx)
}

// claimOf takes partition p of topic t.
func claimOf(in Intake, p int32) *Claim {
	return in.Claim(ClaimOptions{Source: "in", Topic: "t", Partition: p})
}

// records are the records of a partition from one offset up to, not including,
// another.
func records(p int32, from, to int64) []*Record {
	var out []*Record
	for offset := from; offset < to; offset++ {
		r := &Record{
			Raw: fmt.Appendf(nil, "%d", offset), Intact: true,
			Topic: "t", Partition: p, Offset: offset, Known: KnownAll,
		}
		r.SetValue(offset)
		out = append(out, r)
	}
	return out
}

// pushing is a source that pushes once and ends, or waits for its end when it
// holds.
func pushing(hold bool, push func(in Intake)) *funcSource {
	return &funcSource{run: func(ctx context.Context, in Intake) error {
		push(in)
		if hold {
			<-ctx.Done()
		}
		return nil
	}}
}

// funcOutput is an output of functions; it keeps what was written.
type funcOutput struct {
	open   func(ctx context.Context) error
	write  func(ctx context.Context, records []*Record) []error
	closed int

	mu      sync.Mutex
	written []*Record
	slices  int
}

func (o *funcOutput) Open(ctx context.Context) error {
	if o.open == nil {
		return nil
	}
	return o.open(ctx)
}

func (o *funcOutput) Close(context.Context) error {
	o.closed++
	return nil
}

func (o *funcOutput) Write(ctx context.Context, records []*Record) []error {
	var errs []error
	if o.write != nil {
		errs = o.write(ctx, records)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.slices++
	for i, r := range records {
		if errs == nil || errs[i] == nil {
			o.written = append(o.written, r)
		}
	}
	return errs
}

// got lists what was written as partition/offset.
func (o *funcOutput) got() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, r := range o.written {
		list = append(list, fmt.Sprintf("%d/%d", r.Partition, r.Offset))
	}
	return strings.Join(list, " ")
}

// each makes a Write that answers for every record alone. Behind a failed one
// of its unit a record is held back.
func each(answer func(r *Record) error) func(context.Context, []*Record) []error {
	return func(_ context.Context, records []*Record) []error {
		errs := make([]error, len(records))
		failed := make(map[any]bool)
		for i, r := range records {
			unit := r.Unit()
			if unit != nil && failed[unit] {
				errs[i] = ErrHeldBack
				continue
			}
			errs[i] = answer(r)
			failed[unit] = failed[unit] || errs[i] != nil
		}
		if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
			return errs
		}
		return nil
	}
}

func pass() *Node {
	return &Node{Name: "pass", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		out.Emit(r)
		return nil
	})}
}

// failing is an operator that fails the records of which it is told.
func failing(bad func(r *Record) bool) *Node {
	return &Node{Name: "failing", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		if bad(r) {
			return fmt.Errorf("poison %d", r.Offset)
		}
		out.Emit(r)
		return nil
	})}
}

// work takes as long as it is told, unless the run is ended by force.
func work(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// working is an operator that works on each record as long as it is told.
func working(takes func(r *Record) time.Duration) *Node {
	return &Node{Name: "work", Role: RoleOperator, Operator: operatorFunc(func(ctx context.Context, r *Record, out *Out) error {
		if d := takes(r); d > 0 {
			work(ctx, d)
		}
		out.Emit(r)
		return nil
	})}
}

func flattening() *Node {
	return &Node{Name: "flatten", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		for _, element := range r.Batch {
			out.Emit(element)
		}
		return nil
	})}
}

// window collects records to batches of a size.
type window struct {
	size    int
	timeout time.Duration
	bad     func(r *Record) bool // nil is none
	records []*Record
	due     time.Time
	flushed []bool
}

func windowing(w Operator) *Node {
	return &Node{Name: "window", Role: RoleOperator, State: true, Operator: w}
}

func (w *window) Process(_ context.Context, r *Record, out *Out) error {
	if w.bad != nil && w.bad(r) {
		return fmt.Errorf("poison %d", r.Offset)
	}
	if len(w.records) == 0 && w.timeout > 0 {
		w.due = out.Now().Add(w.timeout)
	}
	out.Keep(r)
	w.records = append(w.records, r)
	if len(w.records) == w.size {
		w.send(out)
	}
	return nil
}

func (w *window) send(out *Out) {
	records := w.records
	w.records, w.due = nil, time.Time{}
	out.Emit(NewBatch(records))
	for _, r := range records {
		out.LetGo(r)
	}
}

func (w *window) Next() time.Time { return w.due }

func (w *window) Fire(_ context.Context, _ time.Time, out *Out) error {
	w.send(out)
	return nil
}

func (w *window) Flush(_ context.Context, end bool, out *Out) error {
	w.flushed = append(w.flushed, end)
	if len(w.records) > 0 && (end || w.timeout > 0) {
		w.send(out)
	}
	return nil
}

func (w *window) Evict(gone func(*Record) bool) { w.records = slices.DeleteFunc(w.records, gone) }

// quickly is a policy with short pauses.
func quickly(then Then, dead *Node) Policy {
	return Policy{Attempts: 3, Backoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, Then: then, DeadLetter: dead}
}

// start runs a graph; the returned function waits for its end. It belongs in a
// synctest bubble, where an hour passes at once.
func start(t *testing.T, ctx context.Context, g *Graph, o Options) (rt *Runtime, wait func() Result) { //nolint:revive // t comes first
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	rt, err := New(g, o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan Result, 1)
	go func() {
		defer cancel()
		result, err := rt.Run(ctx)
		if err != nil {
			t.Error(err)
		}
		if ctx.Err() == context.DeadlineExceeded {
			t.Error("the run did not end by itself")
		}
		done <- result
	}()
	return rt, func() Result {
		t.Helper()
		return <-done
	}
}

// runToEnd runs a graph to its end.
func runToEnd(t *testing.T, g *Graph) Result {
	t.Helper()
	_, wait := start(t, t.Context(), g, Options{})
	return wait()
}

func watermarks(result Result) map[int32]int64 {
	marks := make(map[int32]int64)
	for _, c := range result.Claims {
		marks[c.Partition] = c.Watermark
	}
	return marks
}

func expect[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
