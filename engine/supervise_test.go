package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// supervised is a source that says how much it has not read.
type supervised struct {
	*funcSource
	unread func() int64
}

func (s supervised) Unread() int64 { return s.unread() }

// committing pushes n records a minute for some minutes, and commits what is finished at
// the end of each where it is told to.
func committing(minutes int, n int64, commits bool, unread int64) Source {
	run := func(ctx context.Context, in Intake) error {
		c := claimOf(in, 0)
		tick := time.NewTicker(time.Minute)
		defer tick.Stop()
		for at := int64(0); ; at++ {
			if at < int64(minutes) {
				in.Push(c, records(0, at*n, (at+1)*n))
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
			if commits {
				c.Committed(c.Watermark())
			}
		}
	}
	return supervised{&funcSource{run: run}, func() int64 { return unread }}
}

// Each rule ends a run, and says which it was; what was in flight is finished.
func TestSupervise(t *testing.T) {
	poison := func(r *Record) bool { return r.Offset == 25 }
	for _, c := range []struct {
		name   string
		rules  Supervise
		source Source
		chain  []*Node
		rule   Rule
		after  time.Duration
		marks  int64
	}{
		{name: "on_error", rules: Supervise{OnError: true}, source: committing(30, 10, true, 0),
			chain: []*Node{skipping(poison)}, rule: RuleOnError, after: 2 * time.Minute, marks: 30},
		{name: "max_uptime", rules: Supervise{MaxUptime: 10*time.Minute + time.Second}, source: committing(30, 10, true, 0),
			rule: RuleMaxUptime, after: 10*time.Minute + time.Second, marks: 110},
		{name: "max_commits", rules: Supervise{MaxCommits: 5}, source: committing(30, 10, true, 0),
			rule: RuleMaxCommits, after: 5 * time.Minute, marks: 50},
		{name: "no_commit: nobody commits what is finished", rules: Supervise{NoCommit: 7 * time.Minute}, source: committing(30, 10, false, 0),
			rule: RuleNoCommit, after: 7 * time.Minute, marks: 80},
		{name: "no_commit: records are not read", rules: Supervise{NoCommit: 7 * time.Minute}, source: committing(1, 10, false, 5),
			rule: RuleNoCommit, after: 7 * time.Minute, marks: 10},
		{name: "no_commit: work takes longer", rules: Supervise{NoCommit: 7 * time.Minute}, source: committing(1, 1, false, 0),
			chain: []*Node{working(func(*Record) time.Duration { return 20 * time.Minute })}, rule: RuleNoCommit, after: 20 * time.Minute, marks: 1},
		{name: "no_poll", rules: Supervise{NoPoll: 7 * time.Minute}, source: committing(3, 10, true, 5),
			rule: RuleNoPoll, after: 9 * time.Minute, marks: 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var book logBook
				g := &Graph{Workers: 1, Sources: []Source{c.source}, Supervise: c.rules, ShutdownTimeout: time.Hour}
				line(g, append(append([]*Node{source()}, c.chain...), healing(), output(&funcOutput{}))...)
				began := time.Now()
				_, wait := start(t, t.Context(), g, Options{Logger: book.logger()})
				result := wait()
				if result.Stopped == nil || result.Halted != nil || result.Forced {
					t.Fatalf("stopped %v, halted %v, forced %v", result.Stopped, result.Halted, result.Forced)
				}
				expect(t, "rule", result.Stopped.Rule, c.rule)
				if took := time.Since(began); took < c.after || took > c.after+time.Minute {
					t.Errorf("took %s, want %s", took, c.after)
				}
				if got := watermarks(result)[0]; got < c.marks || got > c.marks+10 { // more may come in the moment of the end
					t.Errorf("finished %d, want %d", got, c.marks)
				}
				expect(t, "lines", book.lines("WARN", "ended by a rule of supervise", "rule="+string(c.rule)), 1)
			})
		})
	}
}

// skipping skips what fails.
func skipping(bad func(r *Record) bool) *Node {
	n := failing(bad)
	n.Policy = quickly(ThenSkip, nil)
	return n
}

// An idle topic is no reason to stop, nor is a window that waits on it, nor work
// that goes on.
func TestSuperviseLeavesAloneWhatIsWell(t *testing.T) {
	rules := Supervise{OnError: true, NoCommit: 3 * time.Minute, NoPoll: 3 * time.Minute, MaxUptime: 50 * time.Minute, MaxCommits: 1000}
	for _, c := range []struct {
		name   string
		source Source
		chain  []*Node
	}{
		{name: "nothing to do", source: committing(0, 0, false, 0)},
		{name: "all is done", source: committing(2, 10, true, 0)},
		{name: "a window waits for more", source: committing(2, 10, true, 0), chain: []*Node{windowing(&window{size: 50})}},
		{name: "a window waits for its timer", source: committing(2, 10, true, 0), chain: []*Node{windowing(&window{size: 50, timeout: 30 * time.Minute})}},
		{name: "behind the ends, but at work", source: committing(60, 10, true, 1000)},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &Graph{Workers: 1, Sources: []Source{c.source}, Supervise: rules}
				line(g, append(append([]*Node{source()}, c.chain...), healing(), output(&funcOutput{}))...)
				ctx, signal := context.WithCancel(t.Context())
				_, wait := start(t, ctx, g, Options{})
				time.AfterFunc(40*time.Minute, signal)
				result := wait()
				if result.Stopped != nil || result.Halted != nil {
					t.Errorf("stopped: %v, halted: %v", result.Stopped, result.Halted)
				}
			})
		})
	}
}

// A halt while the rule drains stays a halt, and a rehearsal is not supervised.
func TestSuperviseAndOtherEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := failing(func(r *Record) bool { return r.Offset == 5 })
		g := &Graph{Workers: 1, Sources: []Source{committing(1, 10, true, 0)}, Supervise: Supervise{OnError: true}}
		line(g, source(), bad, healing(), output(&funcOutput{}))
		_, wait := start(t, t.Context(), g, Options{})
		var f *Failure
		if result := wait(); !errors.As(result.Halted, &f) {
			t.Errorf("halted: %v", result.Halted)
		}
		g = &Graph{Workers: 1, Supervise: Supervise{OnError: true, MaxCommits: 1}}
		g.Sources = []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 10)) })}
		line(g, source(), skipping(func(r *Record) bool { return r.Offset == 5 }), healing(), output(&funcOutput{}))
		_, wait = start(t, t.Context(), g, Options{ListFailures: true})
		if result := wait(); result.Stopped != nil {
			t.Errorf("stopped: %v", result.Stopped)
		}
	})
}
