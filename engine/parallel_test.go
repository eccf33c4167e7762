package engine

import (
	"context"
	"fmt"
	"math/rand/v2"

	"testing"
	"testing/synctest"
	"time"
)

// keyed are records of partition 0 whose keys come one after another.
func keyed(from, to, keys int64) []*Record {
	out := records(0, from, to)
	for _, r := range out {
		r.Key = fmt.Append(nil, r.Offset%keys)
	}
	return out
}

// listBound is the least time in which workers get through work whose units
// are done one after another.
func listBound(workers int, units map[int64]time.Duration) time.Duration {
	total, longest := time.Duration(0), time.Duration(0)
	for _, d := range units {
		total += d
		longest = max(longest, d)
	}
	return max(total/time.Duration(workers), longest)
}

// The work on which parallel-consumer published its times: 10,000 records of
// 0–5 ms on one partition, 16 at a time. In virtual time only the way records
// are shared among the lanes counts.
func TestWorkIsSharedUntilTheEnd(t *testing.T) {
	const n, workers = 10_000, 16
	for _, c := range []struct {
		order Order
		keys  int64
	}{
		{OrderPartition, 1}, {OrderNone, n},
		{OrderKey, 1}, {OrderKey, 2}, {OrderKey, 5}, {OrderKey, 10}, {OrderKey, 20}, {OrderKey, 50}, {OrderKey, 100}, {OrderKey, 1000}, {OrderKey, n},
	} {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			takes, units := make([]time.Duration, n), make(map[int64]time.Duration)
			for i := range takes {
				takes[i] = time.Duration(random.IntN(5001)) * time.Microsecond
				units[int64(i)%c.keys] += takes[i]
			}
			g := &Graph{Workers: workers, Order: c.order, Sources: []Source{pushing(false, func(in Intake) {
				claim := claimOf(in, 0)
				for at := int64(0); at < n; at += 500 {
					in.Push(claim, keyed(at, at+500, c.keys))
				}
			})}}
			line(g, source(), working(func(r *Record) time.Duration { return takes[r.Offset] }), healing())
			began := time.Now()
			expect(t, "watermark", watermarks(runToEnd(t, g))[0], n)
			took, ideal := time.Since(began), listBound(workers, units)
			t.Logf("order %d, %5d keys: %8v, ideal %8v", c.order, c.keys, took.Round(time.Millisecond), ideal.Round(time.Millisecond))
			if took > ideal*105/100 {
				t.Errorf("order %d, %d keys: took %v, the ideal is %v", c.order, c.keys, took, ideal)
			}
		})
	}
}

// A lane takes many cheap records at once. When one of them takes long, neither
// those that it took with it nor those that come later wait, unless they are of
// the same unit.
func TestSlowRecordHoldsUpItsOwnUnitOnly(t *testing.T) {
	const n, keys, slow = 1000, 100, 500
	for _, order := range []Order{OrderKey, OrderNone} {
		synctest.Test(t, func(t *testing.T) {
			out := &funcOutput{}
			behind := func(r *Record) bool { // it waits for the slow one
				return r.Offset == slow || order == OrderKey && r.Offset > slow && r.Offset%keys == slow%keys
			}
			var claim *Claim
			arrived := func(when string, upTo int64) {
				t.Helper()
				work(t.Context(), time.Second)
				out.mu.Lock()
				written := make(map[int64]bool)
				for _, r := range out.written {
					written[r.Offset] = true
				}
				out.mu.Unlock()
				for _, r := range keyed(0, upTo, keys) {
					if written[r.Offset] == behind(r) {
						t.Fatalf("order %d, %s: %d is written: %v", order, when, r.Offset, written[r.Offset])
					}
				}
				expect(t, "watermark "+when, claim.Watermark(), slow)
			}
			g := &Graph{Workers: 2, Order: order, Sources: []Source{pushing(false, func(in Intake) {
				claim = claimOf(in, 0)
				in.Push(claim, keyed(0, n, keys))
				arrived("while one is slow", n)
				in.Push(claim, keyed(n, 2*n, keys))
				arrived("with more behind it", 2*n)
				want := int64(slow)
				for _, r := range keyed(0, 2*n, keys) {
					if !claim.Holes().Contains(r.Offset) && r.Offset > slow && !behind(r) {
						t.Errorf("order %d: %d is no hole", order, r.Offset)
					}
				}
				expect(t, "watermark", claim.Watermark(), want)
			})}}
			line(g, source(), working(func(r *Record) time.Duration {
				if r.Offset == slow {
					return 5 * time.Second
				}
				return 2 * time.Microsecond
			}), healing(), output(out))
			began := time.Now()
			expect(t, "watermark at the end", watermarks(runToEnd(t, g))[0], 2*n)
			if took := time.Since(began); took > 5*time.Second+10*time.Millisecond {
				t.Errorf("order %d: took %v", order, took)
			}
			inOrder(t, out.written, order, keys)
		})
	}
}

// inOrder checks that each unit was written in its order.
func inOrder(t *testing.T, written []*Record, order Order, keys int64) {
	t.Helper()
	latest := make(map[int64]int64)
	for _, r := range written {
		unit := r.Offset % keys
		if order == OrderNone {
			unit = r.Offset
		}
		if before, ok := latest[unit]; ok && before >= r.Offset {
			t.Fatalf("order %d: %d after %d", order, r.Offset, before)
		}
		latest[unit] = r.Offset
	}
}

// Cheap records that become slow in the midst of what a lane took do not wait
// for each other longer than they must, and those already done are not kept.
func TestRecordsThatBecomeSlowAreShared(t *testing.T) {
	const workers, n, cheap = 4, 2000, 1000
	for _, c := range []struct {
		order Order
		keys  int64
	}{{OrderKey, 40}, {OrderNone, 1}} {
		synctest.Test(t, func(t *testing.T) {
			out := &funcOutput{}
			units := make(map[int64]time.Duration)
			for i := range int64(n - cheap) {
				unit := (i + cheap) % c.keys
				if c.order == OrderNone {
					unit = i
				}
				units[unit] += 5 * time.Millisecond
			}
			g := &Graph{Workers: workers, Order: c.order, Sources: []Source{pushing(false, func(in Intake) {
				claim := claimOf(in, 0)
				in.Push(claim, keyed(0, cheap/2, c.keys))
				synctest.Wait() // by now records are known to be cheap
				in.Push(claim, keyed(cheap/2, n, c.keys))
			})}}
			line(g, source(), working(func(r *Record) time.Duration {
				if r.Offset < cheap {
					return 0
				}
				return 5 * time.Millisecond
			}), healing(), output(out))
			began := time.Now()
			expect(t, "watermark", watermarks(runToEnd(t, g))[0], n)
			took, ideal := time.Since(began), listBound(workers, units)
			if took > ideal+20*time.Millisecond {
				t.Errorf("order %d: took %v, the ideal is %v", c.order, took, ideal)
			}
			inOrder(t, out.written, c.order, c.keys)
		})
	}
}

// All lanes end, also those that had nothing to do while one was slow, and a
// forced end does not wait for what a lane has taken.
func TestLanesEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Graph{Workers: 8, Order: OrderKey, Sources: []Source{pushing(false, func(in Intake) {
			in.Push(claimOf(in, 0), keyed(0, 300, 300))
		})}}
		line(g, source(), working(func(r *Record) time.Duration { return time.Duration(r.Offset%3) * time.Second }), healing())
		began := time.Now()
		expect(t, "watermark", watermarks(runToEnd(t, g))[0], 300)
		if took := time.Since(began); took > 40*time.Second {
			t.Errorf("took %v: the last records were not shared", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := &Graph{Workers: 3, Order: OrderNone, ShutdownTimeout: time.Second, Sources: []Source{pushing(true, func(in Intake) {
			in.Push(claimOf(in, 0), records(0, 0, 300))
			cancel()
		})}}
		line(g, source(), working(func(*Record) time.Duration { return time.Hour / 2 }), healing())
		began := time.Now()
		_, wait := start(t, ctx, g, Options{})
		expect(t, "forced", wait().Forced, true)
		expect(t, "in time", time.Since(began) <= time.Second, true)
	})
}

// The strands of keys that are gone are used again, so that no number of keys
// grows the memory.
func TestStrandsOfFormerKeysAreUsedAgain(t *testing.T) {
	var claim *Claim
	src := pushing(false, func(in Intake) {
		claim = claimOf(in, 0)
		for at := int64(0); at < 100_000; at += 500 {
			if claim.Full() {
				<-claim.Room()
			}
			batch := keyed(at, at+500, 1_000_000)
			in.Push(claim, batch)
		}
	})
	g := &Graph{Workers: 2, Order: OrderKey, Sources: []Source{src}}
	line(g, source(), healing())
	runGraph(t, g, Options{})
	if held := len(claim.strands.byKey) + len(claim.strands.spare); held > 30_000 {
		t.Errorf("%d strands are kept for 100,000 keys of which 10,000 are in flight at most", held)
	}
}
