package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
	"waterhealer/healer"
)

// claim is one partition as long as this process may read it.
type claim struct {
	place
	group    *group
	node     *sourceNode
	session  sarama.ConsumerGroupSession
	messages sarama.ConsumerGroupClaim
	tracker  tracker
	start    int64
	end      int64         // with until-end: what is at or beyond it is not taken; -1 none
	gone     chan struct{} // closed when the assignment is known to be lost
	stream   *stream
	rest     fetched // what was read and is not taken

	next    atomic.Int64 // nothing below it is still to be taken
	atEnd   atomic.Bool  // nothing more is taken
	holding atomic.Bool  // fetching is paused
	shown   shown

	// Guarded by group.committing.
	committed int64        // what the broker acknowledged, -1 nothing
	metadata  string       // likewise
	finished  healer.Holes // what metadata was made of
	doubtful  time.Time    // until then a commit without an answer may still be carried out
	room      int          // how much metadata the brokers take, as far as they have said
	cut       bool         // it was said that the map does not fit
	over      bool         // nothing is committed any more
	isGone    bool         // gone is closed
}

// begin makes the claim that a session has just been given: from the committed
// offset, with the finished offsets that its metadata names.
func (g *group) begin(session sarama.ConsumerGroupSession, messages sarama.ConsumerGroupClaim) (*claim, error) {
	at := place{messages.Topic(), messages.Partition()}
	node := g.owners[at.topic]
	ctx := session.Context()
	found, err := g.beginnings[at.topic].join(ctx, at, g.beginAt)
	if err != nil {
		return nil, err
	}
	c := &claim{
		place: at, group: g, node: node, session: session, messages: messages,
		end: -1, gone: make(chan struct{}),
		committed: found[at].offset, metadata: found[at].metadata, room: node.metadataLimit,
	}
	if c.start, err = g.claimStart(ctx, at, c.committed, messages.InitialOffset()); err != nil {
		return nil, err
	}
	c.next.Store(c.start)
	c.shown.commits(c.committed, c.metadata)
	c.shown.end.Store(-1)
	if g.settings.UntilEnd {
		c.end = g.ends[at] // 0 of a partition that was not there at the start
	}
	options := engine.ClaimOptions{Source: node.name, Topic: at.topic, Partition: at.partition, Start: c.start}
	if options.Inherited, err = g.decode(c, found[at]); err != nil {
		return nil, err
	}
	if options.Inherited.Len() > 0 {
		options.Finished = options.Inherited.Contains
	}
	c.tracker = g.intake.Claim(options)
	c.stream = g.reader.read(at, c.start, messages.HighWaterMarkOffset())
	g.mu.Lock()
	g.claims[at] = c
	g.mu.Unlock()
	g.logger.Info("claimed a partition", "source", node.name, "topic", at.topic, "partition", at.partition,
		"offset", c.start, "finished_beyond", options.Inherited.Len())
	return c, nil
}

// beginAt looks up where claims of one topic begin, if it is still the same.
func (g *group) beginAt(ctx context.Context, places []place) (map[place]committed, error) {
	if err := g.checkTopics(ctx, []string{places[0].topic}); err != nil {
		return nil, err
	}
	return g.cluster.committedOffsets(ctx, places)
}

// claimStart is the first offset of a claim. Sarama delivers from initial on;
// what it delivers below the start was finished by an earlier claim.
func (g *group) claimStart(ctx context.Context, at place, committed, initial int64) (int64, error) {
	switch {
	case committed < 0 && initial >= 0:
		return initial, nil // it was committed a moment ago, then deleted
	case committed < 0:
		starts, err := g.cluster.starts(ctx, []place{at})
		return starts[at], err
	}
	if initial > committed {
		return 0, fmt.Errorf("source %s: the committed offset of %s went back from %d to %d while the group was running",
			g.sourceName(at.topic), at, initial, committed)
	}
	return committed, nil
}

// end gives a claim up. When the assignment is lost nothing is awaited and
// nothing is committed.
func (g *group) end(c *claim, lost bool) {
	c.stream.close()
	drain, cancel := g.drainContext()
	defer cancel()
	if lost {
		cancel()
	}
	g.intake.Revoke(drain, c.tracker)
	if errors.Is(drain.Err(), context.DeadlineExceeded) {
		g.logger.Warn("writes of a partition that was given up were not acknowledged in time: their records may be written again",
			"topic", c.topic, "partition", c.partition)
	}
	watermark, _ := c.tracker.Progress()
	if !lost {
		ctx, cancel := g.finalCommitContext()
		defer cancel()
		if err := g.commitFinally(ctx, g.lastOf(c)); err != nil {
			g.logger.Warn("the last commit of a partition failed: finished records after the committed offset are processed again",
				"topic", c.topic, "partition", c.partition, "error", err)
		}
	}
	g.committing <- struct{}{}
	c.over = true
	<-g.committing
	g.mu.Lock()
	if g.claims[c.place] == c {
		delete(g.claims, c.place)
	}
	g.mu.Unlock()
	g.logger.Info("gave a partition up", "source", c.node.name, "topic", c.topic, "partition", c.partition,
		"offset", watermark, "lost", lost)
	g.look()
}

// lastOf commits a claim that ends, in one request for all that end at this moment,
// since one for each takes too long where there are hundreds, and with all others,
// of which some may be joined with it. Where that fails every second try is of the
// claim alone: what is wrong may be wrong with another.
func (g *group) lastOf(c *claim) func(context.Context) error {
	alone := true
	return func(ctx context.Context) error {
		if alone = !alone; alone {
			return g.commit(ctx, []*claim{c})
		}
		_, err := g.endings.join(ctx, c, func(ctx context.Context, _ []*claim) (struct{}, error) {
			return struct{}{}, g.commit(ctx, g.live())
		})
		if err != nil && !passing(err) {
			return g.commit(ctx, []*claim{c})
		}
		return err
	}
}
