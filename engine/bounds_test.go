package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fetchSource delivers partition 0 as the Kafka source does: slices of 512
// records that share one buffer, and looks at the holes now and then.
type fetchSource struct {
	records int64
	payload int
	key     func(offset int64) []byte
	claim   atomic.Pointer[Claim]
	slowest atomic.Int64 // push, in nanoseconds
}

func (s *fetchSource) Run(ctx context.Context, in Intake) error {
	const slice = 512
	c := claimOf(in, 0)
	s.claim.Store(c)
	for at := int64(0); at < s.records; {
		for c.Full() {
			select {
			case <-c.Room():
			case <-ctx.Done():
				return nil
			}
		}
		n := min(slice, s.records-at)
		buffer, slab, records := make([]byte, n*int64(s.payload)), make([]Record, n), make([]*Record, n)
		for i := range slab {
			r := &slab[i]
			r.Raw, r.Intact, r.Topic, r.Offset, r.Known = buffer[i*s.payload:][:s.payload], true, "t", at, KnownAll
			if s.key != nil {
				r.Key = s.key(at)
			}
			records[i] = r
			at++
		}
		began := time.Now()
		in.Push(c, records)
		s.slowest.Store(max(s.slowest.Load(), int64(time.Since(began))))
		if at%(100*slice) == 0 {
			c.Progress() // as each commit does
		}
	}
	<-ctx.Done()
	return nil
}

func (s *fetchSource) Close(context.Context) error { return nil }

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// awaited waits in real time until ok holds.
func awaited(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(8 * time.Minute)
	for !ok() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// I9: behind a stuck head no more is read than max_ahead allows, and what is
// finished there takes next to no memory; goroutines do not grow.
func TestMemoryBehindAStuckHead(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  Limits
		records int64
		taken   int64 // at least; a slice more may be
		most    int64 // bytes of heap
	}{
		{name: "small max_ahead", limits: Limits{Ahead: 10_000}, records: 100_000, taken: 10_000, most: 16 << 20},
		{name: "defaults, 1,000,000 records", records: 1_100_000, taken: 1_000_000, most: 64 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := &fetchSource{records: c.records, payload: 100}
			var back atomic.Bool
			out := &headOutput{back: &back}
			g := &Graph{Workers: 2, Order: OrderNone, Limits: c.limits, Sources: []Source{src}}
			sink := output(out)
			sink.Policy = Policy{Backoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond}
			line(g, source(), healing(), sink)
			before := heap()
			ctx, signal := context.WithCancel(t.Context())
			defer signal()
			rt, err := New(g, Options{})
			if err != nil {
				t.Fatal(err)
			}
			goroutines := runtime.NumGoroutine()
			done := make(chan Result, 1)
			go func() {
				result, _ := rt.Run(ctx)
				done <- result
			}()
			awaited(t, "the claim is full and everything but its head finished", func() bool {
				claim := src.claim.Load()
				if claim == nil || !claim.waiting.Load() {
					return false
				}
				inFlight, _ := claim.InFlight()
				return inFlight == 1 && claim.over(1, 1)
			})
			claim := src.claim.Load()
			watermark, holes := claim.Progress()
			grown := heap() - before
			t.Logf("%d finished behind the head: heap grew by %d KiB, goroutines by %d, the slowest push took %s",
				holes.Len(), grown>>10, runtime.NumGoroutine()-goroutines, time.Duration(src.slowest.Load()))
			expect(t, "watermark", watermark, 0)
			if taken := int64(holes.Len()) + 1; taken < c.taken || taken > c.taken+1024 {
				t.Errorf("%d records were taken, want %d", taken, c.taken)
			}
			if grown > c.most {
				t.Errorf("the heap grew by %d bytes", grown)
			}
			if more := runtime.NumGoroutine() - goroutines; more > 12 {
				t.Errorf("%d more goroutines", more)
			}
			back.Store(true)
			awaited(t, "the rest is read", func() bool { return claim.Watermark() == src.records })
			signal()
			<-done
		})
	}
}

// headOutput fails offset 0 until it is told that it is back.
type headOutput struct {
	drop
	back *atomic.Bool
}

func (o *headOutput) Write(_ context.Context, records []*Record) []error {
	if o.back.Load() {
		return nil
	}
	var errs []error
	for i, r := range records {
		if r.Offset == 0 {
			errs = make([]error, len(records))
			errs[i] = errors.New("away")
		}
	}
	return errs
}

// A window behind a filter that passes 1 in 1,000 fills: what the filter drops
// is finished and fills nothing.
func TestWindowBehindAFilterFills(t *testing.T) {
	src := &fetchSource{records: 200_000, payload: 10}
	g := &Graph{Workers: 2, Sources: []Source{src}}
	w, out := windowing(&window{size: 50}), &funcOutput{}
	sum := &Node{Name: "count", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		out.Emit(r.With(len(r.Batch)))
		return nil
	})}
	line(g, source(), sparse(1000), w, sum, healing(), output(out))
	ctx, signal := context.WithCancel(t.Context())
	defer signal()
	rt, err := New(g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan Result, 1)
	go func() {
		result, _ := rt.Run(ctx)
		done <- result
	}()
	awaited(t, "all is finished", func() bool {
		claim := src.claim.Load()
		return claim != nil && claim.Watermark() == src.records
	})
	expect(t, "paused", src.claim.Load().waiting.Load(), false)
	signal()
	result := <-done
	if result.Halted != nil {
		t.Errorf("halted: %v", result.Halted)
	}
	expect(t, "batches", len(out.written), 4)
	for _, r := range out.written {
		expect(t, "size", fmt.Sprint(r.Value), "50")
	}
}

// A hot key that is stuck fills its partition, and no other: its records are
// held up to the bound, the partition pauses, and nothing is lost when it is
// free again.
func TestHotKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, signal := context.WithCancel(t.Context())
		defer signal()
		back := make(chan struct{})
		out := &funcOutput{write: each(func(r *Record) error {
			select {
			case <-back:
			default:
				if string(r.Key) == "hot" {
					return errors.New("away")
				}
			}
			return nil
		})}
		const n = 5000
		var claims [2]*Claim
		g := &Graph{Workers: 2, Order: OrderKey, Limits: Limits{Records: 100}, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
			done := make(chan struct{}, 2)
			for p := range int32(2) {
				c := claimOf(in, p)
				claims[p] = c
				go func() {
					for at := range int64(n) {
						if c.Full() {
							<-c.Room()
						}
						r := records(p, at, at+1)
						r[0].Key = fmt.Append(nil, at)
						if p == 0 && at%2 == 0 {
							r[0].Key = []byte("hot")
						}
						in.Push(c, r)
					}
					done <- struct{}{}
				}()
			}
			<-done
			<-done
			<-ctx.Done()
			return nil
		}}}}
		sink := output(out)
		sink.Policy = DefaultPolicy()
		line(g, source(), healing(), sink)
		rt, wait := start(t, ctx, g, Options{})
		slowly(10*time.Minute, nil)
		inFlight, _ := claims[0].InFlight()
		expect(t, "in flight of the hot partition", inFlight, 100)
		expect(t, "the other partition", claims[1].Watermark(), n)
		if in := rt.Stats()[0].In; in > n+200 {
			t.Errorf("%d records were read", in)
		}
		expect(t, "named", len(rt.Stuck()) > 0, true)
		close(back)
		slowly(10*time.Minute, nil)
		expect(t, "the hot partition", claims[0].Watermark(), n)
		signal()
		wait()
		last := int64(-1)
		for _, r := range out.written {
			if string(r.Key) == "hot" {
				if r.Offset <= last {
					t.Errorf("offset %d after %d", r.Offset, last)
				}
				last = r.Offset
			}
		}
	})
}

// A sink that is slow but moves is drained within the shutdown timeout; one
// that would take longer is not, and what it has not written stays unfinished.
func TestSlowSinkIsDrained(t *testing.T) {
	for _, c := range []struct {
		name      string
		each      time.Duration // per slice
		forced    bool
		watermark int64
	}{
		{name: "in time", each: 400 * time.Millisecond, watermark: 20},
		{name: "too slow", each: 3500 * time.Millisecond, forced: true, watermark: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				out := &funcOutput{write: func(ctx context.Context, records []*Record) []error {
					errs := make([]error, len(records))
					for i := range records {
						slowly(c.each, ctx.Done())
						errs[i] = ctx.Err()
					}
					return errs
				}}
				g := &Graph{Workers: 1, ShutdownTimeout: 10 * time.Second, Sources: []Source{pushing(true, func(in Intake) {
					in.Push(claimOf(in, 0), records(0, 0, 20))
				})}}
				line(g, source(), healing(), output(out))
				_, wait := start(t, ctx, g, Options{})
				time.AfterFunc(time.Second, signal)
				began := time.Now()
				result := wait()
				expect(t, "forced", result.Forced, c.forced)
				expect(t, "watermark", watermarks(result)[0], c.watermark)
				if took := time.Since(began); took > 11*time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}
