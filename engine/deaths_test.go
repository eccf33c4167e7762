package engine

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
)

// The rule is broken when any Window records in a row hold more than Max that
// died, in whatever order the deaths become known.
func TestStopRule(t *testing.T) {
	every := func(n, count int64) (numbers []int64) {
		for i := range count {
			numbers = append(numbers, i*n+1)
		}
		return numbers
	}
	for name, c := range map[string]struct {
		rule   StopRule
		deaths []int64
		broken int // the place of the death that breaks it; -1 is none
	}{
		"none may die":         {StopRule{0, 10}, []int64{5}, 0},
		"one of ten":           {StopRule{1, 10}, every(10, 10_000), -1},
		"one of nine":          {StopRule{1, 10}, every(9, 10), 1},
		"two of ten, too many": {StopRule{1, 10}, []int64{1, 20, 29, 40}, 2},
		"late, from before":    {StopRule{2, 10}, []int64{1, 30, 31, 60, 32}, 4},
		"late, between":        {StopRule{2, 10}, []int64{1, 10, 6, 16}, 2},
		"late, and far enough": {StopRule{2, 10}, []int64{1, 12, 6, 18}, -1},
		"more than the window": {StopRule{10, 10}, every(1, 1000), -1},
	} {
		t.Run(name, func(t *testing.T) {
			d := &deaths{rule: c.rule}
			broken := -1
			for i, number := range c.deaths {
				if !d.add(number) {
					broken = i
					break
				}
			}
			expect(t, "broken by death", broken, c.broken)
			if broken >= 0 && d.add(1<<40) {
				t.Error("a rule that is broken holds again")
			}
		})
	}
}

// What is kept of deaths is bounded, and forgetting changes no answer.
func TestStopRuleForgets(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	d := &deaths{rule: StopRule{Max: 50, Window: 100}}
	number := int64(0)
	for range 100_000 {
		number += 3 + random.Int64N(3)
		if !d.add(number) {
			t.Fatalf("broken at %d", number)
		}
	}
	if len(d.numbers) > 2*(2*50+deathsKept)+1 {
		t.Errorf("%d numbers are kept", len(d.numbers))
	}
}

// The record with which too many died halts the pipeline unwritten; what is
// finished is so, and the next run begins at the record.
func TestStopRuleHaltsAtTheRecord(t *testing.T) {
	for name, workers := range map[string]int{"one lane": 1, "three lanes": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from, written := int64(0), ""
				for run, want := range []int64{20, 40, 60} {
					letters, out := newAwayLetters(), &funcOutput{}
					close(letters.here)
					letters.node.StopRule = StopRule{Max: 2, Window: 30}
					// Every 10th dies until 50, then none: records 0, 10, 20, …
					node := failing(func(r *Record) bool { return r.Offset%10 == 0 && r.Offset < 60 })
					node.Policy = quickly(ThenDeadLetter, letters.node)
					g := &Graph{Workers: workers, Sources: []Source{pushing(false, func(in Intake) {
						c := in.Claim(ClaimOptions{Source: "in", Topic: "t", Start: from})
						in.Push(c, records(0, from, 60))
					})}}
					line(g, source(), node, healing(), output(out))
					g.Nodes = append(g.Nodes, letters.node)
					result := runToEnd(t, g)
					var f *Failure
					switch halts := want < 60; {
					case halts && (!errors.As(result.Halted, &f) || f.Offset != want || f.Then != ThenHalt):
						t.Errorf("run %d halted with %v", run, result.Halted)
					case halts && (!strings.Contains(result.Halted.Error(), "more than 2 of the last 30 records") ||
						!strings.Contains(result.Halted.Error(), "poison")):
						t.Errorf("run %d does not say why: %v", run, result.Halted)
					case !halts && result.Halted != nil:
						t.Error(result.Halted)
					}
					from = watermarks(result)[0]
					expect(t, "watermark", from, want)
					written = strings.TrimSpace(written + " " + letters.output.got())
				}
				expect(t, "letters of all runs", written, "0/0 0/10 0/20 0/30 0/40 0/50")
			})
		})
	}
}
