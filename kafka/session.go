package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// errJoinAgain ends a session on purpose: start offsets were committed, and
// sarama has read the committed offsets before.
var errJoinAgain = errors.New("join again")

// consume keeps the membership: each call of Consume is one session, or one
// member's life with a cooperative strategy.
func (g *group) consume(ctx context.Context) {
	pause, away := 100*time.Millisecond, false
	for ctx.Err() == nil && !g.failed() {
		began := time.Now()
		err := g.consumer.Consume(ctx, g.topics, (*handler)(g))
		switch {
		case ctx.Err() != nil || errors.Is(err, sarama.ErrClosedConsumerGroup):
			return
		case errors.Is(err, errJoinAgain), err == nil && time.Since(began) > time.Second:
			pause, away = 100*time.Millisecond, false
			continue // a rebalance: the others wait for us to join
		case err != nil && !passing(err) && !isActive(err) && !g.vanishing(ctx, err):
			g.fail(fmt.Errorf("consumer group %s: %w%s", g.group, err, groupHint(err)))
			return
		case err != nil && !away:
			away = true // said once, until a session works
			g.logger.Warn("the consumer group is interrupted, trying on", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, 2*time.Second)
		}
	}
}

// groupHint says what users can do about an answer of the coordinator.
func groupHint(err error) string {
	switch {
	case errors.Is(err, sarama.ErrInconsistentGroupProtocol):
		return " (the group's other members share partitions out in another way: see rebalance)"
	case errors.Is(err, sarama.ErrInvalidSessionTimeout):
		return " (the brokers do not allow this session_timeout: see group.min.session.timeout.ms and group.max.session.timeout.ms)"
	case errors.Is(err, sarama.ErrFencedInstancedId):
		return " (another process has joined with the same instance_id)"
	}
	return ""
}

// vanishing says whether an error about an unknown topic is only about
// metadata that has not arrived everywhere. A topic that is gone is not.
func (g *group) vanishing(ctx context.Context, err error) bool {
	if !errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return g.checkTopics(ctx, g.topics) == nil
}

// listen takes the errors of the membership until it is closed.
func (g *group) listen() {
	for err := range g.consumer.Errors() {
		g.consider(err)
	}
}

// tryOn says whether to go on reading a partition after an error.
func (g *group) tryOn(at place, err error) bool {
	return g.consider(&sarama.ConsumerError{Topic: at.topic, Partition: at.partition, Err: err})
}

// compacts says whether a topic's records may be taken by compaction; false, too,
// where the brokers do not tell.
func (g *group) compacts(topic string) bool {
	admin, err := sarama.NewClusterAdminFromClient(g.client) // not closed: the client is the group's
	if err != nil {
		return false
	}
	policy, err := topicSetting(admin, topic, "cleanup.policy")
	if err != nil {
		g.logger.Debug("how a topic is cleaned up is not known", "topic", topic, "error", err)
	}
	return strings.Contains(policy, "compact")
}

// consider says whether an error may pass. One that is not about the way to the
// brokers halts: behind it there may be a gap.
func (g *group) consider(err error) bool {
	switch {
	case g.failed():
		return false
	case errors.Is(err, sarama.ErrOffsetOutOfRange):
		g.fail(g.outOfRange(err))
	case passing(err), g.vanishing(context.Background(), err):
		g.logger.Debug("kafka consumer tries on", "error", err)
		return true
	case errors.Is(err, context.Canceled):
	default:
		g.fail(g.explain(err))
	}
	return false
}

// explain puts the source and the partition before an error of the consumer.
func (g *group) explain(err error) error {
	var at *sarama.ConsumerError
	if !errors.As(err, &at) {
		return fmt.Errorf("consumer group %s: %w%s", g.group, err, groupHint(err))
	}
	if errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return fmt.Errorf("source %s: %s/%d: %w", g.sourceName(at.Topic), at.Topic, at.Partition, errDeleted)
	}
	return fmt.Errorf("source %s: reading %s/%d: %w", g.sourceName(at.Topic), at.Topic, at.Partition, at.Err)
}

func (g *group) sourceName(topic string) string {
	if owner := g.owners[topic]; owner != nil {
		return owner.name
	}
	return ""
}

// handler is the group as sarama calls it.
type handler group

// Setup runs when a member has joined, before its first claim starts; with a
// cooperative strategy later claims start without it.
func (h *handler) Setup(session sarama.ConsumerGroupSession) error {
	g := (*group)(h)
	g.mu.Lock()
	g.session = session
	g.told.joins(session)
	pending := len(g.pending) > 0
	g.mu.Unlock()
	g.logger.Debug("joined the consumer group", "generation", session.GenerationID(), "claims", session.Claims())
	if !pending {
		return nil
	}
	if err := g.commitPending(session); err != nil {
		return err
	}
	return errJoinAgain
}

// Cleanup runs when all claims of a session have ended.
func (h *handler) Cleanup(sarama.ConsumerGroupSession) error {
	g := (*group)(h)
	g.mu.Lock()
	g.session = nil
	g.told.joins(nil)
	g.mu.Unlock()
	g.look()
	return nil
}

// ConsumeClaim is the life of one claim. It always returns nil: what is wrong
// ends the source by [group.fail].
func (h *handler) ConsumeClaim(session sarama.ConsumerGroupSession, messages sarama.ConsumerGroupClaim) error {
	g := (*group)(h)
	// Sarama must not read: it would send every record through a channel of its own.
	g.consumer.Pause(map[string][]int32{messages.Topic(): {messages.Partition()}})
	c, err := g.begin(session, messages)
	if err != nil {
		if session.Context().Err() == nil {
			g.fail(err)
			discard(session.Context(), messages) // returning would end the session for all
		}
		return nil
	}
	c.take()
	g.end(c, g.lost(c))
	return nil
}

// discard waits for the end of a claim that could not begin.
func discard(ctx context.Context, messages sarama.ConsumerGroupClaim) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-messages.Messages():
			if !open {
				return
			}
		}
	}
}

// lost says whether the assignment is gone already, so that committing could
// only be refused and waiting only hold up whoever has the partition now.
func (g *group) lost(c *claim) bool {
	select {
	case <-c.gone:
		return true
	default:
	}
	if c.session.Context().Err() == nil {
		return false // only this claim is revoked
	}
	cause := context.Cause(c.session.Context())
	switch {
	case errors.Is(cause, sarama.ErrRebalanceInProgress),
		errors.Is(cause, sarama.ErrSessionPartitionCountChanged),
		errors.Is(cause, sarama.ErrSessionConsumeClaimExited):
		return false
	case errors.Is(cause, context.Canceled):
		// Either Close, or a cooperative member that could not join again.
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.closing == nil
	}
	return true
}
