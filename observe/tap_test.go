package observe_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"waterhealer/engine"
	"waterhealer/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is a source record whose value is its offset.
func record(offset int64) *engine.Record {
	return &engine.Record{
		Value: offset, Key: []byte("k"), Headers: []engine.Header{{Key: "h", Value: []byte("v")}},
		Topic: "orders", Partition: 3, Offset: offset, Known: engine.KnownAll,
	}
}

// even compiles the one filter that the tests know.
func even(source string) (func(*engine.Record) (bool, error), error) {
	switch source {
	case "even":
		return func(r *engine.Record) (bool, error) { return r.Offset%2 == 0, nil }, nil
	case "slow": // a second of work
		return func(*engine.Record) (bool, error) { <-time.After(time.Second); return true, nil }, nil
	case "fails":
		return func(*engine.Record) (bool, error) { return true, errors.New("no") }, nil
	case "panics":
		return func(*engine.Record) (bool, error) { panic("no") }, nil
	}
	return nil, errors.New("no such name")
}

// tapped starts the taps of a graph with the nodes map-1 and seen, which is inspected.
func tapped(t *testing.T, hidden bool) (taps *observe.Taps, through func(node string, r *engine.Record)) {
	t.Helper()
	graph := &engine.Graph{Nodes: []*engine.Node{
		{Name: "map-1", Role: engine.RoleOperator}, {Name: "seen", Role: engine.RoleOperator, Inspect: true},
		{Name: "healing-1", Role: engine.RoleHealing}, {Name: "out", Role: engine.RoleOutput, Sink: "healing-1"},
	}}
	taps = observe.NewTaps(graph, even, hidden)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		taps.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return taps, func(node string, r *engine.Record) {
		for _, n := range graph.Nodes {
			if n.Name == node {
				n.Tap(r, 0)
			}
		}
	}
}

func read(samples <-chan observe.Sample) string {
	var offsets []string
	for s := range samples {
		offsets = append(offsets, fmt.Sprint(s.Offset))
	}
	return strings.Join(offsets, " ")
}

func TestTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, through := tapped(t, false)
		through("map-1", record(0)) // nobody looks
		samples, err := taps.Tap(t.Context(), "map-1", "", 3)
		if err != nil {
			t.Fatal(err)
		}
		filtered, err := taps.Tap(t.Context(), "map-1", "even", 2)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for i := int64(1); i < 8; i++ {
			through("map-1", record(i))
		}
		if got := read(samples); got != "1 2 3" {
			t.Errorf("without a filter: %s", got)
		}
		if got := read(filtered); got != "2 4" {
			t.Errorf("with a filter: %s", got)
		}
	})
}

func TestSampleSaysWhereItIsFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, through := tapped(t, false)
		samples, err := taps.Tap(t.Context(), "map-1", "", 3)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r := record(7)
		through("map-1", r)
		through("map-1", engine.NewBatch([]*engine.Record{record(8), record(9)}))
		long := record(10)
		long.Value = strings.Repeat("ä", 1<<20)
		through("map-1", long)
		s := <-samples
		if s.EmitID != "orders/3/7" || s.Topic != "orders" || s.Partition != 3 || s.Node != "map-1" || *s.Key != "k" || s.Headers["h"] != "v" || string(s.Value) != "7" {
			t.Errorf("the record is %+v", s)
		}
		s = <-samples
		if s.Batch != 2 || string(s.Value) != "[8,9]" || strings.Join(s.Origins, " ") != "orders/3/8 orders/3/9" || s.Offset != -1 {
			t.Errorf("the batch is %+v", s)
		}
		s = <-samples
		if !s.Truncated || !json.Valid(s.Value) || len(s.Value) > 17<<10 {
			t.Errorf("of a long value there are %d bytes, truncated: %v", len(s.Value), s.Truncated)
		}
	})
}

// A node that is inspected remembers its last records for who comes later.
func TestInspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, through := tapped(t, false)
		synctest.Wait()
		for i := range int64(30) {
			through("seen", record(i))
			<-time.After(time.Second) // virtual: records come slowly
		}
		samples, err := taps.Tap(t.Context(), "seen", "", 21)
		if err != nil {
			t.Fatal(err)
		}
		through("seen", record(30))
		if got := read(samples); !strings.HasPrefix(got, "10 11 ") || !strings.HasSuffix(got, " 29 30") {
			t.Errorf("it remembers %s", got)
		}
	})
}

func TestTapRefuses(t *testing.T) {
	taps, _ := tapped(t, false)
	for _, test := range []struct{ node, filter, want string }{
		{"nope", "", "there are healing-1, map-1, out, seen"},
		{"map-1", "nope", "filter: no such name"},
	} {
		if _, err := taps.Tap(t.Context(), test.node, test.filter, 0); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v", test, err)
		}
	}
	hidden, _ := tapped(t, true)
	if _, err := hidden.Tap(t.Context(), "map-1", "", 0); !errors.Is(err, observe.ErrHidden) {
		t.Errorf("hidden values: %v", err)
	}
}

func TestFilterThatFailsShowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, through := tapped(t, false)
		for _, filter := range []string{"fails", "panics"} {
			ctx, cancel := context.WithCancel(t.Context())
			samples, err := taps.Tap(ctx, "map-1", filter, 0)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			through("map-1", record(1))
			cancel()
			if got := read(samples); got != "" {
				t.Errorf("%s shows %s", filter, got)
			}
		}
	})
}

// Who does not read misses records; the pipeline does not wait.
func TestSlowReaderMissesRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, through := tapped(t, false)
		samples, err := taps.Tap(t.Context(), "map-1", "", 0)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var gone atomic.Int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range int64(10_000) {
				through("map-1", record(i))
				gone.Add(1)
			}
		}()
		<-done
		if got := len(samples); got == 0 || got > 20 {
			t.Errorf("%d of 10,000 records that came at once were shown", got)
		}
		<-time.After(10 * time.Second) // virtual
		through("map-1", record(10_000))
		if got := len(samples); got > 21 {
			t.Errorf("%d samples after one more", got)
		}
	})
}

// A filter that is much work is tried less often: looking takes no more than a
// fiftieth of the time of who carries the records.
func TestSlowFilterIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taps, through := tapped(t, false)
		samples, err := taps.Tap(t.Context(), "map-1", "slow", 0)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		began := time.Now() // virtual: only the filter and what is waited for take time
		for i := range int64(3000) {
			through("map-1", record(i))
			<-time.After(100 * time.Millisecond)
		}
		looked := time.Since(began) - 300*time.Second
		if got := len(samples); got < 4 || looked > 8*time.Second {
			t.Errorf("in %s %d records were shown, which took %s", time.Since(began), got, looked)
		}
	})
}

// Where values are hidden, records go by as if there were no taps.
func TestHiddenTapsAreNotThere(t *testing.T) {
	graph := &engine.Graph{Nodes: []*engine.Node{{Name: "map-1", Inspect: true}}}
	observe.NewTaps(graph, even, true)
	if graph.Nodes[0].Tap != nil {
		t.Error("each record is looked at for nobody")
	}
}

// Taps end with the pipeline, and a tap that comes later ends at once.
func TestTapsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		graph := &engine.Graph{Nodes: []*engine.Node{{Name: "map-1"}}}
		taps := observe.NewTaps(graph, even, false)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			taps.Run(ctx)
		}()
		for range 2 {
			samples, err := taps.Tap(t.Context(), "map-1", "", 0)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			<-ended
			if got := read(samples); got != "" {
				t.Errorf("it shows %s", got)
			}
		}
	})
}

func BenchmarkTapThatNobodyLooksAt(b *testing.B) {
	graph := &engine.Graph{Nodes: []*engine.Node{{Name: "map-1"}}}
	observe.NewTaps(graph, even, false)
	r := record(1)
	b.ReportAllocs()
	for b.Loop() {
		graph.Nodes[0].Tap(r, 0)
	}
}
