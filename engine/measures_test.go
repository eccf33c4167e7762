package engine

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// near says that a number is within a share of another.
func near(got, want, share float64) bool { return math.Abs(got-want) <= share*want }

func measured(m *Measures) map[string]NodeMeasures {
	out := make(map[string]NodeMeasures)
	for _, n := range m.Nodes() {
		out[n.Name] = n
	}
	return out
}

// Each node has the time that it took itself, and what is not timed is counted
// by what is.
func TestMeasuresTellNodesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 2000
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			in.Push(claimOf(in, 0), records(0, 0, n))
		})}}
		slow, slower := working(func(*Record) time.Duration { return 2 * time.Millisecond }), working(func(*Record) time.Duration { return 8 * time.Millisecond })
		slow.Name, slower.Name, slow.Kind = "slow", "slower", "foreach_map"
		line(g, source(), slow, slower, healing(), output(&funcOutput{}))
		m := NewMeasures()
		rt, wait := start(t, t.Context(), g, Options{Measures: m})
		if result := wait(); result.Halted != nil {
			t.Fatal(result.Halted)
		}
		nodes := measured(m)
		expect(t, "kind", nodes["slow"].Kind, "foreach_map")
		for name, want := range map[string]float64{"slow": 0.002, "slower": 0.008} {
			times := nodes[name].Times
			if got := float64(times.Count()); !near(got, n, 0.02) {
				t.Errorf("%s: %g records, want %d", name, got, n)
			}
			if mean := times.Sum / float64(times.Count()); !near(mean, want, 0.01) {
				t.Errorf("%s: %g s per record, want %g", name, mean, want)
			}
		}
		for i, s := range rt.Stats() {
			if s.Name == "slower" && !near(float64(s.Took)/float64(s.Timed), 8e6, 0.01) {
				t.Errorf("stats of node %d: %s for %d records", i, s.Took, s.Timed)
			}
		}
	})
}

// A batch is as many records as it has, also behind an operator with state and
// when a timer sends it.
func TestMeasuresOfBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			in.Push(claimOf(in, 0), records(0, 0, 100_005))
		})}}
		slow := working(func(r *Record) time.Duration { return time.Duration(len(r.Batch)) * time.Millisecond })
		line(g, source(), windowing(&window{size: 10, timeout: time.Second}), slow, healing(), output(&funcOutput{}))
		m := NewMeasures()
		_, wait := start(t, t.Context(), g, Options{Measures: m})
		wait()
		times := measured(m)["work"].Times
		if mean := times.Sum / float64(times.Count()); times.Count() == 0 || !near(mean, 0.001, 0.01) {
			t.Errorf("%d records, %g s each", times.Count(), mean)
		}
	})
}

// Outputs are measured by call, and messages by their bytes, also of a try that
// fails; what a source reads by its bytes, too.
func TestMeasuresOfOutputsAndSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMeasures()
		render := m.Render("out", func(r *Record) (Message, error) {
			if r.Offset == 3 {
				return Message{}, errors.New("no")
			}
			return Message{Key: []byte("key"), Value: make([]byte, 100)}, nil
		})
		out := &funcOutput{}
		out.write = each(func(r *Record) error {
			time.Sleep(time.Second) //nolint:forbidigo // virtual time
			_, _ = render(r)
			return nil
		})
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			list := records(0, 0, 10)
			for _, r := range list {
				r.Raw, r.Key = make([]byte, 60), []byte("key!")
			}
			in.Push(claimOf(in, 0), list)
		})}}
		line(g, source(), healing(), output(out))
		_, wait := start(t, t.Context(), g, Options{Measures: m})
		wait()
		nodes := measured(m)
		read, written := nodes["in"].Sizes, nodes["out"]
		expect(t, "read", read.Count(), 10)
		expect(t, "bytes read", read.Sum, 640)
		expect(t, "at most 64 bytes", read.Counts[1], 10)
		expect(t, "messages", written.Sizes.Count(), 9)
		expect(t, "bytes written", written.Sizes.Sum, 9*103)
		expect(t, "records written", written.Times.Count(), 10)
		expect(t, "time to write", written.Writes.Sum, 10)
		if written.Writes.Count() > 10 {
			t.Errorf("%d calls", written.Writes.Count())
		}
	})
}

// The buckets of sizes are those that a search finds.
func TestSizeBucket(t *testing.T) {
	h := newSizes()
	for _, size := range []int64{0, 1, 15, 16, 17, 64, 65, 256, 257, 1 << 20, 1<<20 + 1, 64 << 20, 64<<20 + 1, 1 << 40} {
		want := 0
		for want < len(h.bounds) && size > h.bounds[want] {
			want++
		}
		expect(t, "bucket", sizeBucket(size), want)
	}
}
