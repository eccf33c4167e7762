package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"waterhealer/engine/value"
)

// reported lists what a report output got: partition/offset, and why it failed.
func reported(t *testing.T, o *funcOutput) string {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, r := range o.written {
		text, err := value.Append(nil, r.Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// Each element is reported once, when all its outputs have it: at once, or when
// its commit is acknowledged.
func TestReports(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		for _, uncommitted := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				report := &funcOutput{}
				refusing := &funcOutput{write: each(func(r *Record) error {
					if r.Offset == 2 {
						return Deterministic(errors.New("no such column"))
					}
					return nil
				})}
				hold := make(chan struct{})
				second := &funcOutput{write: func(context.Context, []*Record) []error { <-hold; return nil }}
				var c *Claim
				src := &funcSource{
					run: func(_ context.Context, in Intake) error {
						c = in.Claim(ClaimOptions{Source: "in", Topic: "t", Uncommitted: uncommitted})
						in.Push(c, records(0, 0, 4))
						synctest.Wait()
						expect(t, "reported before the last output had it", reported(t, report), "")
						close(hold)
						synctest.Wait()
						return nil
					},
					close: func(context.Context) error {
						synctest.Wait()
						if !atOnce && !uncommitted {
							expect(t, "reported before the commit", reported(t, report), "")
						}
						c.Committed(3)
						return nil
					},
				}
				a, b := output(refusing), output(second)
				heal, node := healing(), output(report)
				heal.Report, heal.ReportAtOnce = node, atOnce
				a.Policy = quickly(ThenSkip, nil)
				g := &Graph{Workers: 1, Sources: []Source{src}}
				line(g, source(), windowing(&window{size: 2}), heal)
				g.Nodes = append(g.Nodes, a, b, node)
				g.Connect(heal, a, 0)
				g.Connect(heal, b, 0)
				runToEnd(t, g)
				want := []string{reportLineOf(0, ""), reportLineOf(1, ""), reportLineOf(2, "no such column")}
				if atOnce || uncommitted {
					want = append(want, reportLineOf(3, ""))
				}
				expect(t, "reported", reported(t, report), strings.Join(want, "\n"))
			})
		}
	}
}

func reportLineOf(offset int64, reason string) string {
	o := value.NewObject(6)
	o.Set("topic", "t")
	o.Set("partition", int64(0))
	o.Set("offset", offset)
	o.Set("success", reason == "")
	o.Set("reason", nil)
	if reason != "" {
		o.Set("reason", reason)
	}
	o.Set("data", offset)
	text, _ := value.Append(nil, o)
	return string(text)
}

// A joined value is reported for each of its offsets, also without outputs.
func TestReportsOfJoinedValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := &funcOutput{}
		sum := &Node{Name: "sum", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			out.Emit(r.With("sum"))
			return nil
		})}
		heal, node := healing(), output(report)
		heal.Report, heal.ReportAtOnce = node, true
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 2)) })}}
		line(g, source(), windowing(&window{size: 2}), sum, heal)
		g.Nodes = append(g.Nodes, node)
		result := runToEnd(t, g)
		expect(t, "watermark", watermarks(result)[0], 2)
		got := reported(t, report)
		for _, offset := range []string{`"offset":0`, `"offset":1`} {
			if strings.Count(got, offset) != 1 || strings.Count(got, `"data":"sum"`) != 2 {
				t.Errorf("reported:\n%s", got)
			}
		}
	})
}

// A report output that is away holds neither an offset nor the end for longer
// than the shutdown timeout, nor the end of a halt.
func TestReportsHoldNothing(t *testing.T) {
	for _, halts := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			report := &funcOutput{write: each(func(*Record) error { return errors.New("away") })}
			out := &funcOutput{write: each(func(r *Record) error {
				if halts && r.Offset == 3 {
					return Deterministic(errors.New("no such column"))
				}
				return nil
			})}
			heal, node := healing(), output(report)
			heal.Report, heal.ReportAtOnce = node, true
			closedAt := time.Duration(0)
			began := time.Now()
			src := pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 5)) })
			src.close = func(context.Context) error {
				closedAt = time.Since(began)
				return nil
			}
			g := &Graph{Workers: 1, Sources: []Source{src}, ShutdownTimeout: 10 * time.Second}
			line(g, source(), heal, output(out))
			g.Nodes = append(g.Nodes, node)
			result := runToEnd(t, g)
			expect(t, "forced", result.Forced, false)
			expect(t, "the claims were given up after", closedAt, 0)
			if took := time.Since(began); took > g.ShutdownTimeout {
				t.Errorf("the run took %s", took)
			}
		})
	}
}

// Reports that wait for the commit behind a stuck head, or for an output that is
// away, take only so much memory: the claim is full until they are written.
func TestReportsAreBounded(t *testing.T) {
	const payload = 8 << 10
	const most = reportLeast/payload + 1
	for _, c := range []struct {
		name string
		away bool // the report output, and not the head
	}{
		{name: "behind a stuck head"},
		{name: "an output of reports that is away", away: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 3 * most
				back := make(chan struct{})
				absent := each(func(r *Record) error {
					select {
					case <-back:
						return nil
					default:
					}
					if c.away || r.Offset == 0 {
						return errors.New("away")
					}
					return nil
				})
				out, report := &funcOutput{write: absent}, &funcOutput{}
				if c.away {
					out, report = report, out
				}
				var claim *Claim
				g := &Graph{Workers: 1, Order: OrderNone, Limits: Limits{Records: 20, Bytes: 1 << 20}, Sources: []Source{&funcSource{run: func(_ context.Context, in Intake) error {
					claim = in.Claim(ClaimOptions{Source: "in", Topic: "t", Uncommitted: c.away})
					over, committing := make(chan struct{}), make(chan struct{})
					go func() {
						defer close(committing)
						for range 100 {
							slowly(time.Second, over)
							if !c.away && claim.Watermark() > 0 {
								claim.Committed(claim.Watermark())
							}
						}
					}()
					for at := range int64(n) {
						if claim.Full() {
							<-claim.Room()
						}
						r := records(0, at, at+1)
						r[0].Raw = make([]byte, payload)
						in.Push(claim, r)
					}
					close(over)
					<-committing
					return nil
				}, close: func(context.Context) error {
					claim.Committed(n)
					return nil
				}}}}
				a, node, heal := output(out), output(report), healing()
				a.Policy, node.Policy = DefaultPolicy(), DefaultPolicy()
				heal.Report = node
				line(g, source(), heal, a)
				g.Nodes = append(g.Nodes, node)
				rt, wait := start(t, t.Context(), g, Options{})
				slowly(10*time.Second, nil)
				if in := rt.Stats()[0].In; in > most+20 {
					t.Errorf("%d records were taken, %d reports wait", in, len(claim.reports.waiting))
				}
				close(back)
				result := wait()
				if result.Halted != nil {
					t.Errorf("halted: %v", result.Halted)
				}
				expect(t, "reported", len(report.written), n)
			})
		})
	}
}
