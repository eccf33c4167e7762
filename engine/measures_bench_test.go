package engine

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMeasures is what times and sizes cost: CPU with them in relation to
// CPU without, of runs that take turns, so that what else the machine does meets
// both. Each operator works for about as long as a small expression.
func BenchmarkMeasures(b *testing.B) {
	expression := func() *Node {
		return &Node{Name: "map", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			sum := uint64(r.Offset)
			for range 100 {
				sum = sum*2862933555777941757 + 3037000493
			}
			out.Emit(r.With(sum))
			return nil
		})}
	}
	for name, operators := range map[string]int{"pass-through": 0, "two-operators": 2} {
		b.Run(name, func(b *testing.B) {
			const records = 400_000
			run := func(m *Measures) time.Duration {
				g := &Graph{Workers: 1, Sources: []Source{&benchSource{partitions: 1, records: records}}}
				nodes := []*Node{source()}
				for range operators {
					nodes = append(nodes, expression())
				}
				line(g, append(nodes, healing(), output(drop{}))...)
				rt, err := New(g, Options{Measures: m})
				if err != nil {
					b.Fatal(err)
				}
				before := cpuTime(b)
				if _, err := rt.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
				return cpuTime(b) - before
			}
			var ratios, costs []float64
			for b.Loop() {
				off, on := run(nil), run(NewMeasures())
				off += run(nil)
				on += run(NewMeasures())
				ratios = append(ratios, float64(on)/float64(off))
				costs = append(costs, float64(off)/2/records)
			}
			slices.Sort(ratios)
			slices.Sort(costs)
			b.ReportMetric(ratios[len(ratios)/2], "on/off")
			b.ReportMetric(costs[len(costs)/2], "cpu-ns/record")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// cpuTime is what this process has used of the CPUs.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
