package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// benchSource pushes one partition's records in slices, as room allows, and
// makes them as the Kafka source does: a slab per slice.
type benchSource struct {
	partitions int32
	records    int64 // per partition
	keys       int64 // 0 is none
}

func (s *benchSource) Run(_ context.Context, in Intake) error {
	const slice = 512
	payload := []byte("0123456789")
	keys := make([][]byte, s.keys)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "key-%d", i)
	}
	var wg sync.WaitGroup
	for p := range s.partitions {
		wg.Go(func() {
			c := claimOf(in, p)
			for at := int64(0); at < s.records; {
				if c.Full() {
					<-c.Room()
				}
				slab := make([]Record, min(slice, s.records-at))
				records := make([]*Record, len(slab))
				for i := range slab {
					r := &slab[i]
					r.Raw, r.Intact, r.Topic, r.Partition, r.Offset, r.Known = payload, true, "t", p, at, KnownAll
					if len(keys) > 0 {
						r.Key = keys[at%s.keys]
					}
					records[i] = r
					at++
				}
				in.Push(c, records)
			}
		})
	}
	wg.Wait()
	return nil
}

func (s *benchSource) Close(context.Context) error { return nil }

// BenchmarkPath is a record's way from a source to its end, without any work
// of operators or outputs: what the engine itself costs. ns/op and allocs/op
// are per record.
func BenchmarkPath(b *testing.B) {
	relabel := func() *Node {
		return &Node{Name: "map", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			out.Emit(r.With(true))
			return nil
		})}
	}
	for _, c := range []struct {
		name  string
		nodes func() []*Node
	}{
		{"healing", func() []*Node { return []*Node{healing()} }},
		{"map-healing", func() []*Node { return []*Node{relabel(), healing()} }},
		{"map-map-map-healing", func() []*Node { return []*Node{relabel(), relabel(), relabel(), healing()} }},
		{"map-output", func() []*Node { return []*Node{relabel(), healing(), output(drop{})} }},
		{"window-output", func() []*Node { return []*Node{windowing(&window{size: 50}), healing(), output(drop{})} }},
	} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d", c.name, workers), func(b *testing.B) {
				b.ReportAllocs()
				partitions := int32(workers)
				src := &benchSource{partitions: partitions, records: int64(b.N)/int64(partitions) + 1}
				g := &Graph{Workers: workers, Sources: []Source{src}}
				line(g, append([]*Node{source()}, c.nodes()...)...)
				rt, err := New(g, Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				if _, err := rt.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkOrder is the same for the ways to share one partition among lanes,
// with an output behind them.
func BenchmarkOrder(b *testing.B) {
	for _, c := range []struct {
		name  string
		order Order
		keys  int64
	}{
		{"partition", OrderPartition, 0},
		{"key-100", OrderKey, 100},
		{"key-10000", OrderKey, 10_000},
		{"key-unique", OrderKey, 10_000_000},
		{"none", OrderNone, 0},
	} {
		for _, workers := range []int{1, 2, 16} {
			b.Run(fmt.Sprintf("%s/%d", c.name, workers), func(b *testing.B) {
				b.ReportAllocs()
				src := &benchSource{partitions: 1, records: int64(b.N), keys: min(c.keys, int64(b.N))}
				g := &Graph{Workers: workers, Order: c.order, Sources: []Source{src}}
				line(g, source(), pass(), healing(), output(drop{}))
				rt, err := New(g, Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				if _, err := rt.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// drop acknowledges everything.
type drop struct{}

func (drop) Open(context.Context) error               { return nil }
func (drop) Write(context.Context, []*Record) []error { return nil }
func (drop) Close(context.Context) error              { return nil }

// The engine allocates per slice, and operators per record: growth here is paid
// by every record.
func TestAllocationsPerRecord(t *testing.T) {
	const n = 200_000
	for name, nodes := range map[string][]*Node{
		"healing": {healing()},
		"output":  {pass(), healing(), output(drop{})},
		"window":  {windowing(&window{size: 50}), healing(), output(drop{})},
	} {
		g := &Graph{Workers: 1, Sources: []Source{&benchSource{partitions: 1, records: n}}}
		line(g, append([]*Node{source()}, nodes...)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		runGraph(t, g, Options{})
		runtime.ReadMemStats(&after)
		if each := float64(after.Mallocs-before.Mallocs) / n; each > 0.3 {
			t.Errorf("%s: %.2f allocations per record", name, each)
		}
	}
}
