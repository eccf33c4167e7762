package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// play runs a plan in virtual time and says what was wrong.
func play(t *testing.T, p plan) (problems []string) {
	synctest.Test(t, func(t *testing.T) {
		w := build(p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		rt, err := New(w.graph, Options{OnFailure: w.l.onFailure, Seed: p.Seed, InTurn: p.InTurn})
		if err != nil {
			t.Fatal(err)
		}
		w.rt = rt
		running, signal := context.WithCancel(ctx)
		defer signal()
		if p.Signal > 0 {
			defer time.AfterFunc(p.Signal, signal).Stop()
		}
		var looks []string
		looked := func() {}
		if p.Watched {
			looked = w.lookOn(&looks)
		}
		result, err := rt.Run(running)
		if err != nil {
			t.Fatal(err)
		}
		looked()
		w.l.problems = append(w.l.problems, looks...)
		w.l.check()
		problems = append(w.l.problems, w.after(ctx, result)...)
	})
	return problems
}

// after checks how things stand when the run has ended.
func (w *world) after(ctx context.Context, result Result) (problems []string) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if ctx.Err() != nil || result.Forced && w.plan.Signal == 0 {
		problem("the run did not end by itself: claims %v, nodes %+v", result.Claims, result.Nodes)
	}
	halted := false
	for _, thens := range w.l.fails {
		for _, then := range thens {
			halted = halted || then == ThenHalt
		}
	}
	if halted != (result.Halted != nil) {
		problem("halted: %v, a record that halts: %v", result.Halted, halted)
	}
	unfinished := false
	for p, c := range w.source.current {
		watermark := c.Watermark()
		unfinished = unfinished || watermark != int64(w.plan.Records)
		if result.Halted == nil && watermark != int64(w.plan.Records) && w.plan.Signal == 0 {
			problem("partition %d ends at %d: unfinished %v", p, watermark, c.tracker.Unfinished(5))
		}
	}
	if unfinished {
		return problems
	}
	if used := w.rt.budget.used.Load(); used != 0 {
		problem("%d bytes of the budget are still taken", used)
	}
	if len(w.rt.failed) > 0 {
		problem("%d failures are still known", len(w.rt.failed))
	}
	for _, c := range w.l.claims {
		if g := c.claim.gate; g != nil && len(g.blocked) > 0 {
			problem("the gate of epoch %d is still blocked: %v", c.claim.Epoch, g.blocked)
		}
	}
	for _, s := range w.rt.stages {
		if g := s.x.stream.gate; g != nil && len(g.blocked) > 0 {
			problem("the gate of %s is still blocked: %v", s.node.Name, g.blocked)
		}
	}
	for _, n := range result.Nodes {
		if n.Held != 0 {
			problem("%s still holds %d", n.Name, n.Held)
		}
	}
	return problems
}

// checkPlans plays random plans.
func checkPlans(t *testing.T, draw func(*rapid.T) plan) {
	rapid.Check(t, func(rt *rapid.T) {
		p := draw(rt)
		if problems := play(t, p); len(problems) > 0 {
			rt.Fatalf("%s\n%+v", strings.Join(problems, "\n"), p)
		}
	})
}

func TestEverythingIsFinishedInAnyGraph(t *testing.T) {
	checkPlans(t, func(rt *rapid.T) plan { return drawPlan(rt, false) })
}

func TestHaltsKeepTheirOffset(t *testing.T) {
	checkPlans(t, func(rt *rapid.T) plan { return drawPlan(rt, true) })
}

func TestRevokesChangeNothingForOthers(t *testing.T) {
	checkPlans(t, func(rt *rapid.T) plan {
		p := drawPlan(rt, false)
		p.Revokes = rapid.IntRange(1, 6).Draw(rt, "revokes")
		return p
	})
}

// Wherever a signal comes, what counts as finished is; what was given up is not.
func TestSignalsFinishNothingThatIsOpen(t *testing.T) {
	checkPlans(t, func(rt *rapid.T) plan {
		p := drawPlan(rt, false)
		p.InTurn = false
		p.Signal = time.Duration(rapid.IntRange(1, 40).Draw(rt, "signal")) * time.Millisecond
		return p
	})
}
