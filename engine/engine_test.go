package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listSource pushes records of some partitions and then ends, or waits for its
// context with hold.
type listSource struct {
	partitions int
	records    int // per partition
	hold       bool
	slice      int

	mu     sync.Mutex
	claims []*Claim
	final  map[int32]int64 // watermarks at Close
}

func (s *listSource) Run(ctx context.Context, in Intake) error {
	var wg sync.WaitGroup
	for p := range s.partitions {
		c := in.Claim(ClaimOptions{Source: "in", Topic: "t", Partition: int32(p)})
		s.mu.Lock()
		s.claims = append(s.claims, c)
		s.mu.Unlock()
		wg.Go(func() {
			for at := 0; at < s.records; {
				if c.Full() {
					select {
					case <-c.Room():
					case <-ctx.Done():
						return
					}
				}
				if ctx.Err() != nil {
					return
				}
				var slice []*Record
				for range max(s.slice, 1) {
					if at < s.records {
						slice = append(slice, &Record{
							Value: int64(at), Raw: fmt.Appendf(nil, "%d", at), Intact: true,
							Topic: "t", Partition: int32(p), Offset: int64(at), Known: KnownAll,
						})
						at++
					}
				}
				in.Push(c, slice)
			}
		})
	}
	wg.Wait()
	if s.hold {
		<-ctx.Done()
	}
	return nil
}

func (s *listSource) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.final = make(map[int32]int64)
	for _, c := range s.claims {
		s.final[c.Partition] = c.Watermark()
	}
	return nil
}

// memoryOutput keeps what was written; fail decides about each record.
type memoryOutput struct {
	mu      sync.Mutex
	fail    func(r *Record, try int) error
	tries   map[string]int
	written []*Record
}

func (o *memoryOutput) Open(context.Context) error  { return nil }
func (o *memoryOutput) Close(context.Context) error { return nil }
func (o *memoryOutput) Write(_ context.Context, records []*Record) []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var results []error
	heldUnits := map[any]bool{}
	for i, r := range records {
		if unit := r.Unit(); unit != nil && heldUnits[unit] {
			results[i] = ErrHeldBack
			continue
		}
		id := fmt.Sprintf("%d/%d", r.Partition, r.Offset)
		if o.fail != nil {
			if o.tries == nil {
				o.tries = make(map[string]int)
			}
			o.tries[id]++
			if err := o.fail(r, o.tries[id]); err != nil {
				if results == nil {
					results = make([]error, len(records))
				}
				results[i] = err
				heldUnits[r.Unit()] = true
				continue
			}
		}
		o.written = append(o.written, r)
	}
	return results
}

func (o *memoryOutput) offsets(partition int32) []int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []int64
	for _, r := range o.written {
		if r.Partition == partition {
			out = append(out, r.Offset)
		}
	}
	return out
}

type operatorFunc func(ctx context.Context, r *Record, out *Out) error

func (f operatorFunc) Process(ctx context.Context, r *Record, out *Out) error { return f(ctx, r, out) }

func line(g *Graph, nodes ...*Node) {
	for i, n := range nodes {
		if n.Policy == (Policy{}) {
			n.Policy = DefaultPolicy()
			n.Policy.Backoff, n.Policy.MaxBackoff = time.Millisecond, 4*time.Millisecond
		}
		g.Nodes = append(g.Nodes, n)
		if i > 0 {
			g.Connect(nodes[i-1], n, 0)
		}
	}
}

func source() *Node  { return &Node{Name: "in", Role: RoleSource} }
func healing() *Node { return &Node{Name: "heal", Role: RoleHealing} }
func output(o Output) *Node {
	return &Node{Name: "out", Role: RoleOutput, Output: o}
}

func runGraph(t *testing.T, g *Graph, o Options) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	rt, err := New(g, o)
	if err != nil {
		t.Fatal(err)
	}
	result, err := rt.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatal("the run did not end by itself")
	}
	return result
}

func TestEveryOffsetIsFinishedInOrder(t *testing.T) {
	for _, order := range []Order{OrderPartition, OrderKey, OrderNone} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			src := &listSource{partitions: 3, records: 5000, slice: 100}
			out := &memoryOutput{}
			g := &Graph{Workers: 2, Order: order, Sources: []Source{src}, Limits: Limits{Records: 500}}
			even := operatorFunc(func(_ context.Context, r *Record, out *Out) error {
				if r.Offset%2 == 0 {
					out.Emit(r.With(r.Offset))
				}
				return nil
			})
			line(g, source(), &Node{Name: "even", Role: RoleOperator, Operator: even}, healing(), output(out))
			result := runGraph(t, g, Options{})
			if result.Halted != nil {
				t.Fatal(result.Halted)
			}
			for p := range int32(3) {
				if src.final[p] != 5000 {
					t.Errorf("partition %d: watermark %d", p, src.final[p])
				}
				got := out.offsets(p)
				if len(got) != 2500 {
					t.Errorf("partition %d: %d records came out", p, len(got))
				}
				for i := 1; order == OrderPartition && i < len(got); i++ {
					if got[i] <= got[i-1] {
						t.Fatalf("partition %d: %d came after %d", p, got[i], got[i-1])
					}
				}
			}
		})
	}
}

func TestFailingRecordHaltsAtItsOffset(t *testing.T) {
	src := &listSource{partitions: 2, records: 1000, slice: 10}
	out := &memoryOutput{}
	g := &Graph{Workers: 2, Sources: []Source{src}}
	poison := operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		if r.Partition == 1 && r.Offset == 500 {
			return errors.New("poison")
		}
		out.Emit(r)
		return nil
	})
	line(g, source(), &Node{Name: "poison", Role: RoleOperator, Operator: poison}, healing(), output(out))
	result := runGraph(t, g, Options{})
	var f *Failure
	if !errors.As(result.Halted, &f) || f.Offset != 500 || f.Partition != 1 || f.Node != "poison" {
		t.Fatalf("halted: %v", result.Halted)
	}
	if src.final[1] != 500 {
		t.Errorf("watermark of the failing partition: %d", src.final[1])
	}
	for _, offset := range out.offsets(1) {
		if offset >= 500 {
			t.Fatalf("offset %d overtook the failed one", offset)
		}
	}
}

func TestRetryKeepsOrderAndOthersGoOn(t *testing.T) {
	src := &listSource{partitions: 2, records: 300, slice: 7}
	out := &memoryOutput{fail: func(r *Record, try int) error {
		if r.Partition == 0 && r.Offset%50 == 10 && try < 4 {
			return Refused(errors.New("not now"))
		}
		if r.Partition == 0 && r.Offset%70 == 30 && try < 8 {
			return errors.New("away")
		}
		return nil
	}}
	g := &Graph{Workers: 1, Sources: []Source{src}}
	line(g, source(), healing(), output(out))
	if result := runGraph(t, g, Options{}); result.Halted != nil {
		t.Fatal(result.Halted)
	}
	for p := range int32(2) {
		got := out.offsets(p)
		if len(got) != 300 || src.final[p] != 300 {
			t.Fatalf("partition %d: %d written, watermark %d", p, len(got), src.final[p])
		}
		for i, offset := range got {
			if offset != int64(i) {
				t.Fatalf("partition %d: offset %d at place %d", p, offset, i)
			}
		}
	}
}

func TestDeadLettersAndSkips(t *testing.T) {
	for _, then := range []Then{ThenDeadLetter, ThenSkip} {
		src := &listSource{partitions: 1, records: 500, slice: 50}
		dead := &memoryOutput{fail: func(r *Record, try int) error {
			if try < 3 {
				return errors.New("dead letter topic away")
			}
			return nil
		}}
		out := &memoryOutput{fail: func(r *Record, _ int) error {
			if r.Offset%100 == 3 {
				return Refused(errors.New("poison"))
			}
			return nil
		}}
		letters := &Node{Name: "dead_letter", Role: RoleOutput, Output: dead, Policy: DefaultPolicy()}
		policy := Policy{Attempts: 2, Backoff: time.Millisecond, MaxBackoff: time.Millisecond, Then: then, DeadLetter: letters}
		o := output(out)
		o.Policy = policy
		g := &Graph{Workers: 1, Sources: []Source{src}}
		line(g, source(), healing(), o)
		g.Nodes = append(g.Nodes, letters)
		if result := runGraph(t, g, Options{}); result.Halted != nil {
			t.Fatal(result.Halted)
		}
		if src.final[0] != 500 || len(out.offsets(0)) != 495 {
			t.Errorf("%s: watermark %d, written %d", then, src.final[0], len(out.offsets(0)))
		}
		want := 0
		if then == ThenDeadLetter {
			want = 5
		}
		if len(dead.written) != want {
			t.Errorf("%s: %d dead letters", then, len(dead.written))
		}
	}
}
