package kafka

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

var _ engine.Member = (*group)(nil)

// told is what a group tells of itself, beside what it needs for its work.
type told struct {
	commits, commitErrors atomic.Int64
	watch                 atomic.Pointer[watch] // nil before it connects

	mu         sync.Mutex
	session    sarama.ConsumerGroupSession // the one that was seen last
	since      time.Time                   // of Joined, or of its opposite
	joined     bool
	ever       bool
	generation int32
	rebalances int64
	lastCommit time.Time
}

// shown is what is told of a claim.
type shown struct {
	committed atomic.Int64
	metadata  atomic.Int64 // bytes
	end       atomic.Int64 // as it was asked for; fetches may know better
}

// commits notes what was acknowledged of a claim, or where it began.
func (s *shown) commits(offset int64, metadata string) {
	s.committed.Store(offset)
	s.metadata.Store(int64(len(metadata)))
}

// counted notes the answer to a request.
func (t *told) counted(err error) {
	switch {
	case err == nil:
	case rebalancing(err): // sent again by who has the partitions then
		return
	default:
		t.commitErrors.Add(1)
		return
	}
	t.commits.Add(1)
	t.mu.Lock()
	t.lastCommit = time.Now()
	t.mu.Unlock()
}

// joins notes a session that begins, nil for one that ends.
func (t *told) joins(session sarama.ConsumerGroupSession) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since, t.joined, t.session = time.Now(), session != nil, session
	t.ever = t.ever || t.joined
	t.count()
}

// count counts the rebalances since the last look: each makes a generation. The
// caller holds mu.
func (t *told) count() {
	if t.session == nil {
		return
	}
	now := t.session.GenerationID()
	if t.generation != 0 && now > t.generation {
		t.rebalances += int64(now - t.generation)
	}
	t.generation = now
}

// tip is the end of the log, as far as it was heard of: from fetches, and while a
// claim is paused from questions ([group.followEnds]).
func (c *claim) tip() int64 {
	return max(c.stream.high.Load(), c.shown.end.Load())
}

// Group tells how the membership is.
func (g *group) Group() engine.GroupStatus {
	s := engine.GroupStatus{Name: g.group, Topics: g.topics, Brokers: g.connection.Brokers, CommitsEvery: g.settings.CommitInterval}
	for _, n := range g.nodes {
		s.Sources = append(s.Sources, n.name)
	}
	g.committed.mu.Lock()
	s.Uncommitted, s.CommitError = g.committed.since, g.committed.err
	g.committed.mu.Unlock()
	t := &g.told
	s.Away, s.AwayError = t.watch.Load().absent()
	s.Commits, s.CommitErrors = t.commits.Load(), t.commitErrors.Load()
	t.mu.Lock()
	s.Joined, s.Ever, s.Since, s.LastCommit = t.joined, t.ever, t.since, t.lastCommit
	t.count()
	s.Rebalances, s.Generation = t.rebalances, t.generation
	if t.session != nil {
		s.ID = t.session.MemberID()
	}
	t.mu.Unlock()
	for _, c := range g.live() {
		s.Partitions = append(s.Partitions, engine.GroupPartition{
			Source: c.node.name, Topic: c.topic, Partition: c.partition, Committed: c.shown.committed.Load(),
			End: c.tip(), MetadataBytes: int(c.shown.metadata.Load()),
		})
	}
	return s
}

var _ engine.Remote = (*output)(nil)

// Away tells whether any broker of an output answers.
func (o *output) Away() (since time.Time, err error) { return o.seen.Load().absent() }
