package engine

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func isOpen(ready <-chan struct{}) bool {
	select {
	case <-ready:
		return true
	default:
		return false
	}
}

// A place is crowded from its bound on until it is down to half of it, and sources
// wait as long as any place is.
func TestPace(t *testing.T) {
	p := newPace()
	one, other := crowd{pace: p, bound: 100}, crowd{pace: p, bound: 10}
	nobody := crowd{bound: 1}
	nobody.has(1000)
	one.has(99)
	expect(t, "below the bound", isOpen(p.ready()), true)
	one.has(100)
	waiting := p.ready()
	expect(t, "at the bound", isOpen(waiting), false)
	one.has(1000)
	one.has(51)
	expect(t, "with more than half", isOpen(waiting), false)
	other.has(10)
	one.has(50)
	expect(t, "while another is crowded", isOpen(waiting), false)
	other.has(0)
	expect(t, "when none is", isOpen(waiting), true)
	expect(t, "who asks then", isOpen(p.ready()), true)
	one.has(99)
	expect(t, "below the bound again", isOpen(p.ready()), true)
}

// What waits for lanes and what was put back is counted, what a lane has is not.
func TestBacklogIsCounted(t *testing.T) {
	d, l := new(dispatch), &lane{bell: newBell()}
	d.join([]*lane{l})
	cells, whole := make([]cell, 1000), new(strand)
	for i := range cells {
		cells[i] = cell{record: new(Record), strand: whole}
	}
	d.push(cells)
	expect(t, "pushed", d.waiting, 1000)
	d.next(l, 300)
	expect(t, "without what the lane has", d.waiting, 700)
	l.batch[0].first, l.batch[0].length = nil, 0 // it has done all of it
	d.next(l, 300)
	expect(t, "when it has taken more", d.waiting, 400)
	d.share(nil, l.batch)
	expect(t, "when that was put back", d.waiting, 700)
}

// flow pushes as a source does.
func flow(ctx context.Context, in Intake, c *Claim, from, to int64) {
	for ; from < to; from += 500 {
		for c.Full() {
			select {
			case <-c.Room():
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-c.Pace():
		case <-time.After(PaceLimit):
		}
		in.Push(c, records(c.Partition, from, min(to, from+500)))
	}
}

// A claim whose records take long crowds the lanes, and goes on up to its bounds.
// Another one beside it still gets on.
func TestCrowdHoldsUpNoOtherClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		const n = 50_000
		g := &Graph{Workers: 2, ShutdownTimeout: time.Second, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
			slow, quick := claimOf(in, 0), claimOf(in, 1)
			var pushing sync.WaitGroup
			pushing.Go(func() { flow(ctx, in, slow, 0, n) })
			work(ctx, time.Second)
			began := time.Now()
			flow(ctx, in, quick, 0, n)
			synctest.Wait()
			expect(t, "the quick one", quick.Watermark(), n)
			if took := time.Since(began); took > n/500*PaceLimit {
				t.Errorf("it took %v", took)
			}
			inFlight, _ := slow.InFlight()
			expect(t, "the slow one is at its bound", inFlight >= defaultLimits().Records, true)
			cancel()
			pushing.Wait()
			return nil
		}}}}
		line(g, source(), working(func(r *Record) time.Duration {
			if r.Partition == 0 {
				return time.Minute
			}
			return 0
		}), healing(), output(&funcOutput{}))
		_, wait := start(t, ctx, g, Options{})
		wait()
	})
}

// Nobody waits for lanes that are quick, however much there is.
func TestPaceKeepsTheBacklogShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		most := 0
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			c := claimOf(in, 0)
			rt := c.rt
			for at := range int64(100) {
				flow(t.Context(), in, c, 500*at, 500*at+500)
				rt.dispatch.mu.Lock()
				most = max(most, rt.dispatch.waiting)
				rt.dispatch.mu.Unlock()
			}
		})}}
		line(g, source(), working(func(*Record) time.Duration { return time.Microsecond }), healing())
		expect(t, "watermark", watermarks(runToEnd(t, g))[0], 50_000)
		if most < backlogOfLane || most > backlogOfLane+500 {
			t.Errorf("up to %d records waited", most)
		}
	})
}
