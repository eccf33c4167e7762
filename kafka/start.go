package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/configs"
)

// prepare makes sure, before the group is joined, that every topic exists, that
// every partition has a committed offset to start from, and that no committed
// offset points to what the log does not have. Sarama would find the last two
// only in its claims, and answer with a restart of all of them, again and again.
func (g *group) prepare(ctx context.Context) error {
	places, err := g.learnTopics(ctx)
	if err != nil {
		return err
	}
	found, err := g.cluster.committedOffsets(ctx, places)
	if err != nil {
		return err
	}
	if !g.dryRun() {
		if err := g.commitStarts(ctx, places, found); err != nil {
			return err
		}
	}
	if err := g.acceptLosses(ctx, found); err != nil {
		return err
	}
	if err := g.checkRanges(ctx, found); err != nil {
		return err
	}
	if g.settings.UntilEnd {
		g.ends, err = g.cluster.ends(ctx, places)
		g.nothingLeft = true
		for p, end := range g.ends {
			g.nothingLeft = g.nothingLeft && found[p].offset >= end
		}
	}
	return err
}

// learnTopics notes the ids of the cluster and of the topics, and lists all
// partitions.
func (g *group) learnTopics(ctx context.Context) ([]place, error) {
	clusterID, states, err := g.cluster.describe(ctx, g.topics)
	if err != nil {
		return nil, fmt.Errorf("group %s: %w", g.group, err)
	}
	g.clusterID, g.topicIDs = clusterID, make(map[string][16]byte)
	var places []place
	var missing []error
	for _, node := range g.nodes {
		for _, topic := range node.topics {
			state, ok := states[topic]
			if !ok || state.missing || len(state.partitions) == 0 {
				missing = append(missing, fmt.Errorf("source %s: topic %s: %w on %s",
					node.name, topic, errMissing, strings.Join(g.connection.Brokers, ", ")))
				continue
			}
			g.topicIDs[topic] = state.id
			for _, partition := range state.partitions {
				places = append(places, place{topic, partition})
			}
		}
	}
	if len(missing) > 0 {
		return nil, errors.Join(missing...)
	}
	return places, g.cluster.client.RefreshMetadata(g.topics...)
}

// checkTopics makes sure that topics are still those that were there at the
// start. A topic that seems to be missing is looked up again, since brokers
// learn of topics one after another.
func (g *group) checkTopics(ctx context.Context, topics []string) error {
	for try := 1; ; try++ {
		_, states, err := g.cluster.describe(ctx, topics)
		if err != nil {
			return err
		}
		err = g.compareTopics(topics, states)
		if err == nil || errors.Is(err, errAnew) || try == 5 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (g *group) compareTopics(topics []string, states map[string]topicState) error {
	for _, topic := range topics {
		state, ok := states[topic]
		if !ok || state.missing {
			return fmt.Errorf("source %s: topic %s: %w", g.sourceName(topic), topic, errDeleted)
		}
		// Brokers before 2.8 have no topic ids.
		if known := g.topicIDs[topic]; state.id != known && known != [16]byte{} && state.id != [16]byte{} {
			return fmt.Errorf("source %s: topic %s: %w: what was committed says nothing about the new one%s",
				g.sourceName(topic), topic, errAnew, g.acceptTopic(topic, "earliest"))
		}
	}
	return nil
}

// commitStarts applies the start policy to topics of which nothing is committed
// on any partition, and adds what it commits to found.
func (g *group) commitStarts(ctx context.Context, places []place, found map[place]committed) error {
	fresh := g.freshTopics(places, found)
	if len(fresh) == 0 {
		return nil
	}
	resolved, err := g.resolveStarts(ctx, fresh)
	if err != nil {
		return err
	}
	err = g.cluster.commitOutside(ctx, resolved, g.ground)
	if isActive(err) {
		// Members may only commit as such. Either one of them has just done the
		// same for these topics, or we do it as soon as we have joined.
		again, err := g.cluster.committedOffsets(ctx, fresh)
		if err != nil {
			return err
		}
		for _, p := range g.freshTopics(fresh, again) {
			if g.pending == nil {
				g.pending = make(map[place]int64)
			}
			g.pending[p] = resolved[p]
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("committing the start offsets of group %s: %w", g.group, err)
	}
	for p, offset := range resolved {
		found[p] = committed{offset: offset}
		g.logger.Info("nothing was committed, reading begins by the start policy",
			"source", g.sourceName(p.topic), "topic", p.topic, "partition", p.partition, "offset", offset)
	}
	return nil
}

// freshTopics are the partitions of topics without any committed offset.
func (g *group) freshTopics(places []place, found map[place]committed) []place {
	begun := make(map[string]bool)
	for p, c := range found {
		if c.offset >= 0 {
			begun[p.topic] = true
		}
	}
	var fresh []place
	for _, p := range places {
		if !begun[p.topic] {
			fresh = append(fresh, p)
		}
	}
	return fresh
}

// resolveStarts turns the start policies into offsets. A time after the last
// record means the end at this moment, not what is the end later.
func (g *group) resolveStarts(ctx context.Context, places []place) (map[place]int64, error) {
	wanted := make(map[place]int64, len(places))
	for _, p := range places {
		wanted[p] = g.owners[p.topic].start.time
	}
	// The ends come first: a record that comes in between is then taken.
	ends, err := g.cluster.ends(ctx, places)
	if err != nil {
		return nil, err
	}
	resolved, err := g.cluster.offsets(ctx, g.isolation, wanted)
	if err != nil {
		return nil, err
	}
	for p, offset := range resolved {
		if offset < 0 || wanted[p] == logEnd {
			resolved[p] = ends[p]
		}
	}
	return resolved, nil
}

// commitPending commits, as a member, the start offsets that could not be
// committed from outside of the group.
func (g *group) commitPending(session sarama.ConsumerGroupSession) error {
	ctx, cancel := context.WithTimeout(session.Context(), g.rebalanceTimeout/2)
	defer cancel()
	g.mu.Lock()
	pending := g.pending
	g.mu.Unlock()
	places := make([]place, 0, len(pending))
	for p := range pending {
		places = append(places, p)
	}
	found, err := g.cluster.committedOffsets(ctx, places)
	if err != nil {
		return err
	}
	open := make(map[place]int64)
	for _, p := range g.freshTopics(places, found) {
		open[p] = pending[p]
	}
	if len(open) > 0 {
		err = g.cluster.commitOffsets(ctx, open, g.ground, func(r *sarama.OffsetCommitRequest) {
			r.ConsumerGroupGeneration, r.ConsumerID = session.GenerationID(), session.MemberID()
			if g.instance != "" {
				r.GroupInstanceId = &g.instance
			}
		})
	}
	if err == nil {
		g.mu.Lock()
		g.pending = nil
		g.mu.Unlock()
	}
	return err
}

// accept is the end of a message: the command that takes a loss as given.
func (g *group) accept(p place, offset string) string {
	return g.command(p.topic, fmt.Sprintf("%s/%d", p.topic, p.partition), offset)
}

func (g *group) acceptTopic(topic, offset string) string { return g.command(topic, topic, offset) }

func (g *group) command(topic, at, offset string) string {
	file := "FILE"
	if owner := g.owners[topic]; owner != nil && owner.position != (configs.Position{}) && owner.position.File != "" {
		file = owner.position.File
	}
	if g.letters != nil {
		return fmt.Sprintf("; to accept that: waterhealer heal %s --accept-lost", file)
	}
	return fmt.Sprintf("; to accept that: waterhealer offsets %s --set %s/%s=%s --yes", file, g.sourceName(topic), at, offset)
}
