package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// feeding pushes a partition record by record, as room allows.
func feeding(ctx context.Context, in Intake, c *Claim, n int64) {
	for at := range n {
		if c.Full() {
			select {
			case <-c.Room():
			case <-ctx.Done():
				return
			}
		}
		in.Push(c, records(c.Partition, at, at+1))
	}
}

// A window that needs more than max_in_flight allows can never be filled: the
// pipeline says so and names it, also when other claims have ended.
func TestStall(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout time.Duration
		idle    bool // another claim may still bring records
		ended   bool // another claim will not
		stalls  bool
	}{
		{name: "alone", stalls: true},
		{name: "another has ended", ended: true, stalls: true},
		{name: "another is idle", idle: true},
		{name: "with a timer", timeout: time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				w := windowing(&window{size: 20, timeout: c.timeout})
				w.Where = "p.yaml:9:5"
				g := &Graph{Workers: 2, Limits: Limits{Records: 10}, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
					if c.idle || c.ended {
						other := claimOf(in, 1)
						in.Push(other, records(1, 0, 1))
						if c.ended {
							other.End()
						}
					}
					feeding(ctx, in, claimOf(in, 0), 15)
					<-ctx.Done()
					return nil
				}}}}
				line(g, source(), w, healing(), output(&funcOutput{}))
				_, wait := start(t, ctx, g, Options{})
				time.AfterFunc(10*time.Minute, signal)
				result := wait()
				var stall *StallError
				expect(t, "stalled", errors.As(result.Halted, &stall), c.stalls)
				if !c.stalls {
					return
				}
				expect(t, "partition", stall.Partition, 0)
				expect(t, "records", stall.Records, 10)
				if held := strings.Join(stall.Held, " "); !strings.Contains(held, "window") || !strings.Contains(held, "p.yaml:9:5") {
					t.Errorf("held: %s", held)
				}
			})
		})
	}
}

// Whatever is slow is no stall: an operator, an output, or one that is away.
func TestSlowIsNoStall(t *testing.T) {
	for name, slow := range map[string]func(*Graph, *funcOutput) []*Node{
		"operator": func(*Graph, *funcOutput) []*Node {
			n := pass()
			n.Operator = operatorFunc(func(_ context.Context, r *Record, out *Out) error {
				time.Sleep(time.Minute) //nolint:forbidigo // virtual time
				out.Emit(r)
				return nil
			})
			return []*Node{n, windowing(&window{size: 2})}
		},
		"output": func(_ *Graph, o *funcOutput) []*Node {
			o.write = func(context.Context, []*Record) []error {
				time.Sleep(time.Minute) //nolint:forbidigo // virtual time
				return nil
			}
			return []*Node{windowing(&window{size: 2})}
		},
		"away": func(_ *Graph, o *funcOutput) []*Node {
			began := time.Now()
			o.write = each(func(*Record) error {
				if time.Since(began) < time.Minute {
					return errors.New("away")
				}
				return nil
			})
			return []*Node{windowing(&window{size: 2})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &funcOutput{}
				g := &Graph{Workers: 1, Limits: Limits{Records: 3}}
				nodes := slow(g, out)
				g.Sources = []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
					feeding(ctx, in, claimOf(in, 0), 10)
					return nil
				}}}
				line(g, append(append([]*Node{source()}, nodes...), healing(), output(out))...)
				result := runToEnd(t, g)
				if result.Halted != nil {
					t.Errorf("halted: %v", result.Halted)
				}
				expect(t, "watermark", watermarks(result)[0], 10)
			})
		})
	}
}

// A window that is nearly as large as max_in_flight gets the rest, though less
// than a quarter of the bound became free.
func TestNearlyFullIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &funcOutput{}
		g := &Graph{Workers: 1, Limits: Limits{Records: 20}, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
			feeding(ctx, in, claimOf(in, 0), 42)
			return nil
		}}}}
		hold := make(chan struct{})
		direct := &funcOutput{write: func(context.Context, []*Record) []error { <-hold; return nil }}
		src, w, a, b := source(), windowing(&window{size: 19}), output(out), output(direct)
		odd := &Node{Name: "few", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			if r.Offset%10 == 0 {
				out.Emit(r)
			}
			return nil
		})}
		rest := &Node{Name: "rest", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			if r.Offset%10 != 0 {
				out.Emit(r)
			}
			return nil
		})}
		g.Nodes = []*Node{src, odd, rest, w, a, b}
		g.Connect(src, odd, 0)
		g.Connect(src, rest, 0)
		g.Connect(rest, w, 0)
		g.Connect(w, a, 0)
		g.Connect(odd, b, 0)
		// 18 wait in the window and 2 at the output: the claim is full until those are written.
		_, wait := start(t, t.Context(), g, Options{})
		time.AfterFunc(time.Minute, func() { close(hold) })
		result := wait()
		if result.Halted != nil {
			t.Errorf("halted: %v", result.Halted)
		}
		expect(t, "watermark", watermarks(result)[0], 42)
	})
}

// Whoever was told that a claim is full hears of its room, in real time and
// with several claims that share the bytes.
func TestRoomIsNeverMissed(t *testing.T) {
	for _, limits := range []Limits{{Records: 1}, {Records: 3}, {Bytes: 3}, {Bytes: 7}, {Ahead: 2}, {Records: 5, Bytes: 11, Ahead: 6}} {
		out := &funcOutput{}
		const claims, n = 4, 2000
		g := &Graph{Workers: 2, Limits: limits, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
			var wg sync.WaitGroup
			for p := range int32(claims) {
				wg.Go(func() { feeding(ctx, in, claimOf(in, p), n) })
			}
			wg.Wait()
			return nil
		}}}}
		line(g, source(), healing(), output(out))
		result := runGraph(t, g, Options{})
		for p, watermark := range watermarks(result) {
			if watermark != n {
				t.Errorf("%+v: partition %d ends at %d", limits, p, watermark)
			}
		}
	}
}

// What an earlier claim had finished takes no bytes, nor what was pushed while
// the claim was given up.
func TestBytesAreGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &funcOutput{}
		hold := make(chan struct{})
		out.write = func(context.Context, []*Record) []error { <-hold; return nil }
		g := &Graph{Workers: 1}
		var rt *Runtime
		g.Sources = []Source{pushing(false, func(in Intake) {
			c := in.Claim(ClaimOptions{Source: "in", Topic: "t", Finished: func(offset int64) bool { return offset%2 == 1 }})
			in.Push(c, records(0, 0, 10))
			expect(t, "taken", rt.budget.used.Load(), 5)
			lost, cancel := context.WithCancel(t.Context())
			cancel()
			in.Revoke(lost, c)
			expect(t, "taken after the revoke", rt.budget.used.Load(), 0)
			in.Push(c, records(0, 10, 20))
			expect(t, "taken by a push that was too late", rt.budget.used.Load(), 0)
			close(hold)
		})}
		line(g, source(), healing(), output(out))
		var err error
		if rt, err = New(g, Options{}); err != nil {
			t.Fatal(err)
		}
		if _, err := rt.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect(t, "taken in the end", rt.budget.used.Load(), 0)
	})
}

// With a stuck head or a dead output no more is taken than the bounds allow,
// whatever else could go on.
func TestBoundsHold(t *testing.T) {
	for _, c := range []struct {
		name     string
		limits   Limits
		bad      func(offset int64) bool
		inFlight int64
		taken    int64
	}{
		{name: "dead output", limits: Limits{Records: 50}, bad: func(int64) bool { return true }, inFlight: 50, taken: 50},
		{name: "bytes", limits: Limits{Bytes: 20}, bad: func(int64) bool { return true }, inFlight: 15, taken: 15}, // ten of one byte, five of two
		{name: "stuck head", limits: Limits{Ahead: 1000}, bad: func(o int64) bool { return o == 0 }, inFlight: 1, taken: 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				out := &funcOutput{}
				out.write = each(func(r *Record) error {
					if c.bad(r.Offset) {
						return errors.New("away")
					}
					return nil
				})
				var claim *Claim
				g := &Graph{Workers: 1, Order: OrderNone, Limits: c.limits, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
					claim = claimOf(in, 0)
					feeding(ctx, in, claim, 100_000)
					return nil
				}}}}
				sink := output(out)
				sink.Policy = DefaultPolicy()
				line(g, source(), healing(), sink)
				rt, wait := start(t, ctx, g, Options{})
				time.Sleep(time.Minute) //nolint:forbidigo // virtual time
				synctest.Wait()
				inFlight, _ := claim.InFlight()
				expect(t, "in flight", inFlight, c.inFlight)
				expect(t, "taken", rt.Stats()[0].In, c.taken)
				signal()
				wait()
			})
		})
	}
}
