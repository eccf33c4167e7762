package observe_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"waterhealer/engine"
	"waterhealer/observe"
)

// act is one step of a random run.
type act struct {
	Kind      string
	Partition int32
	N         int64
}

// Whatever comes and fails, what is told adds up.
func TestStatusAddsUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.SampledFrom([]engine.Order{engine.OrderPartition, engine.OrderKey, engine.OrderNone}).Draw(rt, "order")
		acts := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) act {
			return act{
				Kind:      rapid.SampledFrom([]string{"push", "push", "refuse", "away", "poison", "heal", "hold", "wait"}).Draw(rt, "kind"),
				Partition: rapid.Int32Range(0, 2).Draw(rt, "partition"),
				N:         rapid.Int64Range(1, 20).Draw(rt, "n"),
			}
		}), 1, 20).Draw(rt, "acts")
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = playActs(t, order, acts) })
		if len(problems) > 0 {
			rt.Fatalf("%v\n%+v", problems, acts)
		}
	})
}

func playActs(t *testing.T, order engine.Order, acts []act) (problems []string) {
	w := watch(t, func(g *engine.Graph, _ *observe.Options) { g.Order = order })
	pushed := make(map[int32]int64)
	all := int64(0)
	for _, a := range acts {
		switch a.Kind {
		case "push":
			w.push(a.Partition, pushed[a.Partition], pushed[a.Partition]+a.N)
			pushed[a.Partition] += a.N
			all += a.N
		case "refuse":
			w.out.answers(func(r *engine.Record) error {
				if r.Offset%a.N == 0 {
					return engine.Refused(errRefused)
				}
				return nil
			})
		case "away":
			w.out.answers(func(*engine.Record) error { return errRefused })
		case "poison":
			w.out.answers(except(a.Partition, pushed[a.Partition], engine.Deterministic(errRefused)))
		case "heal":
			w.out.answers(nil)
		case "hold":
			synctest.Wait()
			w.keep.until = time.Duration(a.N/10) * time.Second
		}
		s := w.after(time.Duration(a.N) * 300 * time.Millisecond)
		w.in.says(func(g *engine.GroupStatus) { // what was committed a moment ago
			g.Partitions = nil
			for _, p := range s.Partitions {
				g.Partitions = append(g.Partitions, engine.GroupPartition{
					Source: "in", Topic: "t", Partition: p.Partition, Committed: p.Watermark, End: pushed[p.Partition],
				})
			}
		})
		problems = append(problems, wrongIn(s, pushed, all)...)
	}
	w.out.answers(nil)
	s := w.after(time.Minute)
	problems = append(problems, wrongIn(s, pushed, all)...)
	if s.Totals.InFlight != 0 || !s.Health.Ready || s.Totals.Lag > 0 && w.Status().Totals.Lag < 0 {
		problems = append(problems, fmt.Sprintf("healed, it is %+v, %+v", s.Totals, s.Health))
	}
	w.stop()
	return problems
}

// wrongIn is what cannot be in a status while nothing moves.
func wrongIn(s *observe.Status, pushed map[int32]int64, all int64) (problems []string) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	inFlight := int64(0)
	for _, p := range s.Partitions {
		inFlight += p.InFlight
		if p.Watermark > p.Position || p.Position != pushed[p.Partition] || p.Committed > p.Watermark || p.End >= 0 && p.Position > p.End {
			problem("offsets are not in order: %+v", p)
		}
		if p.InFlight+p.Holes != p.Position-p.Watermark {
			problem("%d in flight and %d holes are not what was taken: %+v", p.InFlight, p.Holes, p)
		}
		listed, before := int64(0), p.Watermark
		for _, r := range p.Finished {
			if r[0] <= before || r[1] <= r[0] || r[1] > p.Position {
				problem("the finished offsets are out of place: %+v", p)
			}
			listed, before = listed+r[1]-r[0], r[1]
		}
		if listed != p.Holes {
			problem("%d of %d holes are listed", listed, p.Holes)
		}
		if (p.Head == nil) != (p.InFlight == 0) || p.Head != nil && (p.Head.Offset != p.Watermark || p.OldestSeconds != p.Head.Seconds) {
			problem("the head is %+v: %+v", p.Head, p)
		}
		if p.Lag >= 0 && p.Lag != p.End-p.Committed {
			problem("the lag is %d: %+v", p.Lag, p)
		}
	}
	out, held, failed := int64(0), int64(0), int64(0)
	for _, n := range s.Nodes {
		held += n.Held
		failed += n.Failed
		if n.Role == observe.RoleOutput && n.Sink != "" {
			out += n.Out
		}
		if n.In < 0 || n.Queue < 0 || n.Held < 0 || n.InRate < 0 {
			problem("a node counts below nothing: %+v", n)
		}
	}
	if s.Totals.In != all || s.Totals.Out != out || s.Totals.Failed != failed || s.Totals.InFlight != inFlight || held > inFlight {
		problem("totals are %+v, of %d pushed", s.Totals, all)
	}
	if s.Totals.In != s.Totals.Out+s.Totals.Skipped+s.Totals.InFlight {
		problem("records are lost: %+v", s.Totals)
	}
	if _, err := json.Marshal(s); err != nil {
		problem("no JSON: %v", err)
	}
	return problems
}
