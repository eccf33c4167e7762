package engine

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// lookOn looks at a run all the time and notes what does not add up, until the
// returned function is called.
func (w *world) lookOn(problems *[]string) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		marks := make(map[int64]int64) // by epoch
		for {
			w.rt.Locate(0)
			w.rt.Queues()
			w.rt.Trying()
			_, _ = w.rt.Phase()
			for _, p := range w.rt.Progress(5) {
				if wrong := p.wrong(marks[p.Epoch]); wrong != "" && len(*problems) < 5 {
					*problems = append(*problems, fmt.Sprintf("%s: %+v", wrong, p))
				}
				marks[p.Epoch] = p.Watermark
			}
			select {
			case <-quit:
				return
			case <-time.After(3 * time.Millisecond): // virtual
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// wrong is what cannot be of a claim, "" for nothing; before is the watermark at
// the last look.
func (p *Progress) wrong(before int64) string {
	unfinished := p.Position - p.Watermark
	listed, end := int64(0), p.Watermark
	for _, r := range p.Finished {
		if r.First <= end && end != p.Watermark || r.First < p.Watermark || r.Last < r.First {
			return "holes overlap or lie below the watermark"
		}
		listed, end = listed+r.Last-r.First+1, r.Last
	}
	switch {
	case p.Watermark < before:
		return "the watermark went back"
	case unfinished < 0:
		return "the watermark is beyond the position"
	case p.InFlight < 0 || p.InFlight > unfinished:
		return "more is in flight than was taken"
	case listed > p.Holes:
		return "more holes are listed than there are"
	case len(p.Finished) > 0 && p.Finished[0].First == p.Watermark:
		return "the watermark is finished"
	case p.Head != nil && p.Head.Offset != p.Watermark:
		return "the head is not at the watermark"
	case p.Head != nil && p.Head.Since.IsZero():
		return "the head has no age"
	case p.Head == nil && p.InFlight > 0 && p.Watermark == p.Position:
		return "something is in flight and nothing is unfinished"
	}
	return ""
}

func TestPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opening := make(chan struct{})
		out := &funcOutput{open: func(context.Context) error { <-opening; return nil }}
		out.write = func(context.Context, []*Record) []error { <-time.After(2 * time.Second); return nil }
		g := &Graph{Workers: 1, Sources: []Source{pushing(true, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 1)) })}}
		line(g, source(), healing(), output(out))
		ctx, signal := context.WithCancel(t.Context())
		rt, wait := start(t, ctx, g, Options{})
		phase := func() Phase {
			synctest.Wait()
			p, err := rt.Phase()
			if err != nil {
				t.Error(err)
			}
			return p
		}
		expect(t, "before outputs are open", phase(), PhaseStarting)
		close(opening)
		expect(t, "then", phase(), PhaseRunning)
		signal()
		expect(t, "after a signal", phase(), PhaseStopping)
		wait()
		expect(t, "at the end", phase(), PhaseEnded)
	})
}

func TestAges(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var a ages
	if at := a.of(5); !at.IsZero() {
		t.Errorf("something is known of nothing: %s", at)
	}
	// One record each millisecond, for an hour; the first one sticks.
	const records = 3_600_000
	for i := range int64(records) {
		a.note(i, began.Add(time.Duration(i)*time.Millisecond))
	}
	if at := a.of(0); !at.Equal(began) {
		t.Errorf("the first was taken at %s", at)
	}
	if len(a.stamps) > ageStamps {
		t.Errorf("%d moments are kept", len(a.stamps))
	}
	// Then it is finished, and a later one is the head.
	for _, head := range []int64{1_000_000, 2_000_000, 3_599_999} {
		want := began.Add(time.Duration(head) * time.Millisecond)
		if early := want.Sub(a.of(head)); early < 0 || early > time.Minute {
			t.Errorf("%d is said to be taken %s too early", head, early)
		}
	}
	// What is forgotten makes room for exactness again.
	for i := range int64(10_000) {
		a.note(records+i, began.Add(time.Hour+time.Duration(i)*time.Millisecond))
	}
	want := began.Add(time.Hour + 9*time.Second)
	if early := want.Sub(a.of(records + 9_000)); early < 0 || early > time.Second {
		t.Errorf("%s too early", early)
	}
}
