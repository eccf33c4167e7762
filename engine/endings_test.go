package engine

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// At the end of input windows let go of all, at a signal of what a clock alone
// would have sent, at a halt of nothing.
func TestWindowsFlushAsTheRunEnds(t *testing.T) {
	for _, c := range []struct {
		name            string
		timeout         time.Duration
		signal, halts   bool
		written         string
		watermark, held int64
	}{
		{name: "input", written: "0/0 0/1 0/2", watermark: 3},
		{name: "signal with a timer", timeout: time.Minute, signal: true, written: "0/0 0/1 0/2", watermark: 3},
		{name: "signal without", signal: true, held: 3},
		{name: "halt", timeout: time.Minute, halts: true, held: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				out := &funcOutput{}
				w := &window{size: 10, timeout: c.timeout}
				g := &Graph{Workers: 1, Sources: []Source{pushing(c.signal, func(in Intake) {
					in.Push(claimOf(in, 0), records(0, 0, 3))
					if c.halts {
						synctest.Wait()
						in.Push(claimOf(in, 1), records(1, 0, 1))
					}
				})}}
				line(g, source(), failing(func(r *Record) bool { return r.Partition == 1 }), windowing(w), healing(), output(out))
				_, wait := start(t, ctx, g, Options{})
				if c.signal {
					synctest.Wait()
					signal()
				}
				result := wait()
				expect(t, "halted", result.Halted != nil, c.halts)
				expect(t, "written", out.got(), c.written)
				expect(t, "watermark", watermarks(result)[0], c.watermark)
				expect(t, "held", result.Nodes[2].Held, c.held)
				expect(t, "forced", result.Forced, false)
			})
		})
	}
}

// Other units finish after a halt, what stands behind the failed record does
// not, and the source is told to stop.
func TestOthersFinishAfterAHalt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusing := make(chan struct{})
		out := &funcOutput{}
		out.write = each(func(r *Record) error {
			if r.Partition == 0 && r.Offset == 1 {
				return Deterministic(errors.New("no such column"))
			}
			if r.Partition == 1 && r.Offset == 3 {
				select {
				case <-refusing:
				default:
					return errors.New("away")
				}
			}
			return nil
		})
		g := &Graph{Workers: 2, Sources: []Source{pushing(true, func(in Intake) {
			in.Push(claimOf(in, 0), records(0, 0, 10))
			in.Push(claimOf(in, 1), records(1, 0, 10))
		})}}
		line(g, source(), healing(), output(out))
		_, wait := start(t, t.Context(), g, Options{})
		time.AfterFunc(5*time.Second, func() { close(refusing) })
		result := wait()
		var f *Failure
		if !errors.As(result.Halted, &f) || f.Offset != 1 || f.Node != "out" {
			t.Fatalf("halted: %v", result.Halted)
		}
		expect(t, "failing partition", watermarks(result)[0], 1)
		expect(t, "the other", watermarks(result)[1], 10)
		if strings.Contains(out.got(), "0/2") {
			t.Errorf("written: %s", out.got())
		}
	})
}

// A source that breaks halts the pipeline; what it had brought is finished, and
// other sources are stopped and closed.
func TestSourceThatBreaks(t *testing.T) {
	for name, broken := range map[string]func() error{
		"error": func() error { return errors.New("no such file") },
		"panic": func() error { panic("no such file") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &funcOutput{}
				var closed atomic.Int32
				breaking := &funcSource{
					run: func(_ context.Context, in Intake) error {
						in.Push(claimOf(in, 0), records(0, 0, 5))
						return broken()
					},
					close: func(context.Context) error { closed.Add(1); return nil },
				}
				other := pushing(true, func(Intake) {})
				other.close = func(context.Context) error { closed.Add(1); panic("closing") }
				g := &Graph{Workers: 1, Sources: []Source{breaking, other}}
				line(g, source(), healing(), output(out))
				result := runToEnd(t, g)
				if result.Halted == nil || !strings.Contains(result.Halted.Error(), "no such file") {
					t.Errorf("halted: %v", result.Halted)
				}
				expect(t, "watermark", watermarks(result)[0], 5)
				expect(t, "closed", closed.Load(), 2)
				expect(t, "closed outputs", out.closed, 1)
			})
		})
	}
}

// Offsets that go back are a mistake of the source that nothing may hide.
func TestOffsetsThatGoBackHalt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Graph{Workers: 1, Sources: []Source{pushing(true, func(in Intake) {
			c := claimOf(in, 3)
			in.Push(c, records(3, 5, 8))
			in.Push(c, records(3, 7, 9))
			in.Push(c, records(3, 9, 10)) // the halt does not disturb the pusher
		})}}
		line(g, source(), healing(), output(&funcOutput{}))
		result := runToEnd(t, g)
		if result.Halted == nil || !strings.Contains(result.Halted.Error(), "t/3") {
			t.Errorf("halted: %v", result.Halted)
		}
	})
}

func TestOutputThatDoesNotOpen(t *testing.T) {
	for name, open := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errors.New("no such topic") },
		"panic": func(context.Context) error { panic("no such topic") },
	} {
		t.Run(name, func(t *testing.T) {
			first, second := &funcOutput{}, &funcOutput{open: open}
			a, b := output(first), output(second)
			b.Name, b.Where = "second", "p.yaml:3:4"
			src := &Node{Name: "in", Role: RoleSource}
			g := &Graph{Nodes: []*Node{src, a, b}, Sources: []Source{pushing(false, func(Intake) { t.Error("the source ran") })}}
			g.Connect(src, a, 0)
			g.Connect(src, b, 0)
			rt, err := New(g, Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = rt.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), "no such topic") || !strings.Contains(err.Error(), "p.yaml:3:4: node second") {
				t.Errorf("error: %v", err)
			}
			expect(t, "closed", first.closed, 1)
			expect(t, "closed though not open", second.closed, 0)
		})
	}
}

// moody panics where it is told to.
type moody struct {
	window
	where string
}

func (m *moody) Process(ctx context.Context, r *Record, out *Out) error {
	if m.where == "process" {
		panic("mood")
	}
	return m.window.Process(ctx, r, out)
}

func (m *moody) Fire(context.Context, time.Time, *Out) error { panic("mood") }

func (m *moody) Flush(context.Context, bool, *Out) error { panic("mood") }

// No panic reaches a user, wherever it comes from.
func TestPanicsHalt(t *testing.T) {
	for _, where := range []string{"decode", "key", "process", "fire", "flush", "write", "answers", "sync"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &Graph{Workers: 1, Sources: []Source{pushing(where == "fire", func(in Intake) {
					all := records(0, 0, 3)
					for _, r := range all {
						r.decoded = where != "decode" && where != "key"
					}
					in.Push(claimOf(in, 0), all)
				})}}
				src, out := source(), &funcOutput{}
				node := &Node{Name: "moody", Role: RoleOperator, State: true, Operator: &window{size: 1}}
				sink := output(out)
				switch where {
				case "decode":
					src.Decode = func(*Record) error { panic("mood") }
				case "key":
					g.Order, g.Key = OrderKey, func(*Record) (string, bool, error) { panic("mood") }
				case "write":
					out.write = func(context.Context, []*Record) []error { panic("mood") }
				case "answers":
					out.write = func(context.Context, []*Record) []error { return []error{errors.New("mood")} }
				case "sync":
					sink.Output = &syncOutput{funcOutput: out, sync: func() error { panic("mood") }}
					sink.Policy = Policy{MaxElapsed: time.Second}
				default:
					node.Operator = &moody{where: where, window: window{size: 10, timeout: time.Minute}}
				}
				line(g, src, node, sink)
				result := runToEnd(t, g)
				expect(t, "watermark", watermarks(result)[0], 0)
				if result.Halted == nil || !strings.Contains(result.Halted.Error(), "internal error") ||
					where != "answers" && !strings.Contains(result.Halted.Error(), "mood") {
					t.Errorf("halted: %v", result.Halted)
				}
			})
		})
	}
}

// A dead letter that is refused halts with both errors; one whose output is
// away is held until it is back, and what stands behind it too.
func TestDeadLetters(t *testing.T) {
	deadly := func() *Node { return failing(func(r *Record) bool { return r.Offset == 1 }) }
	pushed := func() []Source {
		return []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 5)) })}
	}
	t.Run("refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			out, letters := &funcOutput{}, newAwayLetters()
			letters.output.write = each(func(*Record) error { return Refused(errors.New("too large")) })
			node := deadly()
			node.Policy = quickly(ThenDeadLetter, letters.node)
			g := &Graph{Workers: 1, Sources: pushed()}
			line(g, source(), node, healing(), output(out))
			g.Nodes = append(g.Nodes, letters.node)
			result := runToEnd(t, g)
			if result.Halted == nil || !strings.Contains(result.Halted.Error(), "poison 1") || !strings.Contains(result.Halted.Error(), "too large") {
				t.Errorf("halted: %v", result.Halted)
			}
			expect(t, "written", out.got(), "0/0")
			expect(t, "watermark", watermarks(result)[0], 1)
		})
	})
	t.Run("away", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			out, letters := &funcOutput{}, newAwayLetters()
			node := deadly()
			node.Policy = quickly(ThenDeadLetter, letters.node)
			g := &Graph{Workers: 1, Sources: pushed()}
			line(g, source(), node, healing(), output(out))
			g.Nodes = append(g.Nodes, letters.node)
			rt, wait := start(t, t.Context(), g, Options{})
			synctest.Wait()
			expect(t, "written", out.got(), "0/0")
			expect(t, "watermark", rt.Claims()[0].Watermark, 1)
			close(letters.here)
			result := wait()
			expect(t, "written", out.got(), "0/0 0/2 0/3 0/4")
			expect(t, "watermark", watermarks(result)[0], 5)
			headers := make(map[string]string)
			for _, h := range letters.output.written[0].Headers {
				headers[h.Key] = string(h.Value)
			}
			expect(t, "error", headers["waterhealer-error"], "poison 1")
			expect(t, "node", headers["waterhealer-node"], "failing")
			expect(t, "offset", headers["waterhealer-offset"], "1")
			expect(t, "raw", string(letters.output.written[0].Raw), "1")
			expect(t, "intact", letters.output.written[0].Intact, true)
		})
	})
}

// A run that lists failures goes on after each and ends with the first.
func TestListedFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &funcOutput{}
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 6)) })}}
		sum := &Node{Name: "sum", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, _ *Out) error {
			if r.Batch[0].Offset >= 3 {
				return errors.New("no sum")
			}
			return nil
		})}
		line(g, source(), failing(func(r *Record) bool { return r.Offset == 1 }), windowing(&window{size: 2}), sum, healing(), output(out))
		var offsets []int64
		_, wait := start(t, t.Context(), g, Options{ListFailures: true, OnFailure: func(f *Failure) { offsets = append(offsets, f.Offset) }})
		result := wait()
		var f *Failure
		if !errors.As(result.Halted, &f) || f.Offset != 1 {
			t.Errorf("halted: %v", result.Halted)
		}
		expect(t, "failed", len(offsets), 4) // 1 at once, then 3 and 4, and 5 in the last batch
		expect(t, "watermark", watermarks(result)[0], 1)
	})
}

func TestGraphsThatCannotRun(t *testing.T) {
	src, out := source(), output(&funcOutput{})
	stranger := output(&funcOutput{})
	for name, nodes := range map[string][]*Node{
		"no operator":            {src, {Name: "x", Role: RoleOperator}},
		"no output":              {src, {Name: "x", Role: RoleOutput}},
		"no dead letters":        {src, out, {Name: "x", Role: RoleOutput, Output: out.Output, Policy: Policy{Then: ThenDeadLetter}}},
		"dead letters elsewhere": {src, out, {Name: "x", Role: RoleOutput, Output: out.Output, Policy: Policy{Then: ThenDeadLetter, DeadLetter: stranger}}},
		"report elsewhere":       {src, {Name: "x", Role: RoleHealing, Report: stranger}},
	} {
		if _, err := New(&Graph{Nodes: nodes}, Options{}); err == nil || !strings.Contains(err.Error(), "x") {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := &Graph{Nodes: []*Node{out, src}}
	g.Connect(src, out, 0)
	if _, err := New(g, Options{}); err == nil {
		t.Error("a graph against its order was taken")
	}
}

// An output that nothing leads to does not keep a run from ending.
func TestOutputWithoutInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(Intake) {})}}
		line(g, source(), healing())
		g.Nodes = append(g.Nodes, output(&funcOutput{}))
		runToEnd(t, g)
	})
}
