package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What stands behind a failed record of its unit is held at every output, and
// what stands before it is not.
func TestFailureInOneBranchHoldsItsUnitAtTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := &funcOutput{}
		first := &funcOutput{}
		tries := 0
		first.write = each(func(r *Record) error {
			if r.Partition != 0 || r.Offset != 2 {
				return nil
			}
			if tries++; tries < 3 {
				return Refused(errors.New("not now"))
			}
			if got := other.got(); strings.Contains(got, "0/3") || !strings.Contains(got, "1/9") {
				t.Errorf("while 0/2 is tried, the other output has %s", got)
			}
			return nil
		})
		source, a, b := source(), output(first), output(other)
		a.Policy, b.Policy = quickly(ThenHalt, nil), quickly(ThenHalt, nil)
		g := &Graph{Workers: 2, Sources: []Source{pushing(false, func(in Intake) {
			// One record first, so that the other output has not got the rest when it fails.
			c0, c1 := claimOf(in, 0), claimOf(in, 1)
			in.Push(c0, records(0, 0, 3))
			synctest.Wait()
			in.Push(c0, records(0, 3, 10))
			in.Push(c1, records(1, 0, 10))
		})}}
		g.Nodes = []*Node{source, a, b}
		g.Connect(source, a, 0)
		g.Connect(source, b, 0)
		result := runToEnd(t, g)
		expect(t, "watermark", watermarks(result)[0], 10)
		expect(t, "tries", tries, 3)
	})
}

// Elements of one batch have places of their own, before and behind a window.
func TestElementThatFailsHoldsOnlyThoseBehind(t *testing.T) {
	bad := func(r *Record) bool { return r.Offset == 3 }
	graphs := map[string]func() []*Node{
		"batches of the source": func() []*Node { return []*Node{flattening(), failing(bad)} },
		"batches of a window": func() []*Node {
			return []*Node{flattening(), windowing(&window{size: 6}), flattening(), failing(bad)}
		},
	}
	for name, nodesOf := range graphs {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				back := newAwayLetters()
				nodes := nodesOf()
				out := &funcOutput{}
				for _, n := range nodes {
					n.Policy = quickly(ThenDeadLetter, back.node)
				}
				batches := pushing(false, func(in Intake) {
					in.Push(claimOf(in, 0), []*Record{NewBatch(records(0, 0, 6)), NewBatch(records(0, 6, 12))})
				})
				g := &Graph{Workers: 1, Sources: []Source{batches}}
				line(g, append(append([]*Node{source()}, nodes...), healing(), output(out))...)
				g.Nodes = append(g.Nodes, back.node)
				_, wait := start(t, t.Context(), g, Options{})
				synctest.Wait()
				expect(t, "while the dead letters are away", out.got(), "0/0 0/1 0/2")
				close(back.here)
				result := wait()
				expect(t, "in the end", out.got(), "0/0 0/1 0/2 0/4 0/5 0/6 0/7 0/8 0/9 0/10 0/11")
				expect(t, "watermark", watermarks(result)[0], 12)
				expect(t, "letters", back.output.got(), "0/3")
			})
		})
	}
}

// awayLetters is an output for dead letters that answers nothing until here is
// closed.
type awayLetters struct {
	node   *Node
	output *funcOutput
	here   chan struct{}
}

func newAwayLetters() *awayLetters {
	a := &awayLetters{output: &funcOutput{}, here: make(chan struct{})}
	a.output.write = each(func(*Record) error {
		select {
		case <-a.here:
			return nil
		default:
			return errors.New("away")
		}
	})
	a.node = &Node{Name: "dead", Role: RoleOutput, Output: a.output, Policy: quickly(ThenHalt, nil)}
	return a
}

// A unit with more records than one slice keeps its order around failures at
// the borders of slices, and other units go on meanwhile.
func TestOrderAcrossSlices(t *testing.T) {
	const n = 3*sliceLimit + 100
	for _, bad := range []int64{0, 2000, sliceLimit - 1, sliceLimit, 2*sliceLimit + 1} {
		for _, fault := range []Fault{FaultDestination, FaultRecord} {
			t.Run(fmt.Sprint(bad, " ", fault), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					out := &funcOutput{}
					tries := map[int64]int{}
					out.write = each(func(r *Record) error {
						tries[r.Offset]++
						if r.Partition == 0 && r.Offset == bad && tries[bad] < 3 {
							return &FaultError{Fault: fault, Err: errors.New("not now")}
						}
						return nil
					})
					g := &Graph{Workers: 2, Limits: Limits{Records: 10 * n}, Sources: []Source{pushing(false, func(in Intake) {
						c0, c1 := claimOf(in, 0), claimOf(in, 1)
						in.Push(c0, records(0, 0, n))
						in.Push(c1, records(1, 0, 10))
					})}}
					line(g, source(), healing(), output(out))
					result := runToEnd(t, g)
					expect(t, "watermark", watermarks(result)[0], n)
					next := int64(0)
					for _, r := range out.written {
						if r.Partition != 0 {
							continue
						}
						if r.Offset != next {
							t.Fatalf("%d came instead of %d", r.Offset, next)
						}
						next++
					}
				})
			})
		}
	}
}

// A unit whose destination is away does not keep others waiting: neither while
// it is tried again nor for the rest of its pause.
func TestOthersDoNotWaitForTheAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &funcOutput{}
		here := make(chan struct{})
		out.write = each(func(r *Record) error {
			select {
			case <-here:
			default:
				if r.Partition == 0 {
					return errors.New("leader away")
				}
			}
			return nil
		})
		node := output(out)
		node.Policy = Policy{Attempts: 1, Backoff: time.Second, MaxBackoff: 30 * time.Second}
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			c0, c1 := claimOf(in, 0), claimOf(in, 1)
			in.Push(c0, records(0, 0, 5))
			for at := range int64(5) {
				time.Sleep(time.Minute) //nolint:forbidigo // virtual time
				began := time.Now()
				in.Push(c1, records(1, at, at+1))
				synctest.Wait()
				for watermark := c1.Watermark(); watermark <= at; watermark = c1.Watermark() {
					time.Sleep(10 * time.Millisecond) //nolint:forbidigo // virtual time
				}
				if waited := time.Since(began); waited > awayLimit {
					t.Errorf("record %d waited %s", at, waited)
				}
			}
			close(here)
		})}}
		line(g, source(), healing(), node)
		result := runToEnd(t, g)
		expect(t, "watermark", watermarks(result)[0], 5)
		expect(t, "failures", result.Nodes[2].Failed, 0)
	})
}

// Errors about the destination are no attempts of the record.
func TestOnlyRefusalsAreAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &funcOutput{}
		tries := 0
		out.write = each(func(*Record) error {
			switch tries++; {
			case tries <= 10:
				return errors.New("away")
			case tries <= 12:
				return Refused(errors.New("too large"))
			}
			return nil
		})
		node := output(out)
		node.Policy = quickly(ThenSkip, nil)
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 1)) })}}
		line(g, source(), healing(), node)
		result := runToEnd(t, g)
		expect(t, "written", out.got(), "0/0")
		expect(t, "skipped", result.Nodes[2].Skipped, 0)
		expect(t, "retried", result.Nodes[2].Retried, 12)
	})
}

// What a halting record's unit still brings does not reach a window, where it
// would be mixed with others and pass the record.
func TestHaltKeepsWhatIsBehindOutOfWindows(t *testing.T) {
	bad := func(r *Record) bool { return r.Offset == 5 }
	for name, nodes := range map[string][]*Node{
		"before the window": {failing(bad), windowing(&window{size: 4})},
		"in the window":     {windowing(&window{size: 4, bad: bad})},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &funcOutput{}
				g := &Graph{Workers: 1, Sources: []Source{pushing(true, func(in Intake) {
					in.Push(claimOf(in, 0), records(0, 0, 20))
				})}}
				line(g, append(append([]*Node{source()}, nodes...), healing(), output(out))...)
				result := runToEnd(t, g)
				var f *Failure
				if !errors.As(result.Halted, &f) || f.Offset != 5 {
					t.Fatalf("halted: %v", result.Halted)
				}
				expect(t, "written", out.got(), "0/0 0/1 0/2 0/3")
				expect(t, "watermark", watermarks(result)[0], 4)
			})
		})
	}
}
