package kafka

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"waterhealer/engine"
)

// pressed is an output of a function that answers for each record.
type pressed struct {
	answer func(r *engine.Record) error
	slices atomic.Int64
}

func (o *pressed) Open(context.Context) error  { return nil }
func (o *pressed) Close(context.Context) error { return nil }

func (o *pressed) Write(_ context.Context, records []*engine.Record) []error {
	o.slices.Add(1)
	var errs []error
	for i, r := range records {
		if err := o.answer(r); err != nil {
			if errs == nil {
				errs = make([]error, len(records))
			}
			errs[i] = err
		}
	}
	return errs
}

// engineRun is a real engine between a real source and an output of the test's.
type engineRun struct {
	*engine.Runtime
	source *group
	signal context.CancelFunc
	done   chan engine.Result
}

// startEngine runs the source's records through operators to an output.
func startEngine(t *testing.T, source *group, change func(*engine.Graph), output engine.Output, operators ...*engine.Node) *engineRun {
	t.Helper()
	g := &engine.Graph{Name: "p", Workers: 2, Order: engine.OrderNone, Sources: []engine.Source{source}, ShutdownTimeout: longEnough}
	policy := engine.DefaultPolicy()
	policy.Backoff, policy.MaxBackoff = 10*time.Millisecond, 50*time.Millisecond
	nodes := append([]*engine.Node{{Name: "in", Role: engine.RoleSource}}, operators...)
	nodes = append(nodes, &engine.Node{Name: "heal", Role: engine.RoleHealing}, &engine.Node{Name: "out", Role: engine.RoleOutput, Output: output})
	for i, n := range nodes {
		n.Policy = policy
		if i > 0 {
			g.Connect(nodes[i-1], n, 0)
		}
	}
	g.Nodes = nodes
	if change != nil {
		change(g)
	}
	rt, err := engine.New(g, engine.Options{Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, signal := context.WithCancel(context.Background())
	r := &engineRun{Runtime: rt, source: source, signal: signal, done: make(chan engine.Result, 1)}
	go func() {
		result, err := rt.Run(ctx)
		if err != nil {
			t.Error(err)
		}
		r.done <- result
	}()
	t.Cleanup(func() { r.end(t) })
	return r
}

// end stops the run, if it goes on, and returns how it ended.
func (r *engineRun) end(t *testing.T) engine.Result {
	t.Helper()
	r.signal()
	return r.result(t)
}

func (r *engineRun) result(t *testing.T) engine.Result {
	t.Helper()
	select {
	case result := <-r.done:
		r.done <- result
		return result
	case <-time.After(3 * longEnough):
		t.Fatal("the run does not end")
		return engine.Result{}
	}
}

// generation is that of the session under way, -1 for none.
func (g *group) generation() int32 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.session == nil {
		return -1
	}
	return g.session.GenerationID()
}

// sessions makes a source's session short. It is long enough for heartbeats on a
// slow machine.
func sessions(o *sourceTest) { o.membership.sessionTimeout = 3 * time.Second }

// For longer than two sessions a head is stuck in one partition: it pauses,
// soon behind max_ahead, the other partition goes on, and the membership is kept.
func TestStuckHeadPausesOnlyItsPartition(t *testing.T) {
	t.Parallel()
	b := sourceBroker(t, map[string]int32{"t": 2})
	const n, ahead = 40_000, 2000
	var back atomic.Bool
	run := startEngine(t, newSource(t, b, sessions, "t"), func(g *engine.Graph) { g.Limits.Ahead = ahead },
		&pressed{answer: func(r *engine.Record) error {
			if r.Partition == 0 && r.Offset == 0 && !back.Load() {
				return errors.New("away")
			}
			return nil
		}})
	c := control(t, b, "g")
	payload := strings.Repeat("v", 200)
	produceValues(t, b, "t", 0, numbered(payload, n)...)
	at := place{"t", 0}
	eventually(t, "the partition is paused", func() bool { return claimOf(run.source, at) != nil && claimOf(run.source, at).holding.Load() })
	claim, generation, began := claimOf(run.source, at), run.source.generation(), time.Now()
	taken := claim.next.Load()
	// The other partition goes on all the time.
	for part := range 7 {
		produceValues(t, b, "t", 1, numbered(payload, n/40)...)
		want := int64((part + 1) * n / 40)
		eventually(t, "the other partition is committed", func() bool { return committedAt(t, c, "t", 1).offset == want })
		eventually(t, "a second is over", func() bool { return time.Since(began) > time.Duration(part+1)*time.Second })
	}
	if now := claim.next.Load(); now > taken+2*sliceSize {
		t.Errorf("it was read on from %d to %d while it was paused", taken, now)
	}
	if claim.next.Load() >= n {
		t.Error("all of the stuck partition was read")
	}
	if now := run.source.generation(); claimOf(run.source, at) != claim || now != generation {
		t.Errorf("the membership was lost: generation %d, then %d", generation, now)
	}
	back.Store(true)
	eventually(t, "the stuck partition is committed", func() bool { return committedAt(t, c, "t", 0).offset == n })
	if claim.holding.Load() {
		t.Error("it is still paused")
	}
	if result := run.end(t); result.Halted != nil || result.Forced {
		t.Errorf("halted: %v, forced: %v", result.Halted, result.Forced)
	}
}

// A sink that takes nothing for longer than two sessions pauses all partitions
// at max_in_flight; the membership is kept, and all is written when it is back.
func TestDeadSinkPausesEverything(t *testing.T) {
	t.Parallel()
	b := sourceBroker(t, map[string]int32{"t": 2})
	const n, most = 20_000, 1000
	payload := strings.Repeat("v", 1000) // a fetch brings about a thousand
	var back atomic.Bool
	run := startEngine(t, newSource(t, b, sessions, "t"), func(g *engine.Graph) {
		g.Order, g.Limits.Records = engine.OrderPartition, most
	}, &pressed{answer: func(*engine.Record) error {
		if !back.Load() {
			return errors.New("away")
		}
		return nil
	}})
	places := []place{{"t", 0}, {"t", 1}}
	for _, p := range places {
		produceValues(t, b, "t", p.partition, numbered(payload, n)...)
	}
	eventually(t, "both partitions are paused", func() bool {
		for _, p := range places {
			if c := claimOf(run.source, p); c == nil || !c.holding.Load() {
				return false
			}
		}
		return true
	})
	generation, began := run.source.generation(), time.Now()
	eventually(t, "two sessions are over", func() bool { return time.Since(began) > 7*time.Second })
	for _, p := range places {
		// What sarama had fetched before the pause is still taken.
		if taken := claimOf(run.source, p).next.Load(); taken < most || taken == n {
			t.Errorf("%d records of %s were taken", taken, p)
		}
	}
	if now := run.source.generation(); now != generation {
		t.Errorf("the membership was lost: generation %d, then %d", generation, now)
	}
	back.Store(true)
	c := control(t, b, "g")
	eventually(t, "all is committed", func() bool {
		return committedAt(t, c, "t", 0).offset == n && committedAt(t, c, "t", 1).offset == n
	})
	if result := run.end(t); result.Halted != nil || result.Forced {
		t.Errorf("halted: %v, forced: %v", result.Halted, result.Forced)
	}
}

// A hung output with heartbeats alive: the group sees a healthy member for as
// long as the write hangs, so only the watchdog can tell. It names the record,
// and halts as stall_after says; what was finished is committed, and the group
// is left.
func TestHungOutputWithHeartbeatsAlive(t *testing.T) {
	t.Parallel()
	b := sourceBroker(t, map[string]int32{"t": 1})
	release := make(chan struct{})
	defer close(release)
	var hung atomic.Int64
	var book lockedLog
	source := newSource(t, b, func(o *sourceTest) {
		sessions(o)
		o.settings.Logger = slog.New(slog.NewTextHandler(&book, nil))
	}, "t")
	run := startEngine(t, source, func(g *engine.Graph) {
		g.StallAfter, g.ShutdownTimeout = 7*time.Second, 5*time.Second
	}, &pressed{answer: func(r *engine.Record) error {
		if r.Offset == 100 {
			hung.Store(int64(source.generation()))
			<-release
		}
		return nil
	}})
	c := control(t, b, "g")
	produceValues(t, b, "t", 0, numbered("", 100)...)
	eventually(t, "the first records are committed", func() bool { return committedAt(t, c, "t", 0).offset == 100 })
	produceValues(t, b, "t", 0, numbered("", 50)...)
	eventually(t, "the write hangs", func() bool { return hung.Load() > 0 })
	waiting := time.Now()
	eventually(t, "two sessions are over", func() bool {
		return time.Since(waiting) > 6200*time.Millisecond || int64(source.generation()) != hung.Load()
	})
	if now := int64(source.generation()); now != hung.Load() {
		t.Errorf("the membership was lost: generation %d, then %d", hung.Load(), now)
	}
	began := time.Now()
	result := run.result(t)
	var stuck *engine.StuckError
	if !errors.As(result.Halted, &stuck) {
		t.Fatalf("halted: %v", result.Halted)
	}
	if s := stuck.Stuck; s.Node != "out" || s.Topic != "t" || s.Partition != 0 || s.Offset != 100 {
		t.Errorf("it names %s", s.String())
	}
	if took := time.Since(began); took > longEnough {
		t.Errorf("it took %s to halt", took)
	}
	if got := committedAt(t, c, "t", 0).offset; got != 100 {
		t.Errorf("committed %d", got)
	}
	if strings.Contains(book.String(), "lost=true") {
		t.Errorf("the log says\n%s", book.String())
	}
}

type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// counted is a window of a size.
type counted struct {
	size    int
	records []*engine.Record
}

func (w *counted) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	if w.records = append(w.records, r); len(w.records) == w.size {
		batch := w.records
		w.records = nil
		out.Emit(engine.NewJoined(len(batch), batch...))
		for _, r := range batch {
			out.LetGo(r)
		}
	}
	return nil
}

// oneIn lets one record in n through.
type oneIn int64

func (n oneIn) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	if r.Offset%int64(n) == 0 {
		out.Emit(r)
	}
	return nil
}

// A window behind a filter that passes 1 in 1,000 fills: 200,000 records of one
// partition make exactly 4 batches of 50, and no pause is left.
func TestWindowBehindAFilterFills(t *testing.T) {
	t.Parallel()
	b := sourceBroker(t, map[string]int32{"t": 1})
	const n = 200_000
	for range 4 {
		produceValues(t, b, "t", 0, numbered("", n/4)...)
	}
	var sizes sync.Map
	var batches atomic.Int64
	run := startEngine(t, newSource(t, b, nil, "t"), nil,
		&pressed{answer: func(r *engine.Record) error {
			sizes.Store(r.Value, true)
			batches.Add(1)
			return nil
		}},
		&engine.Node{Name: "filter", Role: engine.RoleOperator, Operator: oneIn(1000)},
		&engine.Node{Name: "window", Role: engine.RoleOperator, State: true, Operator: &counted{size: 50}})
	c := control(t, b, "g")
	eventuallyWithin(t, 6*longEnough, "all is committed", func() bool { return committedAt(t, c, "t", 0).offset == n })
	if claimOf(run.source, place{"t", 0}).holding.Load() {
		t.Error("the partition is paused")
	}
	if result := run.end(t); result.Halted != nil {
		t.Errorf("halted: %v", result.Halted)
	}
	sizes.Range(func(size, _ any) bool {
		if size != 50 {
			t.Errorf("a batch of %v", size)
		}
		return true
	})
	if batches.Load() != 4 {
		t.Errorf("%d batches", batches.Load())
	}
}

// A commit that no broker takes is named and, with stall_after, halts: work goes
// on meanwhile, but all of it would be done again.
func TestCommitWithoutAnswerIsNoProgress(t *testing.T) {
	t.Parallel()
	b := sourceBroker(t, map[string]int32{"t": 1})
	b.Cluster().Fault(refuseCommits(kerr.CoordinatorLoadInProgress, -1))
	run := startEngine(t, newSource(t, b, nil, "t"), func(g *engine.Graph) {
		g.StallAfter, g.ShutdownTimeout = 3*time.Second, 5*time.Second
	}, &pressed{answer: func(*engine.Record) error { return nil }})
	produceValues(t, b, "t", 0, numbered("", 100)...)
	result := run.result(t)
	var stuck *engine.StuckError
	if !errors.As(result.Halted, &stuck) {
		t.Fatalf("halted: %v", result.Halted)
	}
	if s := stuck.Stuck; s.Node != "in" || s.Doing != "committing" {
		t.Errorf("it names %s", s.String())
	}
}
