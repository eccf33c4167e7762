package observe

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"waterhealer/engine"
)

const (
	// joinTime is how long a member may be out of its group after it was in it: a
	// rebalance, the change of a coordinator.
	joinTime = 15 * time.Second
	// commitTime is how long a commit may be without an answer, beside the
	// interval between commits.
	commitTime = 10 * time.Second
	// awayTime is how long an output's destination may take nothing.
	awayTime = 5 * time.Second
	// hungTime is how long a call of an operator may last before nobody believes
	// that it returns.
	hungTime = 5 * time.Minute
)

// facts are what health is judged by.
type facts struct {
	now, started time.Time
	phase        engine.Phase
	reason       error
	groups       []engine.GroupStatus
	trying       []engine.Trying
	remotes      []remote
	stuck        []engine.Stuck
}

// remote is an output that knows whether its destination is there.
type remote struct {
	node  string
	since time.Time // zero while something answers
	err   error
}

// remotesOf asks the outputs of a graph that know it.
func remotesOf(g *engine.Graph) []remote {
	var list []remote
	for _, n := range g.Nodes {
		if r, ok := n.Output.(engine.Remote); ok {
			since, err := r.Away()
			list = append(list, remote{node: n.Name, since: since, err: err})
		}
	}
	return list
}

// judge says whether the pipeline does its work. It goes by since when something
// is as it is, and by nothing that it saw before, so that everyone who asks gets
// the same answer.
func judge(f facts) Health {
	h := Health{Live: true, Problems: []Problem{}}
	add := func(code, node string, since time.Time, text string, args ...any) {
		if since.IsZero() {
			since = f.now
		}
		h.Problems = append(h.Problems, Problem{Code: code, Text: fmt.Sprintf(text, args...), Node: node, Since: since.UTC()})
	}
	switch {
	case f.phase == engine.PhaseEnded && f.reason == nil:
		add(ProblemStopping, "", time.Time{}, "the pipeline has ended")
	case f.reason != nil:
		add(ProblemHalted, nodeOf(f.reason), time.Time{}, "halted: %s. Mend the record, or say in on_error what becomes of such records; then start again", f.reason)
	case f.phase == engine.PhaseStopping:
		add(ProblemStopping, "", time.Time{}, "the pipeline finishes what is in flight and stops")
	case f.phase == engine.PhaseStarting:
		add(ProblemStarting, "", f.started, "outputs and sources are being opened")
	}
	for i := range f.groups {
		f.judgeGroup(&f.groups[i], add)
	}
	f.judgeOutputs(add)
	for i := range f.stuck {
		s := &f.stuck[i]
		add(ProblemStalled, s.Node, s.Since, "no progress since %s: %s", s.Since.UTC().Format(time.TimeOnly), s)
		if s.Hung() && f.now.Sub(s.Since) > hungTime {
			h.Live = false
		}
	}
	h.Ready = len(h.Problems) == 0
	return h
}

// adder notes a problem.
type adder func(code, node string, since time.Time, text string, args ...any)

func (f *facts) judgeGroup(g *engine.GroupStatus, add adder) {
	node := ""
	if len(g.Sources) > 0 {
		node = g.Sources[0]
	}
	if !g.Away.IsZero() {
		why := ""
		if g.AwayError != nil {
			why = ": " + g.AwayError.Error()
		}
		add(ProblemBrokersAway, node, g.Away, "no broker of %s has answered since %s%s. Records are kept and go on when one does; see whether the brokers run and can be reached from here",
			strings.Join(g.Brokers, ", "), g.Away.UTC().Format(time.TimeOnly), why)
	}
	if f.phase != engine.PhaseRunning {
		return // what follows is so for a while at the start and at the end
	}
	switch {
	case g.Joined:
	case !g.Ever:
		add(ProblemStarting, node, g.Since, "joining the consumer group %s", g.Name)
	case f.now.Sub(g.Since) > joinTime:
		add(ProblemNotJoined, node, g.Since, "no member of the consumer group %s since %s: another member may hold up its rebalance, or its coordinator is away", g.Name, g.Since.UTC().Format(time.TimeOnly))
	}
	if !g.Uncommitted.IsZero() && f.now.Sub(g.Uncommitted) > commitTime+2*g.CommitsEvery {
		why := "the coordinator gives no answer"
		if g.CommitError != nil {
			why = g.CommitError.Error()
		}
		add(ProblemCommits, node, g.Uncommitted, "nothing could be committed since %s: %s. Records are processed, and would be again after a restart",
			g.Uncommitted.UTC().Format(time.TimeOnly), why)
	}
}

func (f *facts) judgeOutputs(add adder) {
	away := make(map[string]bool)
	for _, r := range f.remotes {
		if !r.since.IsZero() {
			away[r.node] = true
			add(ProblemBrokersAway, r.node, r.since, "no broker that %s writes to has answered since %s: %v. Its records wait; see whether the brokers run and can be reached from here",
				r.node, r.since.UTC().Format(time.TimeOnly), r.err)
		}
	}
	for _, t := range f.trying {
		if !t.Away.IsZero() && !away[t.Node.Name] && f.now.Sub(t.Away) > awayTime {
			add(ProblemWrites, t.Node.Name, t.Away, "%s can write nothing since %s: %v. Its records wait and are tried again; see whether the destination can be reached and takes them",
				t.Node.Name, t.Away.UTC().Format(time.TimeOnly), t.Err)
		}
	}
}

// nodeOf is the node that an error is of, "" where it is of none.
func nodeOf(err error) string {
	var failure *engine.Failure
	var node *engine.NodeError
	var stuck *engine.StuckError
	switch {
	case errors.As(err, &failure):
		return failure.Node
	case errors.As(err, &node):
		return node.Node
	case errors.As(err, &stuck):
		return stuck.Stuck.Node
	}
	return ""
}
