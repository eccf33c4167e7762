package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// commitTimeout bounds the wait for another's try, and that for brokers.
const commitTimeout = 5 * time.Second

// commitAtIntervals commits what was finished since the last time.
func (g *group) commitAtIntervals(ctx context.Context) {
	retry := 100 * time.Millisecond
	wait := g.settings.CommitInterval
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.doubts:
			wait = g.resendAfter()
			continue
		case <-time.After(wait):
		}
		err := g.commit(ctx, g.live())
		if err == nil || !passing(err) {
			wait, retry = g.resendAfter(), 100*time.Millisecond
			continue
		}
		g.logger.Debug("a commit did not come through, trying on", "error", err)
		wait = min(retry, g.settings.CommitInterval)
		retry = min(2*retry, 5*time.Second)
	}
}

// commitFinally commits until the broker has acknowledged it, it cannot, or ctx
// is done.
func (g *group) commitFinally(ctx context.Context, commit func(context.Context) error) error {
	pause, since := 20*time.Millisecond, time.Now()
	for {
		err := commit(ctx)
		if err == nil || !passing(err) {
			return err
		}
		// A generation that is over comes back with a cooperative member, and
		// never with an eager one, which joins only when its claims have ended.
		if rebalancing(err) && time.Since(since) > 2*time.Second {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		}
	}
}

func rebalancing(err error) bool {
	return errors.Is(err, sarama.ErrRebalanceInProgress) || errors.Is(err, sarama.ErrIllegalGeneration)
}

// commit sends what has changed. The error is passing when the same may work
// later; any other was seen to already.
func (g *group) commit(ctx context.Context, claims []*claim) error {
	if g.dryRun() {
		return nil
	}
	// Brokers that are away must not hold up who has less time.
	waiting, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	select {
	case g.committing <- struct{}{}:
		defer func() { <-g.committing }()
	case <-waiting.Done():
		return waiting.Err()
	}
	var changes []change
	topics := make(map[place]bool)
	for _, c := range claims {
		if ch, ok := c.change(); ok {
			changes = append(changes, ch)
			topics[place{topic: c.topic}] = true
		}
	}
	if len(changes) == 0 {
		g.committed.answered(nil)
		return nil
	}
	g.committed.begin()
	err := g.commitChanges(ctx, changes, topics)
	g.committed.answered(err)
	return err
}

// commitChanges sends what has changed, of these topics.
func (g *group) commitChanges(ctx context.Context, changes []change, topics map[place]bool) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout) // to write many maps took time, too
	defer cancel()
	// What was read from one topic is never committed to another of its name.
	if err := g.checkTopics(ctx, topicsOf(topics)); err != nil {
		if !passing(err) && ctx.Err() == nil {
			g.fail(err)
		}
		return err
	}
	var first error
	for _, part := range split(g.group, changes) {
		err := g.commitPart(part)
		g.told.counted(err)
		if err != nil && (first == nil || !passing(err)) {
			first = err
		}
	}
	return first
}

// commitPart sends one request and acts on its answers.
func (g *group) commitPart(part []change) error {
	answers, err := g.send(part)
	if err != nil {
		g.doubt(part, err)
		return g.refused(part, err)
	}
	var first error
	var again []change
	for _, ch := range part {
		code := answers[ch.claim.place]
		switch {
		case code == sarama.ErrNoError:
			g.acknowledged(ch)
		case mapRefused(code) && ch.metadata != "":
			if ch.claim.room == ch.claim.node.metadataLimit { // said once
				g.logger.Warn("the brokers refuse the metadata of a commit: what it cannot hold of the finished offsets beyond may be done again after a crash",
					"topic", ch.claim.topic, "partition", ch.claim.partition, "bytes", len(ch.metadata), "error", code)
			}
			again = append(again, ch.withoutMap())
		default:
			if err := g.refused([]change{ch}, code); first == nil || !passing(err) {
				first = err
			}
		}
	}
	if len(again) > 0 {
		if err := g.commitPart(again); err != nil && (first == nil || !passing(err)) {
			first = err
		}
	}
	return first
}

// mapRefused says that a commit may pass without its map.
func mapRefused(code sarama.KError) bool {
	return code == sarama.ErrOffsetMetadataTooLarge || code == sarama.ErrInvalidCommitOffsetSize
}

// send asks the coordinator to commit, as the member that the session is at
// this moment.
func (g *group) send(part []change) (map[place]sarama.KError, error) {
	session := part[0].claim.session
	answers := make(map[place]sarama.KError, len(part))
	err := g.cluster.atCoordinator(func(broker *sarama.Broker) error {
		request := sarama.NewOffsetCommitRequest(g.cluster.client.Config(), g.group)
		request.ConsumerGroupGeneration = session.GenerationID()
		request.ConsumerID = session.MemberID()
		if g.instance != "" {
			request.GroupInstanceId = &g.instance
		}
		for _, ch := range part {
			request.AddBlockWithLeaderEpoch(ch.claim.topic, ch.claim.partition, ch.offset, -1, 0, ch.metadata)
		}
		response, err := broker.CommitOffset(request)
		if err != nil {
			return err
		}
		for _, ch := range part {
			code, ok := response.Errors[ch.claim.topic][ch.claim.partition]
			switch {
			case !ok:
				return sarama.ErrIncompleteResponse
			case code == sarama.ErrNotCoordinatorForConsumer, code == sarama.ErrConsumerCoordinatorNotAvailable:
				return code // for all of them: the coordinator has moved
			}
			answers[ch.claim.place] = code
		}
		return nil
	})
	return answers, err
}

// acknowledged notes a commit that the broker has taken.
func (g *group) acknowledged(ch change) {
	c := ch.claim
	c.committed, c.metadata, c.finished = ch.offset, ch.metadata, ch.finished
	c.shown.commits(ch.offset, ch.metadata)
	c.tracker.Committed(ch.offset)
	g.tell(ch, nil)
}

// refused acts on an answer that is not an acknowledgement.
func (g *group) refused(part []change, err error) error {
	switch {
	case errors.Is(err, sarama.ErrUnknownMemberId):
		session := part[0].claim.session
		for _, c := range g.live() { // also those that had nothing to commit
			if c.session == session {
				c.isGoneNow()
			}
		}
		return fmt.Errorf("committing as a member that the group no longer has: %w", errLost)
	case errors.Is(err, sarama.ErrUnknownTopicOrPartition):
		return errNotEverywhere // it was looked up a moment ago, and will be before the next try
	case passing(err), errors.Is(err, sarama.ErrClosedClient): // Close has cut it off
		return err
	}
	at := part[0].claim
	err = fmt.Errorf("source %s: committing %s at %d: %w%s", at.node.name, at.place, part[0].offset, err, groupHint(err))
	for _, ch := range part {
		g.tell(ch, err)
	}
	if g.settings.IgnoreCommitErrors && !errors.Is(err, sarama.ErrFencedInstancedId) {
		g.logger.Error("a commit failed and is ignored, as the sinks say", "error", err)
		return &ignoredError{err}
	}
	g.fail(err)
	return err
}

// ignoredError is a refusal that was logged and told, and is no reason to halt.
type ignoredError struct{ error }

func (e *ignoredError) Unwrap() error { return e.error }

// errLost is that the group has given our partitions to others.
var errLost = errors.New("the assignment is lost")

// isGoneNow ends the claim's loop without a commit; the caller holds
// group.committing.
func (c *claim) isGoneNow() {
	if !c.isGone {
		c.isGone = true
		close(c.gone)
	}
}

func (g *group) tell(ch change, err error) {
	if g.settings.OnCommit == nil {
		return
	}
	g.settings.OnCommit(Commit{
		Source: ch.claim.node.name, Topic: ch.claim.topic, Partition: ch.claim.partition,
		Offset: ch.offset, Holes: ch.holes, Kept: ch.kept, Err: err,
	})
}
