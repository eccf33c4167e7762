package tracing

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"waterhealer/engine"
)

// BenchmarkTracing is what following records costs: CPU with it in relation to
// CPU without, of runs that take turns. Nothing is sent. Each operator works for
// about as long as a small expression.
func BenchmarkTracing(b *testing.B) {
	expression := func(name string) *engine.Node {
		return &engine.Node{Name: name, Kind: "map", Role: engine.RoleOperator, Operator: operator(func(r *engine.Record, out *engine.Out) error {
			sum := uint64(r.Offset)
			for range 300 {
				sum = sum*2862933555777941757 + 3037000493
			}
			out.Emit(r.With(sum))
			return nil
		})}
	}
	for name, ratio := range map[string]float64{"0": 0, "0.01": 0.01, "1": 1} {
		b.Run(name, func(b *testing.B) {
			const n = 200_000
			run := func(on bool) time.Duration {
				var tr *Tracing
				if on {
					tr = newTracing(nothing{}, resource.Empty(), sampler{parent: true, below: uint64(ratio * float64(uint64(1)<<63))})
				}
				g := graph(tr, &source{records: records(n)}, &output{}, expression("one"), expression("two"))
				g.Workers, g.Limits.Records = 1, n
				rt, err := engine.New(g, engine.Options{Tracer: tr.Tracer()})
				if err != nil {
					b.Fatal(err)
				}
				before := cpuTime(b)
				if _, err := rt.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
				if err := tr.Stop(b.Context()); err != nil {
					b.Fatal(err)
				}
				return cpuTime(b) - before
			}
			var ratios, costs []float64
			for b.Loop() {
				off, on := run(false), run(true)
				off += run(false)
				on += run(true)
				ratios = append(ratios, float64(on)/float64(off))
				costs = append(costs, float64(off)/2/n)
			}
			slices.Sort(ratios)
			slices.Sort(costs)
			b.ReportMetric(ratios[len(ratios)/2], "on/off")
			b.ReportMetric(costs[len(costs)/2], "cpu-ns/record")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// nothing sends nothing.
type nothing struct{}

func (nothing) ExportSpans(context.Context, []sdk.ReadOnlySpan) error { return nil }
func (nothing) Shutdown(context.Context) error                        { return nil }

// cpuTime is what this process has used of the CPUs.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
