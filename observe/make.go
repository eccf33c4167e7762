package observe

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"time"

	"waterhealer/engine"
)

// finishedShown is how many runs of finished offsets are shown per partition.
const finishedShown = 200

// groupsOf asks the sources that are members of groups.
func groupsOf(g *engine.Graph) []engine.GroupStatus {
	var groups []engine.GroupStatus
	for _, s := range g.Sources {
		if m, ok := s.(engine.Member); ok {
			groups = append(groups, m.Group())
		}
	}
	return groups
}

// Status looks at everything there is to tell.
func (o *Observer) Status() *Status {
	now := o.clock.Now()
	s := &Status{
		Pipeline: o.options.Graph.Name, Version: o.options.Version, Run: o.run, Started: o.started.UTC(), At: now.UTC(),
		State: StateStarting, Nodes: slices.Clone(o.graph.nodes), Edges: slices.Clone(o.graph.edges),
		Groups: []Group{}, Partitions: []Partition{}, Stuck: []Stuck{}, Failures: o.failures.list(), Process: processOf(o.options.Graph),
	}
	s.Totals.Lag = -1
	rt := o.runtime.Load()
	if rt == nil {
		s.Health = judge(facts{now: now, started: o.started, phase: engine.PhaseStarting})
		return s
	}
	phase, reason := rt.Phase()
	s.State = stateOf(phase)
	if reason != nil {
		s.Reason = reason.Error()
	}
	groups := groupsOf(o.options.Graph)
	for i := range groups {
		s.Groups = append(s.Groups, groupOf(&groups[i]))
	}
	progress := rt.Progress(finishedShown)
	s.Partitions = partitionsOf(now, progress, groups)
	stats := rt.Stats()
	s.Totals = o.graph.totalsOf(stats)
	s.Totals.add(s.Partitions, groups)
	o.fillNodes(s, rt, stats)
	o.samples.rates(s)
	stuck := rt.Stuck()
	for i := range stuck {
		s.Stuck = append(s.Stuck, stuckOf(&stuck[i]))
	}
	s.Health = judge(facts{
		now: now, started: o.started, phase: phase, reason: reason, groups: groups, trying: rt.Trying(),
		remotes: remotesOf(o.options.Graph), stuck: stuck,
	})
	return s
}

// takeSample is the part of a status that rates and history are made of.
func (o *Observer) takeSample(rt *engine.Runtime, groups []engine.GroupStatus) sample {
	now := sample{at: o.clock.Now(), nodes: rt.Stats()}
	now.totals = o.graph.totalsOf(now.nodes)
	now.totals.add(partitionsOf(now.at, rt.Progress(0), groups), groups)
	return now
}

// add completes totals by what partitions and groups know.
func (t *Totals) add(partitions []Partition, groups []engine.GroupStatus) {
	t.Lag = -1
	for i := range partitions {
		t.InFlight += partitions[i].InFlight
		if lag := partitions[i].Lag; lag >= 0 {
			t.Lag = max(t.Lag, 0) + lag
		}
	}
	for i := range groups {
		t.Commits += groups[i].Commits
		if groups[i].Joined && t.Lag < 0 {
			t.Lag = 0
		}
	}
}

// fillNodes fills in the counts of nodes.
func (o *Observer) fillNodes(s *Status, rt *engine.Runtime, stats []engine.NodeStats) {
	queues := rt.Queues()
	for i := range stats {
		n, c := &s.Nodes[i], &stats[i]
		n.In, n.Out, n.Dropped, n.Failed, n.Retried = c.In, c.Out, c.Dropped, c.Failed, c.Retried
		n.Skipped, n.DeadLetters, n.Held, n.Queue = c.Skipped, c.Dead, c.Held, queues[i]
	}
	for _, t := range rt.Trying() {
		for i := range s.Nodes {
			if s.Nodes[i].Name == t.Node.Name && t.Err != nil && s.Nodes[i].Where == t.Node.Where {
				s.Nodes[i].Errors = t.Err.Error()
			}
		}
	}
}

func stateOf(p engine.Phase) string {
	switch p {
	case engine.PhaseRunning:
		return StateRunning
	case engine.PhaseStopping:
		return StateStopping
	case engine.PhaseEnded:
		return StateEnded
	case engine.PhaseStarting:
	}
	return StateStarting
}

func groupOf(g *engine.GroupStatus) Group {
	out := Group{
		Name: g.Name, Sources: orEmpty(g.Sources), Topics: orEmpty(g.Topics), Brokers: orEmpty(g.Brokers),
		Joined: g.Joined, Member: g.ID, Generation: g.Generation, Rebalances: g.Rebalances,
		Commits: g.Commits, CommitErrors: g.CommitErrors, LastCommit: inUTC(g.LastCommit), Away: inUTC(g.Away),
	}
	switch {
	case !g.Away.IsZero() && g.AwayError != nil:
		out.Error = g.AwayError.Error()
	case g.CommitError != nil:
		out.Error = g.CommitError.Error()
	}
	return out
}

// inUTC leaves the zero time zero.
func inUTC(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// partitionPlace tells partitions apart.
type partitionPlace struct {
	source, topic string
	partition     int32
}

// partitionsOf brings what the engine and the brokers know together.
func partitionsOf(now time.Time, progress []engine.Progress, groups []engine.GroupStatus) []Partition {
	known := make(map[partitionPlace]*engine.GroupPartition, len(progress))
	for i := range groups {
		for j := range groups[i].Partitions {
			p := &groups[i].Partitions[j]
			known[partitionPlace{p.Source, p.Topic, p.Partition}] = p
		}
	}
	out := make([]Partition, 0, len(progress))
	for i := range progress {
		p := &progress[i]
		one := Partition{
			Source: p.Source, Topic: p.Topic, Partition: p.Partition,
			Committed: -1, Watermark: p.Watermark, Position: p.Position, End: -1, Lag: -1,
			InFlight: p.InFlight, Full: p.Full, Holes: p.Holes, Finished: make([][2]int64, 0, len(p.Finished)),
		}
		for _, r := range p.Finished {
			one.Finished = append(one.Finished, [2]int64{r.First, r.Last + 1})
		}
		if g := known[partitionPlace{p.Source, p.Topic, p.Partition}]; g != nil {
			one.Committed, one.MetadataBytes = g.Committed, g.MetadataBytes
			if g.End >= 0 {
				one.End = max(g.End, p.Position) // what was taken was there
				one.Lag = one.End - max(g.Committed, 0)
			}
			if g.Committed < 0 && g.End >= 0 {
				one.Lag = one.End - p.Watermark // what lies before is not ours to read
			}
		}
		if p.Head != nil {
			one.Head = headOf(now, p)
			one.OldestSeconds = one.Head.Seconds
		}
		out = append(out, one)
	}
	return out // sorted, as progress is
}

func headOf(now time.Time, p *engine.Progress) *Head {
	h := &Head{
		EmitID: engine.EmitID(p.Topic, p.Partition, p.Head.Offset), Offset: p.Head.Offset,
		Doing: p.Head.Doing, Attempts: p.Head.Attempts, NextTry: inUTC(p.Head.NextTry),
	}
	if !p.Head.Since.IsZero() {
		h.Seconds = max(0, now.Sub(p.Head.Since).Seconds())
	}
	if p.Head.Node != nil {
		h.Node = p.Head.Node.Name
	}
	if p.Head.Err != nil {
		h.Error = beginning(cut(p.Head.Err.Error(), shownError))
	}
	return h
}

func stuckOf(s *engine.Stuck) Stuck {
	out := Stuck{
		Node: s.Node, Where: s.Where, Doing: s.Doing, Topic: s.Topic, Partition: s.Partition, Offset: s.Offset,
		Held: s.Held, Since: s.Since.UTC(),
	}
	if s.Err != nil {
		out.Error = s.Err.Error()
	}
	return out
}

// heapMetric is read instead of runtime.MemStats, which stops the program.
const heapMetric = "/memory/classes/heap/objects:bytes"

func processOf(g *engine.Graph) Process {
	p := Process{Goroutines: runtime.NumGoroutine(), Workers: g.Workers}
	samples := []metrics.Sample{{Name: heapMetric}}
	if metrics.Read(samples); samples[0].Value.Kind() == metrics.KindUint64 {
		p.HeapBytes = int64(samples[0].Value.Uint64())
	}
	return p
}
