package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"waterhealer/healer"
)

// checkRanges refuses committed offsets that the log does not have, and those
// that were committed on a topic of the same name.
func (g *group) checkRanges(ctx context.Context, found map[place]committed) error {
	var places []place
	for p, c := range found {
		if c.offset >= 0 {
			places = append(places, p)
		}
	}
	starts, err := g.cluster.starts(ctx, places)
	if err != nil {
		return err
	}
	highs, err := g.cluster.highs(ctx, places)
	if err != nil {
		return err
	}
	var wrong []error
	for _, p := range places {
		c := found[p]
		holes, err := decodeMetadata(c.metadata, g.ground(p, c.offset))
		if errors.Is(err, errAnew) {
			wrong = append(wrong, fmt.Errorf("source %s: topic %s: %w since offset %d of partition %d was committed%s",
				g.sourceName(p.topic), p.topic, errAnew, c.offset, p.partition, g.accept(p, "earliest")))
			continue
		}
		if err = g.rangeError(p, c.offset, starts[p], highs[p]); err == nil {
			err = g.mapError(p, c.offset, holes, highs[p])
		}
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// rangeError says what is lost when the log has not got a committed offset.
func (g *group) rangeError(p place, offset, start, high int64) error {
	source := g.sourceName(p.topic)
	switch {
	case offset < start:
		return fmt.Errorf("source %s: %s: %w: offset %d is committed but the log begins at %d: offsets %d to %d are lost%s",
			source, p, sarama.ErrOffsetOutOfRange, offset, start, offset, start-1, g.accept(p, fmt.Sprint(start)))
	case offset > high:
		return fmt.Errorf("source %s: %s: %w: offset %d is committed but the log ends at %d: it was truncated or made again%s",
			source, p, sarama.ErrOffsetOutOfRange, offset, high, g.accept(p, fmt.Sprint(high)))
	}
	return nil
}

// mapError says that a map marks what the log does not have: its end was cut
// off since, and what is written there now was never seen.
func (g *group) mapError(p place, offset int64, holes healer.Holes, high int64) error {
	last := holes.Last()
	if last < high {
		return nil
	}
	return fmt.Errorf("source %s: %s: %w: beside the committed offset %d, offset %d is marked as finished, but the log ends at %d: it was truncated%s",
		g.sourceName(p.topic), p, sarama.ErrOffsetOutOfRange, offset, last, high, g.accept(p, fmt.Sprint(offset)))
}

// outOfRange explains the consumer's error with what the brokers say now.
func (g *group) outOfRange(cause error) error {
	var at *sarama.ConsumerError
	if !errors.As(cause, &at) {
		return g.explain(cause)
	}
	p := place{at.Topic, at.Partition}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	if err := g.checkTopics(ctx, []string{p.topic}); err != nil {
		return err
	}
	found, err := g.cluster.committedOffsets(ctx, []place{p})
	if err != nil {
		return g.explain(cause)
	}
	position := found[p].offset
	g.mu.Lock()
	if c := g.claims[p]; c != nil {
		position = c.next.Load() // it had come further than what is committed
	}
	g.mu.Unlock()
	starts, err := g.cluster.starts(ctx, []place{p})
	if err != nil {
		return g.explain(cause)
	}
	highs, err := g.cluster.highs(ctx, []place{p})
	if err != nil {
		return g.explain(cause)
	}
	if err := g.rangeError(p, position, starts[p], highs[p]); err != nil {
		return err
	}
	return g.explain(cause)
}
