package observe

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"waterhealer/engine"
)

func TestHealth(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	group := func(change func(g *engine.GroupStatus)) []engine.GroupStatus {
		g := engine.GroupStatus{
			Name: "g", Sources: []string{"in"}, Brokers: []string{"b:9092"}, Joined: true, Ever: true, Since: ago(time.Hour), CommitsEvery: time.Second,
		}
		change(&g)
		return []engine.GroupStatus{g}
	}
	out := &engine.Node{Name: "out"}
	for name, c := range map[string]struct {
		facts facts
		// what is wrong, as code@node since; "" is ready.
		want string
		dead bool     // it will not recover
		says []string // the first problem
	}{
		"running":               {facts: facts{phase: engine.PhaseRunning}},
		"running, in its group": {facts: facts{phase: engine.PhaseRunning, groups: group(func(*engine.GroupStatus) {})}},
		"starting":              {facts: facts{started: ago(time.Minute)}, want: "starting@ 1m0s"},
		"stopping":              {facts: facts{phase: engine.PhaseStopping}, want: "stopping@ 0s"},
		"ended":                 {facts: facts{phase: engine.PhaseEnded}, want: "stopping@ 0s"},
		"halted": {
			facts: facts{phase: engine.PhaseStopping, reason: fmt.Errorf("x: %w", &engine.Failure{Node: "map", Topic: "t", Err: errRefusedHere})},
			want:  "halted@map 0s", says: []string{"t/0/0", "on_error"},
		},
		"halted by a node":  {facts: facts{phase: engine.PhaseStopping, reason: &engine.NodeError{Node: "zip", Err: errRefusedHere}}, want: "halted@zip 0s"},
		"halted by nothing": {facts: facts{phase: engine.PhaseEnded, reason: errRefusedHere}, want: "halted@ 0s"},
		"joining": {
			facts: facts{phase: engine.PhaseRunning, groups: group(func(g *engine.GroupStatus) { g.Joined, g.Ever, g.Since = false, false, ago(time.Second) })},
			want:  "starting@in 1s", says: []string{"group g"},
		},
		"in a rebalance": {facts: facts{phase: engine.PhaseRunning, groups: group(func(g *engine.GroupStatus) { g.Joined, g.Since = false, ago(joinTime) })}},
		"out of its group": {
			facts: facts{phase: engine.PhaseRunning, groups: group(func(g *engine.GroupStatus) { g.Joined, g.Since = false, ago(joinTime+time.Second) })},
			want:  "not_joined@in 16s",
		},
		"leaving its group": {
			facts: facts{phase: engine.PhaseStopping, groups: group(func(g *engine.GroupStatus) { g.Joined, g.Since = false, ago(time.Hour) })},
			want:  "stopping@ 0s",
		},
		"brokers away": {
			facts: facts{phase: engine.PhaseRunning, groups: group(func(g *engine.GroupStatus) { g.Away, g.AwayError = ago(time.Minute), errRefusedHere })},
			want:  "brokers_away@in 1m0s", says: []string{"b:9092", "11:59:00", "refused"},
		},
		"brokers away at the start": {
			facts: facts{started: ago(time.Minute), groups: group(func(g *engine.GroupStatus) { g.Joined, g.Ever, g.Away = false, false, ago(time.Minute) })},
			want:  "starting@ 1m0s, brokers_away@in 1m0s",
		},
		"a commit under way": {facts: facts{phase: engine.PhaseRunning, groups: group(func(g *engine.GroupStatus) { g.Uncommitted = ago(12 * time.Second) })}},
		"commits without an answer": {
			facts: facts{phase: engine.PhaseRunning, groups: group(func(g *engine.GroupStatus) { g.Uncommitted = ago(13 * time.Second) })},
			want:  "commits@in 13s", says: []string{"no answer"},
		},
		"commits that are refused": {
			facts: facts{phase: engine.PhaseRunning, groups: group(func(g *engine.GroupStatus) {
				g.Uncommitted, g.CommitError = ago(time.Minute), errors.New("not authorised")
			})},
			want: "commits@in 1m0s", says: []string{"not authorised"},
		},
		"an output tries one record": {facts: facts{phase: engine.PhaseRunning, trying: []engine.Trying{{Node: out, Since: ago(time.Hour), Err: errRefusedHere}}}},
		"an output has begun to try": {facts: facts{phase: engine.PhaseRunning, trying: []engine.Trying{{Node: out, Away: ago(time.Second), Err: errRefusedHere}}}},
		"an output writes nothing": {
			facts: facts{phase: engine.PhaseRunning, trying: []engine.Trying{{Node: out, Away: ago(10 * time.Second), Err: errRefusedHere}}},
			want:  "writes@out 10s", says: []string{"refused"},
		},
		"an output whose brokers are away, once": {
			facts: facts{
				phase: engine.PhaseRunning, trying: []engine.Trying{{Node: out, Away: ago(10 * time.Second), Err: errRefusedHere}},
				remotes: []remote{{node: "other"}, {node: "out", since: ago(12 * time.Second), err: errRefusedHere}},
			},
			want: "brokers_away@out 12s",
		},
		"stuck": {
			facts: facts{phase: engine.PhaseRunning, stuck: []engine.Stuck{{Node: "out", Doing: "writing", Topic: "t", Offset: 7, Since: ago(time.Hour)}}},
			want:  "stalled@out 1h0m0s", says: []string{"t/0/7", "writing", "11:00:00"},
		},
		"hung": {
			facts: facts{phase: engine.PhaseRunning, stuck: []engine.Stuck{{Node: "map", Doing: "processing", Since: ago(time.Hour)}}},
			want:  "stalled@map 1h0m0s", dead: true,
		},
		"slow": {
			facts: facts{phase: engine.PhaseRunning, stuck: []engine.Stuck{{Node: "map", Doing: "processing", Since: ago(time.Minute)}}},
			want:  "stalled@map 1m0s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.facts.now = now
			h := judge(c.facts)
			var got []string
			for _, p := range h.Problems {
				got = append(got, fmt.Sprintf("%s@%s %s", p.Code, p.Node, now.Sub(p.Since)))
				if p.Text == "" || strings.Contains(p.Text, "%!") {
					t.Errorf("%s says %q", p.Code, p.Text)
				}
			}
			if strings.Join(got, ", ") != c.want || h.Ready != (c.want == "") || h.Live == c.dead || h.Problems == nil {
				t.Errorf("it is %+v, want %s", h, c.want)
			}
			for _, says := range c.says {
				if len(h.Problems) == 0 || !strings.Contains(h.Problems[0].Text, says) {
					t.Errorf("%+v does not say %s", h.Problems, says)
				}
			}
		})
	}
}

var errRefusedHere = errors.New("refused")

// docs/health.md says what each code means.
func TestHealthIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/health.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{
		ProblemStarting, ProblemStopping, ProblemHalted, ProblemStalled, ProblemBrokersAway, ProblemWrites, ProblemNotJoined, ProblemCommits,
	} {
		if !strings.Contains(string(text), "| `"+code+"` |") {
			t.Errorf("%s is not documented", code)
		}
	}
}
