package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// logBook keeps the lines of a log.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// lines counts the lines with all of these parts.
func (l *logBook) lines(parts ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
next:
	for line := range strings.Lines(l.text.String()) {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue next
			}
		}
		n++
	}
	return n
}

// hanging is an output whose writes ignore everything until release is closed.
func hanging(release <-chan struct{}, bad func(r *Record) bool) *funcOutput {
	return &funcOutput{write: func(_ context.Context, records []*Record) []error {
		for _, r := range records {
			if bad(r) {
				<-release
			}
		}
		return nil
	}}
}

func every(*Record) bool { return true }

// slowly waits in virtual time, at most until release is closed.
func slowly(d time.Duration, release <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-release:
	}
}

// A part of the pipeline that hangs is named with its record, once, halts the
// pipeline when stall_after says so, and is left behind then: what is finished
// is committed.
func TestWhatHangsIsNamedAndLeftBehind(t *testing.T) {
	for _, c := range []struct {
		name   string
		build  func(release <-chan struct{}) []*Node // from the source's successor on
		node   string
		doing  string
		offset int64
	}{
		{name: "a hung output with heartbeats alive", node: "out", doing: "writing", offset: 3, build: func(release <-chan struct{}) []*Node {
			return []*Node{healing(), output(hanging(release, every))}
		}},
		{name: "a hung sync", node: "out", doing: "syncing", offset: 3, build: func(release <-chan struct{}) []*Node {
			o := &syncOutput{funcOutput: &funcOutput{}, sync: func() error { <-release; return nil }}
			return []*Node{healing(), syncing(o, time.Second)}
		}},
		{name: "a hung operator in a lane", node: "hung", doing: "processing", offset: 5, build: func(release <-chan struct{}) []*Node {
			return []*Node{pass(), hungOperator(release, 5), healing(), output(&funcOutput{})}
		}},
		{name: "a hung operator behind one that emits", node: "before", doing: "processing", offset: 4, build: func(release <-chan struct{}) []*Node {
			before := &Node{Name: "before", Where: "p.yaml:7:5", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
				out.Emit(r)
				if r.Offset == 4 {
					<-release
				}
				return nil
			})}
			return []*Node{before, pass(), healing(), output(&funcOutput{})}
		}},
		{name: "a hung operator with state", node: "hung", doing: "processing", offset: 6, build: func(release <-chan struct{}) []*Node {
			n := hungOperator(release, 6)
			n.State = true
			return []*Node{n, healing(), output(&funcOutput{})}
		}},
		{name: "a hung timer", node: "window", doing: "a timer", offset: -1, build: func(release <-chan struct{}) []*Node {
			return []*Node{windowing(&hungTimer{window{size: 100, timeout: time.Second}, release}), healing(), output(&funcOutput{})}
		}},
		{name: "a hung dead-letter output", node: "dead", doing: "writing", offset: 3, build: func(release <-chan struct{}) []*Node {
			dead := output(hanging(release, every))
			dead.Name = "dead"
			bad := failing(every)
			bad.Policy = quickly(ThenDeadLetter, dead)
			return []*Node{bad, healing(), output(&funcOutput{}), dead}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				var book logBook
				closed := false
				source := &funcSource{
					run: func(ctx context.Context, in Intake) error {
						one := claimOf(in, 1)
						in.Push(one, records(1, 0, 50)) // goes another way
						in.Push(claimOf(in, 0), records(0, 3, 9))
						<-ctx.Done()
						return nil
					},
					close: func(context.Context) error { closed = true; return nil },
				}
				g := &Graph{Workers: 2, Sources: []Source{source}, StallAfter: 20 * time.Second, ShutdownTimeout: 10 * time.Second}
				fork(g, c.build(release))
				began := time.Now()
				rt, wait := start(t, t.Context(), g, Options{Logger: book.logger()})
				time.Sleep(19 * time.Second) //nolint:forbidigo // virtual time
				synctest.Wait()
				expect(t, "named too early", len(rt.Stuck()), 0)
				result := wait()
				took := time.Since(began)
				close(release)

				var stuck *StuckError
				if !errors.As(result.Halted, &stuck) {
					t.Fatalf("halted: %v", result.Halted)
				}
				expect(t, "node", stuck.Stuck.Node, c.node)
				expect(t, "doing", stuck.Stuck.Doing, c.doing)
				expect(t, "offset", stuck.Stuck.Offset, c.offset)
				if c.offset >= 0 {
					expect(t, "partition", stuck.Stuck.Topic, "t")
				}
				if len(rt.Stuck()) == 0 || rt.Stuck()[0].Node != c.node {
					t.Errorf("stuck: %v", rt.Stuck())
				}
				expect(t, "lines", book.lines("WARN", "no progress", "node="+c.node), 1)
				last := watermarks(result)
				expect(t, "committed of the other partition", last[1], 50)
				if last[0] < 0 || last[0] > max(c.offset, 3) {
					t.Errorf("committed %d", last[0])
				}
				expect(t, "closed", closed, true)
				if took > 20*time.Second*5/4+10*time.Second {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

// fork sends partition 1 past everything, to an output of its own.
func fork(g *Graph, nodes []*Node) {
	src := source()
	route := func(name string, p int32) *Node {
		return &Node{Name: name, Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			if r.Partition == p {
				out.Emit(r)
			}
			return nil
		})}
	}
	zero, one, other := route("zero", 0), route("one", 1), output(&funcOutput{})
	other.Name = "other"
	var chain []*Node
	for _, n := range nodes {
		if n.Name != "dead" {
			chain = append(chain, n)
		}
	}
	g.Nodes = append([]*Node{src, zero, one, other}, nodes...)
	g.Connect(src, zero, 0)
	g.Connect(src, one, 0)
	g.Connect(one, other, 0)
	for at, n := range chain {
		if at == 0 {
			g.Connect(zero, n, 0)
			continue
		}
		g.Connect(chain[at-1], n, 0)
	}
}

func hungOperator(release <-chan struct{}, offset int64) *Node {
	return &Node{Name: "hung", Where: "p.yaml:7:5", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
		if r.Offset == offset {
			<-release
		}
		out.Emit(r)
		return nil
	})}
}

// hungTimer is a window whose timer hangs.
type hungTimer struct {
	window
	release <-chan struct{}
}

func (w *hungTimer) Fire(ctx context.Context, now time.Time, out *Out) error {
	<-w.release
	return w.window.Fire(ctx, now, out)
}

// Without stall_after what hangs is only named, and named again when it goes on.
func TestWhatHangsIsOnlyNamedWithoutStallAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var book logBook
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 5)) })}}
		line(g, source(), healing(), output(hanging(release, every)))
		rt, wait := start(t, t.Context(), g, Options{Logger: book.logger()})
		time.AfterFunc(10*time.Minute, func() {
			expect(t, "stuck", len(rt.Stuck()), 1)
			expect(t, "progress again", book.lines("progress again"), 0)
			close(release)
		})
		result := wait()
		if result.Halted != nil {
			t.Errorf("halted: %v", result.Halted)
		}
		expect(t, "watermark", watermarks(result)[0], 5)
		expect(t, "lines", book.lines("no progress", "node=out", "topic=t", "partition=0", "offset=0"), 1)
	})
	synctest.Test(t, func(t *testing.T) {
		var book logBook
		ctx, signal := context.WithCancel(t.Context())
		defer signal()
		release := make(chan struct{})
		g := &Graph{Workers: 1, Sources: []Source{pushing(true, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 5)) })}}
		line(g, source(), healing(), output(hanging(release, every)))
		rt, wait := start(t, ctx, g, Options{Logger: book.logger()})
		time.AfterFunc(10*time.Minute, func() { close(release) })
		time.AfterFunc(11*time.Minute, signal)
		wait()
		expect(t, "progress again", book.lines("progress again", "node=out"), 1)
		expect(t, "stuck", len(rt.Stuck()), 0)
	})
}

// An outage is waited for without end, unless stall_after says that a
// destination that takes nothing for so long is a reason to halt. Nothing is
// put aside by it.
func TestOutageHaltsAfterStallAfter(t *testing.T) {
	for _, after := range []time.Duration{0, 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			ctx, signal := context.WithCancel(t.Context())
			defer signal()
			letters := &funcOutput{}
			dead := output(letters)
			dead.Name = "dead"
			sink := output(&funcOutput{write: each(func(*Record) error { return errors.New("away") })})
			sink.Policy = DefaultPolicy()
			sink.Policy.Then, sink.Policy.DeadLetter = ThenDeadLetter, dead
			g := &Graph{Workers: 1, StallAfter: after, Sources: []Source{pushing(true, func(in Intake) {
				in.Push(claimOf(in, 0), records(0, 7, 12))
			})}}
			line(g, source(), healing(), sink)
			g.Nodes = append(g.Nodes, dead)
			rt, wait := start(t, ctx, g, Options{})
			time.Sleep(2 * time.Minute) //nolint:forbidigo // virtual time
			if after == 0 {
				expect(t, "stuck", len(rt.Stuck()), 1)
				expect(t, "why", rt.Stuck()[0].Err.Error(), "away")
			}
			time.AfterFunc(10*time.Minute, signal)
			result := wait()
			var stuck *StuckError
			expect(t, "halted", errors.As(result.Halted, &stuck), after > 0)
			if stuck != nil {
				expect(t, "offset", stuck.Stuck.Offset, 7)
				expect(t, "doing", stuck.Stuck.Doing, "trying again")
			}
			expect(t, "watermark", watermarks(result)[0], 7)
			expect(t, "letters", letters.got(), "")
		})
	}
}

// A partition that is full while another is idle is no certain standstill: the
// other may bring what the window waits for. It is named, and halts only where
// stall_after asks for it; it does not while the window gets records.
func TestFullPartitionBesideAnIdleOne(t *testing.T) {
	for _, c := range []struct {
		name        string
		after       time.Duration
		flows       bool
		halts, told bool
	}{
		{name: "named", told: true},
		{name: "halts", after: 5 * time.Minute, halts: true, told: true},
		{name: "the other flows", after: 5 * time.Minute, flows: true, told: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				var book logBook
				g := &Graph{Workers: 1, StallAfter: c.after, Limits: Limits{Records: 10}, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
					other := claimOf(in, 1)
					full := claimOf(in, 0)
					in.Push(full, records(0, 0, 10))
					full.Full()
					for at := int64(0); c.flows && ctx.Err() == nil; at++ {
						in.Push(other, records(1, at, at+1))
						slowly(time.Minute, ctx.Done())
					}
					<-ctx.Done()
					return nil
				}}}}
				// Records of the other partition pass the window by.
				w := windowing(&window{size: 20})
				route := &Node{Name: "route", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
					if r.Partition == 0 {
						out.Emit(r)
					}
					return nil
				})}
				line(g, source(), route, w, healing(), output(&funcOutput{}))
				_, wait := start(t, ctx, g, Options{Logger: book.logger()})
				time.AfterFunc(15*time.Minute, signal)
				result := wait()
				var stuck *StuckError
				expect(t, "halted", errors.As(result.Halted, &stuck), c.halts)
				expect(t, "told", book.lines("no progress", "node=in", "partition=0", "window (10, at ") == 1, c.told)
			})
		})
	}
}
