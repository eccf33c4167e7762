package observe_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"waterhealer/engine"
	"waterhealer/observe"
)

func TestStatusOfWhatFlows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, nil)
		w.in.says(func(g *engine.GroupStatus) {
			g.Partitions = []engine.GroupPartition{{Source: "in", Topic: "t", Partition: 1, Committed: 8, End: 20, MetadataBytes: 5}}
		})
		w.push(1, 0, 10)
		s := w.after(10 * time.Second)
		if s.Pipeline != "p" || s.Version != "v1" || s.State != observe.StateRunning || !s.Health.Ready || !s.Health.Live {
			t.Errorf("the status is %+v", s)
		}
		if s.Totals.In != 10 || s.Totals.Out != 10 || s.Totals.InFlight != 0 || s.Totals.Lag != 12 {
			t.Errorf("totals are %+v", s.Totals)
		}
		p := s.Partitions[0]
		if p.Source != "in" || p.Topic != "t" || p.Partition != 1 || p.Committed != 8 || p.Watermark != 10 || p.Position != 10 ||
			p.End != 20 || p.Lag != 12 || p.MetadataBytes != 5 || p.Head != nil || p.Finished == nil {
			t.Errorf("the partition is %+v", p)
		}
		if n := node(t, s, "keep"); n.Role != observe.RoleOperator || !n.State || n.Detail != "1s" || n.In != 10 {
			t.Errorf("the operator is %+v", n)
		}
		if n := node(t, s, "heal/kafka"); n.Role != observe.RoleOutput || n.Sink != "heal" || n.Out != 10 {
			t.Errorf("the output is %+v", n)
		}
		if n := node(t, s, "heal"); n.Role != observe.RoleSink || !n.Heals {
			t.Errorf("the sink is %+v", n)
		}
		if len(s.Edges) != 3 || s.Edges[2] != (observe.Edge{From: "heal", To: "heal/kafka"}) {
			t.Errorf("edges are %v", s.Edges)
		}
		if w.Config() != "name: p\n" {
			t.Errorf("the configuration is %q", w.Config())
		}
		w.stop()
		if s := w.Status(); s.State != observe.StateEnded || s.Health.Ready {
			t.Errorf("at the end it is %s, %+v", s.State, s.Health)
		}
	})
}

// A record that is refused is the head of its partition until it heals, with
// its node, its error and its tries; what finished behind it are holes.
func TestHeadThatSticks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, func(g *engine.Graph, _ *observe.Options) {
			g.Order = engine.OrderNone
			g.Nodes[3].Policy.Attempts = 0
		})
		w.out.answers(except(0, 3, engine.Refused(errRefused)))
		w.push(0, 0, 10)
		w.push(1, 0, 5)
		s := w.after(30 * time.Second)
		p := s.Partitions[0]
		if p.Watermark != 3 || p.Position != 10 || p.InFlight != 1 || p.Holes != 6 || len(p.Finished) != 1 || p.Finished[0] != [2]int64{4, 10} {
			t.Errorf("the partition is %+v", p)
		}
		h := p.Head
		if h == nil || h.EmitID != "t/0/3" || h.Offset != 3 || h.Node != "heal/kafka" || h.Doing != "waits for a try" ||
			h.Error != "refused" || h.Attempts < 5 || h.NextTry.IsZero() || h.NextTry.Before(s.At) || h.Seconds < 29 || h.Seconds > 31 {
			t.Errorf("the head is %+v", h)
		}
		if p.OldestSeconds != h.Seconds {
			t.Errorf("the oldest is %v old, the head %v", p.OldestSeconds, h.Seconds)
		}
		if s.Partitions[1].Head != nil {
			t.Errorf("the other partition has the head %+v", s.Partitions[1].Head)
		}
		if n := node(t, s, "heal/kafka"); n.Errors != "refused" || n.Queue != 1 || n.Retried == 0 {
			t.Errorf("the output is %+v", n)
		}
		w.out.answers(nil)
		s = w.after(10 * time.Second)
		if p := s.Partitions[0]; p.Head != nil || p.Watermark != 10 || p.Holes != 0 || len(p.Finished) != 0 {
			t.Errorf("healed, the partition is %+v", p)
		}
	})
}

// Where a record is that nobody tries: held by an operator, being written,
// behind another one.
func TestHeadThatWaits(t *testing.T) {
	t.Run("held", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, nil)
			w.keep.until = time.Hour
			w.push(0, 0, 2)
			s := w.after(3 * time.Second)
			if h := s.Partitions[0].Head; h == nil || h.Node != "keep" || h.Doing != "held" {
				t.Errorf("the head is %+v", h)
			}
			if n := node(t, s, "keep"); n.Held != 2 {
				t.Errorf("it holds %d", n.Held)
			}
		})
	})
	t.Run("no worker", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			busy := make(chan struct{})
			w := watch(t, func(g *engine.Graph, _ *observe.Options) {
				g.Workers = 1
				g.Nodes[0].Decode = func(*engine.Record) error { <-busy; return nil }
			})
			w.keep.until = time.Hour
			w.undecoded = true
			w.push(0, 0, 2)
			synctest.Wait()
			w.push(1, 0, 2)
			s := w.after(3 * time.Second)
			if h := s.Partitions[0].Head; h == nil || h.Node != "in" || h.Doing != "processing" {
				t.Errorf("the head that is worked on is %+v", h)
			}
			if h := s.Partitions[1].Head; h == nil || h.Node != "in" || h.Doing != "waits for a worker" {
				t.Errorf("the head that waits is %+v", h)
			}
			close(busy)
			if h := w.after(3 * time.Second).Partitions[1].Head; h == nil || h.Node != "keep" || h.Doing != "held" {
				t.Errorf("then it is %+v", h)
			}
		})
	})
	t.Run("written", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, nil)
			w.out.answers(func(*engine.Record) error { <-time.After(10 * time.Second); return nil })
			w.push(0, 0, 1)
			if h := w.after(5 * time.Second).Partitions[0].Head; h == nil || h.Node != "heal/kafka" || h.Doing != "writing" {
				t.Errorf("the head is %+v", h)
			}
			w.after(10 * time.Second)
		})
	})
	t.Run("destination away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, nil)
			w.out.answers(func(*engine.Record) error { return errors.New("connection refused") })
			w.push(0, 0, 1)
			s := w.after(20 * time.Second)
			if h := s.Partitions[0].Head; h == nil || h.Node != "heal/kafka" || h.Error != "connection refused" {
				t.Errorf("the head is %+v", h)
			}
			if problems := s.Health.Problems; len(problems) != 1 || problems[0].Code != observe.ProblemWrites || problems[0].Node != "heal/kafka" {
				t.Errorf("problems are %+v", problems)
			}
			w.out.answers(nil)
			if s := w.after(10 * time.Second); !s.Health.Ready || s.Partitions[0].Head != nil {
				t.Errorf("healed, it is %+v", s.Health)
			}
		})
	})
	t.Run("dead letter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, func(g *engine.Graph, _ *observe.Options) { g.Nodes[3].Policy.Then = engine.ThenDeadLetter })
			w.out.answers(func(*engine.Record) error { return engine.Refused(errRefused) })
			w.letters.answers(func(*engine.Record) error { return errors.New("no route") })
			w.push(0, 0, 1)
			s := w.after(20 * time.Second)
			h := s.Partitions[0].Head
			if h == nil || h.Node != "dead_letter" || h.Error != "no route" || h.Doing != "waits for a try" {
				t.Errorf("the head is %+v", h)
			}
			if n := node(t, s, "dead_letter"); n.Aside != "dead_letter" || n.Role != observe.RoleOutput {
				t.Errorf("the node is %+v", n)
			}
			if last := s.Edges[len(s.Edges)-1]; last != (observe.Edge{From: "heal/kafka", To: "dead_letter", Aside: "dead_letter"}) {
				t.Errorf("the last edge is %+v", last)
			}
			w.letters.answers(nil)
			s = w.after(10 * time.Second)
			if n := node(t, s, "dead_letter"); n.DeadLetters != 1 || s.Totals.DeadLetters != 1 || s.Partitions[0].Watermark != 1 {
				t.Errorf("the node is %+v, totals %+v", n, s.Totals)
			}
		})
	})
}

// While a halt drains, it is said.
func TestHalt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, func(g *engine.Graph, _ *observe.Options) {
			g.Nodes[3].Policy.Then = engine.ThenHalt
			g.Nodes[3].Policy.Attempts = 1
		})
		w.keep.until = time.Second
		w.out.answers(func(r *engine.Record) error {
			if r.Partition == 0 {
				return engine.Refused(errRefused)
			}
			<-time.After(10 * time.Second)
			return nil
		})
		w.push(0, 0, 1)
		w.push(1, 0, 1)
		s := w.after(5 * time.Second)
		for s.State == observe.StateRunning { // until the slow write is over
			s = w.after(time.Second)
		}
		if s.Health.Ready || s.Health.Problems[0].Code != observe.ProblemHalted || s.Health.Problems[0].Node != "heal/kafka" ||
			!strings.Contains(s.Reason, "t/0/0") || !strings.Contains(s.Health.Problems[0].Text, "on_error") {
			t.Errorf("it is %s because of %q: %+v", s.State, s.Reason, s.Health)
		}
	})
}

func TestRatesAndHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, nil)
		<-time.After(500 * time.Millisecond) // so that nobody looks while records come
		for i := range int64(20) {
			w.push(0, i*100, i*100+100)
			<-time.After(time.Second)
		}
		s := w.Status()
		if s.Rates.In < 95 || s.Rates.In > 105 || s.Rates.Out < 95 || s.Rates.Failed != 0 {
			t.Errorf("rates are %+v", s.Rates)
		}
		if n := node(t, s, "keep"); n.InRate != s.Rates.In || n.OutRate < 95 {
			t.Errorf("the operator is %+v", n)
		}
		if s := w.after(7 * time.Second); s.Rates.In != 0 {
			t.Errorf("nothing comes any more, the rate is %v", s.Rates.In)
		}
		points := w.History()
		if len(points) < 3 || len(points) > 6 || points[1].In < 95 || points[1].In > 105 || points[1].At.Sub(points[0].At) != 5*time.Second {
			t.Errorf("the history is %+v", points)
		}
		s = w.after(20 * time.Minute)
		points = w.History()
		if len(points) != 181 && len(points) != 180 {
			t.Errorf("there are %d points", len(points))
		}
		if span := s.At.Sub(points[0].At); span > 15*time.Minute+5*time.Second || s.Rates.In != 0 {
			t.Errorf("the oldest is %s old, the rate is %v", span, s.Rates.In)
		}
	})
}

func TestFailures(t *testing.T) {
	for name, show := range map[string]bool{"hidden": false, "shown": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watch(t, func(_ *engine.Graph, o *observe.Options) { o.ShowValues = show })
				w.out.answers(func(*engine.Record) error { return engine.Deterministic(errRefused) })
				w.push(0, 0, 60)
				s := w.after(5 * time.Second)
				if len(s.Failures) != 50 || s.Totals.Failed != 60 || s.Totals.Skipped != 60 {
					t.Fatalf("%d failures are shown, totals are %+v", len(s.Failures), s.Totals)
				}
				f := s.Failures[0]
				if f.EmitID != "t/0/59" || f.Node != "heal/kafka" || f.Error != "refused" || f.Then != "skip" || f.Attempts != 1 || f.Source != "in" {
					t.Errorf("the newest is %+v", f)
				}
				switch {
				case !show && (f.Key != nil || f.Value != nil || f.Headers != nil):
					t.Errorf("it shows what the record held: %+v", f)
				case show && (f.Key == nil || *f.Key != "k" || string(f.Value) != `{"n":59}` || f.Headers["h"] != "v"):
					t.Errorf("it does not show what the record held: %+v", f)
				}
			})
		})
	}
}
