package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A run that lists failures goes on after more of them than may be in flight.
func TestListedFailuresFillNothing(t *testing.T) {
	for _, limits := range []Limits{{Records: 10}, {Bytes: 10}, {Ahead: 10}} {
		synctest.Test(t, func(t *testing.T) {
			g := &Graph{Workers: 1, Limits: limits, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
				feeding(ctx, in, claimOf(in, 0), 100)
				return nil
			}}}}
			line(g, source(), failing(func(r *Record) bool { return r.Offset%2 == 0 }), healing(), output(&funcOutput{}))
			listed := 0
			_, wait := start(t, t.Context(), g, Options{ListFailures: true, OnFailure: func(*Failure) { listed++ }})
			result := wait()
			expect(t, "listed", listed, 50)
			expect(t, "watermark", watermarks(result)[0], 0)
		})
	}
}

// twoWays is a graph with two sources, each with its own way: in -> first, and
// other -> second.
func twoWays(g *Graph, first, second []*Node) {
	other := source()
	other.Name = "other"
	line(g, append([]*Node{source()}, first...)...)
	line(g, append([]*Node{other}, second...)...)
}

// A standstill that is certain halts, and says which bound was reached and who
// holds the records: whatever the bound, and whoever holds them.
func TestCertainStandstill(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  Limits
		feed    func(ctx context.Context, in Intake)
		build   func(g *Graph)
		setting string
		held    string
	}{
		{
			name: "bytes", limits: Limits{Bytes: 15}, setting: "the bytes of max_in_flight", held: "window",
			build: func(g *Graph) {
				line(g, source(), windowing(&window{size: 1000}), healing(), output(&funcOutput{}))
			},
		},
		{
			name: "max_ahead behind a head in a window", limits: Limits{Ahead: 500}, setting: "max_ahead", held: "window",
			build: func(g *Graph) { // one record in 1,000 gets to the window
				line(g, source(), sparse(1000), windowing(&window{size: 2}), healing(), output(&funcOutput{}))
			},
		},
		{
			name: "a key that never fills", limits: Limits{Records: 100}, setting: "max_in_flight", held: "keys",
			build: func(g *Graph) {
				keys := &keyWindow{size: 2, byKey: make(map[int64][]*Record)}
				line(g, source(), &Node{Name: "keys", Role: RoleOperator, State: true, Operator: keys}, healing(), output(&funcOutput{}))
			},
		},
		{
			name: "a join of which one side has ended", limits: Limits{Records: 10}, setting: "max_in_flight", held: "zip",
			feed: func(ctx context.Context, in Intake) {
				other := in.Claim(ClaimOptions{Source: "other", Topic: "u"})
				in.Push(other, records(0, 0, 3))
				other.End()
				feeding(ctx, in, claimOf(in, 0), 100)
			},
			build: buildZip,
		},
		{
			name: "a join of which both sides are full", limits: Limits{Bytes: 10}, setting: "the bytes of max_in_flight", held: "zip",
			feed: func(_ context.Context, in Intake) {
				other := in.Claim(ClaimOptions{Source: "other", Topic: "u"})
				one := claimOf(in, 0)
				in.Push(one, records(0, 0, 10))
				one.Full()
				other.Full()
			},
			build: buildZip,
		},
		{
			name: "a join that pauses one side for one that is full", limits: Limits{Records: 10}, setting: "max_in_flight", held: "window zip",
			feed: func(ctx context.Context, in Intake) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					feeding(ctx, in, in.Claim(ClaimOptions{Source: "other", Topic: "u"}), 100)
				}()
				feeding(ctx, in, claimOf(in, 0), 100)
				<-done
			},
			build: func(g *Graph) {
				one, other := source(), source()
				other.Name = "other"
				join := &Node{Name: "zip", Role: RoleOperator, State: true, Operator: &pausingZip{}}
				w, end, out := windowing(&window{size: 11}), healing(), output(&funcOutput{})
				g.Nodes = []*Node{one, other, w, join, end, out}
				g.Connect(one, w, 0)
				g.Connect(w, join, 0)
				g.Connect(other, join, 1)
				g.Connect(join, end, 0)
				g.Connect(end, out, 0)
			},
		},
		{
			name: "beside a timer that frees nothing", limits: Limits{Records: 10}, setting: "max_in_flight", held: "window",
			build: func(g *Graph) {
				src, end, out := source(), healing(), output(&funcOutput{})
				ticks := &Node{Name: "ticks", Role: RoleOperator, State: true, Operator: &ticker{}}
				w := windowing(&window{size: 11})
				g.Nodes = []*Node{src, ticks, w, end, out}
				g.Connect(src, ticks, 0)
				g.Connect(src, w, 0)
				g.Connect(ticks, end, 0)
				g.Connect(w, end, 0)
				g.Connect(end, out, 0)
			},
		},
		{
			name: "beside a source that goes elsewhere and is idle", limits: Limits{Records: 10}, setting: "max_in_flight", held: "window",
			feed: func(ctx context.Context, in Intake) {
				in.Push(in.Claim(ClaimOptions{Source: "other", Topic: "u"}), records(0, 0, 3))
				feeding(ctx, in, claimOf(in, 0), 100)
			},
			build: func(g *Graph) {
				twoWays(g, []*Node{windowing(&window{size: 11}), healing(), output(&funcOutput{})}, []*Node{healing(), output(&funcOutput{})})
			},
		},
		{
			name: "beside a source that goes elsewhere and flows", limits: Limits{Records: 10}, setting: "max_in_flight", held: "window",
			feed: func(ctx context.Context, in Intake) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					other := in.Claim(ClaimOptions{Source: "other", Topic: "u"})
					for at := int64(0); ctx.Err() == nil; at++ {
						in.Push(other, records(0, at, at+1))
						work(ctx, 70*time.Millisecond)
					}
				}()
				feeding(ctx, in, claimOf(in, 0), 100)
				<-done
			},
			build: func(g *Graph) {
				twoWays(g, []*Node{windowing(&window{size: 11}), healing(), output(&funcOutput{})}, []*Node{healing(), output(&funcOutput{})})
			},
		},
		{
			name: "all partitions are full", limits: Limits{Records: 10}, setting: "max_in_flight", held: "window",
			feed: func(ctx context.Context, in Intake) {
				feeding2(ctx, in)
			},
			build: func(g *Graph) {
				line(g, source(), windowing(&window{size: 100}), healing(), output(&funcOutput{}))
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				g := &Graph{Workers: 2, Limits: c.limits, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
					if c.feed != nil {
						c.feed(ctx, in)
					} else {
						feeding(ctx, in, claimOf(in, 0), 10_000)
					}
					<-ctx.Done()
					return nil
				}}}}
				c.build(g)
				_, wait := start(t, t.Context(), g, Options{})
				result := wait()
				var stall *StallError
				if !errors.As(result.Halted, &stall) {
					t.Fatalf("halted: %v", result.Halted)
				}
				expect(t, "setting", stall.Setting, c.setting)
				var held []string
				for _, node := range stall.Held {
					name, _, _ := strings.Cut(node, " (")
					held = append(held, name)
				}
				expect(t, "held by", strings.Join(held, " "), c.held)
				if !strings.Contains(stall.Error(), "raise "+c.setting) {
					t.Errorf("it says: %v", stall)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

// feeding2 feeds two partitions at once.
func feeding2(ctx context.Context, in Intake) {
	done := make(chan struct{})
	one, two := claimOf(in, 0), claimOf(in, 1)
	go func() {
		defer close(done)
		feeding(ctx, in, one, 100)
	}()
	feeding(ctx, in, two, 100)
	<-done
}

// sparse lets one record in n through.
func sparse(n int64) *Node {
	return &Node{Name: "sparse", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		if r.Offset%n == 0 {
			out.Emit(r)
		}
		return nil
	})}
}

// keyWindow is a window per offset, so that none ever fills.
type keyWindow struct {
	size  int
	byKey map[int64][]*Record
}

func (w *keyWindow) Process(_ context.Context, r *Record, out *Out) error {
	out.Keep(r)
	w.byKey[r.Offset] = append(w.byKey[r.Offset], r)
	return nil
}

// zip pairs what comes over two inputs, one by one.
type zip struct{ waiting [2][]*Record }

func (z *zip) Process(context.Context, *Record, *Out) error { return errors.New("it has two inputs") }

func (z *zip) ProcessFrom(_ context.Context, port int, r *Record, out *Out) error {
	out.Keep(r)
	z.waiting[port] = append(z.waiting[port], r)
	for len(z.waiting[0]) > 0 && len(z.waiting[1]) > 0 {
		pair := []*Record{z.waiting[0][0], z.waiting[1][0]}
		z.waiting[0], z.waiting[1] = z.waiting[0][1:], z.waiting[1][1:]
		out.Emit(NewJoined(fmt.Sprint(pair[0].Value, pair[1].Value), pair...))
		out.LetGo(pair[0])
		out.LetGo(pair[1])
	}
	return nil
}

func buildZip(g *Graph) {
	one, other := source(), source()
	other.Name = "other"
	join := &Node{Name: "zip", Role: RoleOperator, State: true, Operator: &zip{}}
	end, out := healing(), output(&funcOutput{})
	g.Nodes = []*Node{one, other, join, end, out}
	g.Connect(one, join, 0)
	g.Connect(other, join, 1)
	g.Connect(join, end, 0)
	g.Connect(end, out, 0)
}

// What only waits is no standstill: another partition, or the other side of a
// join, may bring what lets it go; a destination may come back.
func TestWaitingIsNoStandstill(t *testing.T) {
	for _, c := range []struct {
		name      string
		limits    Limits
		feed      func(ctx context.Context, in Intake)
		build     func(g *Graph)
		watermark int64
	}{
		{
			name: "the lagging side of a join comes later", limits: Limits{Records: 10}, watermark: 100,
			feed: func(ctx context.Context, in Intake) {
				other := in.Claim(ClaimOptions{Source: "other", Topic: "u", Partition: 1})
				done := make(chan struct{})
				go func() {
					defer close(done)
					slowly(10*time.Minute, nil)
					feeding(ctx, in, other, 100)
				}()
				feeding(ctx, in, claimOf(in, 0), 100)
				<-done
			},
			build: buildZip,
		},
		{
			name: "an idle partition brings the rest later", limits: Limits{Records: 10}, watermark: 18,
			feed: func(ctx context.Context, in Intake) {
				other, one := claimOf(in, 1), claimOf(in, 0)
				in.Push(one, records(0, 0, 10))
				one.Full()
				slowly(10*time.Minute, nil)
				in.Push(other, records(1, 0, 2))
				<-one.Room()
				in.Push(one, records(0, 10, 18))
				in.Push(other, records(1, 2, 6))
			},
			build: func(g *Graph) {
				line(g, source(), windowing(&window{size: 12}), healing(), output(&funcOutput{}))
			},
		},
		{
			// 18 of 20 wait for the 19th: less than a quarter is free, but there is room.
			name: "less than a quarter of the bound is free while another partition is idle", limits: Limits{Records: 20}, watermark: 38,
			feed: func(ctx context.Context, in Intake) {
				claimOf(in, 1)
				feeding(ctx, in, claimOf(in, 0), 38)
			},
			build: func(g *Graph) {
				release := make(chan struct{})
				time.AfterFunc(time.Minute, func() { close(release) })
				aside := &Node{Name: "aside", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
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
				src, w, a, b := source(), windowing(&window{size: 19}), output(&funcOutput{}), output(hanging(release, every))
				g.Nodes = []*Node{src, aside, rest, w, a, b}
				g.Connect(src, aside, 0)
				g.Connect(src, rest, 0)
				g.Connect(rest, w, 0)
				g.Connect(w, a, 0)
				g.Connect(aside, b, 0)
			},
		},
		{
			name: "max_ahead behind a head that an output tries again", limits: Limits{Ahead: 50}, watermark: 100,
			feed: func(ctx context.Context, in Intake) { feeding(ctx, in, claimOf(in, 0), 100) },
			build: func(g *Graph) {
				began := time.Now()
				sink := output(&funcOutput{write: each(func(r *Record) error {
					if r.Offset == 0 && time.Since(began) < 10*time.Minute {
						return errors.New("away")
					}
					return nil
				})})
				sink.Policy = DefaultPolicy()
				g.Order = OrderNone
				line(g, source(), windowing(&window{size: 1}), healing(), sink)
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &Graph{Workers: 2, Limits: c.limits, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
					c.feed(ctx, in)
					return nil
				}}}}
				c.build(g)
				result := runToEnd(t, g)
				if result.Halted != nil {
					t.Errorf("halted: %v", result.Halted)
				}
				expect(t, "watermark", watermarks(result)[0], c.watermark)
			})
		})
	}
}
