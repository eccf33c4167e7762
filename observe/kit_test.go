package observe_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"waterhealer/engine"
	"waterhealer/observe"
)

// member is a source that is told what to push, and what to say of its group.
type member struct {
	pushes chan func(in engine.Intake)

	mu    sync.Mutex
	group engine.GroupStatus
}

func (m *member) Run(ctx context.Context, in engine.Intake) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case push := <-m.pushes:
			push(in)
		}
	}
}

func (m *member) Close(context.Context) error { return nil }

func (m *member) Group() engine.GroupStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	group := m.group
	group.Partitions = slices.Clone(group.Partitions)
	return group
}

func (m *member) says(change func(g *engine.GroupStatus)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.group)
}

// target is an output that answers as it is told.
type target struct {
	mu     sync.Mutex
	answer func(r *engine.Record) error // nil takes all
}

func (*target) Open(context.Context) error  { return nil }
func (*target) Close(context.Context) error { return nil }

func (o *target) answers(answer func(r *engine.Record) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = answer
}

func (o *target) Write(_ context.Context, records []*engine.Record) []error {
	o.mu.Lock()
	answer := o.answer
	o.mu.Unlock()
	if answer == nil {
		return nil
	}
	errs := make([]error, len(records))
	failed := make(map[any]bool)
	for i, r := range records {
		unit := r.Unit()
		if unit != nil && failed[unit] {
			errs[i] = engine.ErrHeldBack
			continue
		}
		errs[i] = answer(r)
		failed[unit] = errs[i] != nil
	}
	return errs
}

// keeping is an operator that keeps every record until it is told to let go.
type keeping struct {
	records []*engine.Record
	due     time.Time
	until   time.Duration // 0 keeps nothing
}

func (k *keeping) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	if k.until == 0 {
		out.Emit(r)
		return nil
	}
	out.Keep(r)
	k.records = append(k.records, r)
	if k.due.IsZero() {
		k.due = out.Now().Add(k.until)
	}
	return nil
}

func (k *keeping) Next() time.Time { return k.due }

func (k *keeping) Fire(_ context.Context, _ time.Time, out *engine.Out) error {
	for _, r := range k.records {
		out.Emit(r)
		out.LetGo(r)
	}
	k.records, k.due = nil, time.Time{}
	return nil
}

func (k *keeping) Evict(gone func(*engine.Record) bool) {
	k.records = slices.DeleteFunc(k.records, gone)
}

// watched is a running pipeline from in over keep to out, with its observer.
type watched struct {
	*observe.Observer
	t       *testing.T
	in      *member
	keep    *keeping
	out     *target
	letters *target
	claims  map[int32]*engine.Claim
	stop    func() engine.Result

	undecoded bool // of what is pushed from now on
}

// watch starts it, in a synctest bubble.
func watch(t *testing.T, change func(g *engine.Graph, o *observe.Options)) *watched {
	t.Helper()
	w := &watched{
		t: t, in: &member{pushes: make(chan func(engine.Intake))}, keep: &keeping{}, out: &target{}, letters: &target{},
		claims: make(map[int32]*engine.Claim),
	}
	w.in.group = engine.GroupStatus{Name: "g", Sources: []string{"in"}, Joined: true, Ever: true, CommitsEvery: time.Second}
	policy := engine.Policy{Attempts: 3, Backoff: time.Second, MaxBackoff: 4 * time.Second, Then: engine.ThenSkip}
	source := &engine.Node{Name: "in", Kind: "kafka", Where: "p.yaml:3:5", Role: engine.RoleSource, Policy: policy}
	keep := &engine.Node{Name: "keep", Kind: "delay", Where: "p.yaml:6:5", Role: engine.RoleOperator, Operator: w.keep, State: true, Policy: policy}
	healing := &engine.Node{Name: "heal", Kind: "healing", Where: "p.yaml:8:5", Role: engine.RoleHealing, Policy: policy}
	out := &engine.Node{Name: "heal/kafka", Kind: "kafka", Where: "p.yaml:9:9", Role: engine.RoleOutput, Sink: "heal", Output: w.out, Policy: policy}
	dead := &engine.Node{Name: "dead_letter", Kind: "kafka", Where: "p.yaml:12:5", Role: engine.RoleOutput, Output: w.letters, Policy: policy}
	g := &engine.Graph{Name: "p", Workers: 2, Sources: []engine.Source{w.in}, Nodes: []*engine.Node{source, keep, healing, out, dead}}
	g.Connect(source, keep, 0)
	g.Connect(keep, healing, 0)
	g.Connect(healing, out, 0)
	out.Policy.DeadLetter = dead
	o := observe.Options{Graph: g, Version: "v1", Config: "name: p\n", Details: map[string]string{"p.yaml:6:5": "1s"}}
	if change != nil {
		change(g, &o)
	}
	w.Observer = observe.New(o)
	rt, err := engine.New(g, engine.Options{OnFailure: w.Failed, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	w.Watch(rt)
	w.run(rt)
	return w
}

func (w *watched) run(rt *engine.Runtime) {
	ctx, signal := context.WithCancel(w.t.Context())
	observing, end := context.WithCancel(context.Background())
	result := make(chan engine.Result, 1)
	var running sync.WaitGroup
	running.Go(func() { w.Observer.Run(observing) })
	running.Go(func() {
		r, err := rt.Run(ctx)
		if err != nil {
			w.t.Error(err)
		}
		result <- r
	})
	w.stop = sync.OnceValue(func() engine.Result {
		signal()
		r := <-result
		end()
		running.Wait()
		return r
	})
	w.t.Cleanup(func() { w.stop() })
}

// push gives records to the pipeline, and returns when it has them.
func (w *watched) push(partition int32, from, to int64) {
	w.t.Helper()
	done := make(chan struct{})
	w.in.pushes <- func(in engine.Intake) {
		defer close(done)
		c := w.claims[partition]
		if c == nil {
			c = in.Claim(engine.ClaimOptions{Source: "in", Topic: "t", Partition: partition})
			w.claims[partition] = c
		}
		var records []*engine.Record
		for offset := from; offset < to; offset++ {
			r := &engine.Record{
				Raw: fmt.Appendf(nil, `{"n":%d}`, offset), Key: []byte("k"), Headers: []engine.Header{{Key: "h", Value: []byte("v")}},
				Topic: "t", Partition: partition, Offset: offset, Known: engine.KnownAll, Intact: true,
			}
			if !w.undecoded {
				r.SetValue(offset)
			}
			records = append(records, r)
		}
		in.Push(c, records)
	}
	<-done
}

// after lets virtual time pass and returns the status then.
func (w *watched) after(d time.Duration) *observe.Status {
	w.t.Helper()
	<-time.After(d)
	synctest.Wait()
	return w.Status()
}

// node is one node of a status.
func node(t *testing.T, s *observe.Status, name string) observe.Node {
	t.Helper()
	for _, n := range s.Nodes {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("there is no node %s", name)
	return observe.Node{}
}

var errRefused = errors.New("refused")

// except takes all records but one.
func except(partition int32, offset int64, err error) func(*engine.Record) error {
	return func(r *engine.Record) error {
		if r.Partition == partition && r.Offset == offset {
			return err
		}
		return nil
	}
}
