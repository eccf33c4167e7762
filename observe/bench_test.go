package observe_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"waterhealer/engine"
	"waterhealer/observe"
)

// crowd is a source with many partitions that stand still: each has a first
// record that sticks, and holes behind it.
type crowd struct {
	partitions int32
	records    int64
	ready      chan struct{}
}

func (c *crowd) Run(ctx context.Context, in engine.Intake) error {
	for p := range c.partitions {
		claim := in.Claim(engine.ClaimOptions{Source: "in", Topic: "t", Partition: p})
		records := make([]*engine.Record, c.records)
		for i := range records {
			records[i] = &engine.Record{Raw: []byte("1"), Intact: true, Topic: "t", Partition: p, Offset: int64(i), Known: engine.KnownAll}
		}
		in.Push(claim, records)
	}
	close(c.ready)
	<-ctx.Done()
	return nil
}

func (*crowd) Close(context.Context) error { return nil }

func (c *crowd) Group() engine.GroupStatus {
	s := engine.GroupStatus{Name: "g", Joined: true, Ever: true}
	for p := range c.partitions {
		s.Partitions = append(s.Partitions, engine.GroupPartition{Source: "in", Topic: "t", Partition: p, End: c.records})
	}
	return s
}

// oddly takes every second record, and tries the others again and again.
type oddly struct{}

func (oddly) Open(context.Context) error  { return nil }
func (oddly) Close(context.Context) error { return nil }
func (oddly) Write(_ context.Context, records []*engine.Record) []error {
	errs := make([]error, len(records))
	for i, r := range records {
		if r.Offset%2 == 0 {
			errs[i] = errRefused
		}
	}
	return errs
}

// BenchmarkStatus is what it costs to look at many partitions, each with
// records that stick and holes between them.
func BenchmarkStatus(b *testing.B) {
	for _, partitions := range []int32{1, 100, 1000} {
		for _, stuck := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/stuck=%t", partitions, stuck), func(b *testing.B) {
				in := &crowd{partitions: partitions, records: 20, ready: make(chan struct{})}
				var out engine.Output = &target{}
				if stuck {
					out = oddly{}
				}
				policy := engine.Policy{Attempts: 0, Backoff: time.Hour, MaxBackoff: time.Hour}
				nodes := []*engine.Node{
					{Name: "in", Role: engine.RoleSource}, {Name: "heal", Role: engine.RoleHealing},
					{Name: "out", Role: engine.RoleOutput, Sink: "heal", Output: out, Policy: policy},
				}
				g := &engine.Graph{Workers: 1, Order: engine.OrderNone, Sources: []engine.Source{in}, Nodes: nodes, ShutdownTimeout: time.Second}
				g.Connect(nodes[0], nodes[1], 0)
				g.Connect(nodes[1], nodes[2], 0)
				o := observe.New(observe.Options{Graph: g})
				rt, err := engine.New(g, engine.Options{})
				if err != nil {
					b.Fatal(err)
				}
				o.Watch(rt)
				ctx, signal := context.WithCancel(b.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = rt.Run(ctx)
				}()
				<-in.ready
				all := int64(partitions) * in.records
				for s := o.Status(); s.Nodes[2].Out+s.Nodes[2].Retried < all; s = o.Status() {
					time.Sleep(time.Millisecond) //nolint:forbidigo // until it stands still
				}
				b.ReportAllocs()
				for b.Loop() {
					o.Status()
				}
				b.StopTimer()
				signal()
				<-done
			})
		}
	}
}

// BenchmarkWatched is a record's way while somebody looks, a hundred times as
// often as a page does. ns/op is per record.
func BenchmarkWatched(b *testing.B) {
	for _, each := range []time.Duration{0, 10 * time.Millisecond} {
		b.Run(fmt.Sprintf("each=%s", each), func(b *testing.B) {
			in := &stream{records: int64(b.N)}
			nodes := []*engine.Node{
				{Name: "in", Role: engine.RoleSource}, {Name: "heal", Role: engine.RoleHealing},
				{Name: "out", Role: engine.RoleOutput, Sink: "heal", Output: &target{}},
			}
			g := &engine.Graph{Workers: 1, Sources: []engine.Source{in}, Nodes: nodes}
			g.Connect(nodes[0], nodes[1], 0)
			g.Connect(nodes[1], nodes[2], 0)
			o := observe.New(observe.Options{Graph: g})
			rt, err := engine.New(g, engine.Options{})
			if err != nil {
				b.Fatal(err)
			}
			o.Watch(rt)
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				for each > 0 && ctx.Err() == nil {
					o.Status()
					select {
					case <-time.After(each):
					case <-ctx.Done():
					}
				}
			}()
			b.ResetTimer()
			if _, err := rt.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			cancel()
			<-done
		})
	}
}

// stream is a source of one partition that pushes as room allows.
type stream struct{ records int64 }

func (s *stream) Run(_ context.Context, in engine.Intake) error {
	c := in.Claim(engine.ClaimOptions{Source: "in", Topic: "t"})
	for at := int64(0); at < s.records; {
		if c.Full() {
			<-c.Room()
		}
		slab := make([]engine.Record, min(512, s.records-at))
		records := make([]*engine.Record, len(slab))
		for i := range slab {
			slab[i] = engine.Record{Raw: []byte("1"), Intact: true, Topic: "t", Offset: at, Known: engine.KnownAll}
			records[i] = &slab[i]
			at++
		}
		in.Push(c, records)
	}
	return nil
}

func (*stream) Close(context.Context) error { return nil }
