package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// stepped is a run whose clock and input the test moves.
type stepped struct {
	rt    *Runtime
	clock *VirtualClock
	claim *Claim
	in    Intake
	end   func() // the source returns
	wait  func() Result
	log   []string // what passed a tap, and when
}

// step starts a graph on a virtual clock and taps all its operators and outputs.
func step(t *testing.T, g *Graph, o Options) *stepped {
	t.Helper()
	s := &stepped{clock: NewVirtualClock(time.Unix(0, 0))}
	opened, ended := make(chan struct{}), make(chan struct{})
	s.end = func() { close(ended) }
	g.Sources = []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
		s.in, s.claim = in, claimOf(in, 0)
		close(opened)
		select {
		case <-ended:
		case <-ctx.Done():
		}
		return nil
	}}}
	for _, n := range g.Nodes[1:] {
		n.Tap = func(r *Record, _ int) {
			s.log = append(s.log, fmt.Sprintf("%s %s %v", s.clock.Now().Sub(time.Unix(0, 0)), n.Name, r.List()))
		}
	}
	o.Clock, o.InTurn = s.clock, true
	s.rt, s.wait = start(t, t.Context(), g, o)
	<-opened
	return s
}

func (s *stepped) push(from, to int64) { s.in.Push(s.claim, records(0, from, to)) }

// all fires timers until there are none.
func (s *stepped) all() {
	for !s.rt.NextTimer().IsZero() {
		s.rt.FireTimer()
	}
}

func (s *stepped) logged(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.log, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(s.log, "\n"), strings.Join(want, "\n"))
	}
}

func named(name string, n *Node) *Node {
	n.Name = name
	return n
}

func outputNode(o Output) *Node {
	return &Node{Name: "out", Role: RoleOutput, Output: o, Policy: quickly(ThenHalt, nil)}
}

// graphOf connects the nodes, the first of which becomes a source, by pairs of
// their places.
func graphOf(nodes []*Node, edges ...[2]int) *Graph {
	g := &Graph{Name: "stepped", Workers: 1, Nodes: append([]*Node{{Name: "in", Role: RoleSource}}, nodes...)}
	for i, e := range edges {
		g.Connect(g.Nodes[e[0]], g.Nodes[e[1]], i)
	}
	return g
}

// TestTimersTakeTurns: the earliest fires first, of equals the first in the
// graph, and what it lets go has come through before the next fires.
func TestTimersTakeTurns(t *testing.T) {
	slow := named("slow", windowing(&window{size: 9, timeout: 2 * time.Second}))
	first := named("first", windowing(&window{size: 9, timeout: time.Second}))
	second := named("second", windowing(&window{size: 9, timeout: time.Second}))
	out := outputNode(&funcOutput{})
	s := step(t, graphOf([]*Node{slow, first, second, out}, [2]int{0, 1}, [2]int{0, 2}, [2]int{2, 3}, [2]int{0, 3}, [2]int{1, 4}, [2]int{3, 4}), Options{})
	expect(t, "no timer yet", s.rt.NextTimer(), time.Time{})
	s.push(0, 2)
	expect(t, "the first timer", s.rt.NextTimer(), time.Unix(1, 0))
	s.logged(t)
	s.all()
	s.logged(t,
		"1s first [0 1]",
		"1s second [0 1 [0 1]]", "1s out [0 1 [0 1]]", // what came at the last instant is in it
		"2s slow [0 1]", "2s out [0 1]",
	)
	expect(t, "watermark", s.claim.Watermark(), 2)
	s.rt.Abandon()
	s.wait()
}

// TestRetriesOnAVirtualClock: the pauses between tries are the clock's.
func TestRetriesOnAVirtualClock(t *testing.T) {
	tries := 0
	o := &funcOutput{write: each(func(*Record) error {
		if tries++; tries < 4 {
			return errors.New("away")
		}
		return nil
	})}
	out := outputNode(o)
	out.Policy = Policy{Attempts: 1, Backoff: time.Hour, MaxBackoff: 2 * time.Hour}
	s := step(t, graphOf([]*Node{out}, [2]int{0, 1}), Options{Seed: 1})
	s.push(0, 1)
	s.push(1, 2)
	expect(t, "written at once", o.got(), "")
	s.all()
	expect(t, "written", o.got(), "0/0 0/1")
	expect(t, "tries", tries, 5)
	if took := s.clock.Now().Sub(time.Unix(0, 0)); took < 2*time.Hour+30*time.Minute || took > 5*time.Hour {
		t.Errorf("the pauses took %s", took)
	}
	s.rt.EndInput()
	s.end()
	expect(t, "a timer at the end", s.rt.NextTimer(), time.Time{})
	expect(t, "watermark", watermarks(s.wait())[0], 2)
}

// TestEndOfSteppedInput: the flush counts as something that was pushed.
func TestEndOfSteppedInput(t *testing.T) {
	w := &window{size: 9, timeout: time.Minute}
	s := step(t, graphOf([]*Node{windowing(w), outputNode(&funcOutput{})}, [2]int{0, 1}, [2]int{1, 2}), Options{})
	s.push(0, 3)
	s.rt.EndInput()
	s.end()
	expect(t, "a timer at the end", s.rt.NextTimer(), time.Time{})
	s.logged(t, "0s window [0 1 2]", "0s out [0 1 2]")
	expect(t, "watermark", watermarks(s.wait())[0], 3)
}

// TestAbandon: nothing is flushed, not even behind a destination that is away.
func TestAbandon(t *testing.T) {
	w := &window{size: 2}
	o := &funcOutput{write: each(func(*Record) error { return errors.New("away") })}
	s := step(t, graphOf([]*Node{windowing(w), outputNode(o)}, [2]int{0, 1}, [2]int{1, 2}), Options{})
	s.push(0, 3)
	s.rt.FireTimer()
	s.rt.Abandon()
	result := s.wait()
	expect(t, "flushes", len(w.flushed), 0)
	expect(t, "watermark", watermarks(result)[0], 0)
	if result.Halted != nil {
		t.Errorf("halted: %v", result.Halted)
	}
	s.clock.Advance(time.Unix(-1, 0))
	if s.clock.Now().Before(time.Unix(0, 0)) {
		t.Error("the clock went back")
	}
}
