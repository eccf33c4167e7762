package kafka

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// The times that stand for an end of the log; others are milliseconds since
// 1970.
const (
	logStart = sarama.OffsetOldest
	logEnd   = sarama.OffsetNewest
)

// end is where a reader of this isolation arrives at this moment: the last
// stable offset, or the high watermark.
func (c *cluster) ends(ctx context.Context, places []place) (map[place]int64, error) {
	return c.offsets(ctx, c.isolation, at(logEnd, places))
}

// starts is the first offset that each log still has.
func (c *cluster) starts(ctx context.Context, places []place) (map[place]int64, error) {
	return c.offsets(ctx, sarama.ReadUncommitted, at(logStart, places))
}

// highs is the offset that the next record of each log gets.
func (c *cluster) highs(ctx context.Context, places []place) (map[place]int64, error) {
	return c.offsets(ctx, sarama.ReadUncommitted, at(logEnd, places))
}

// at wants the same time of every place.
func at(time int64, places []place) map[place]int64 {
	wanted := make(map[place]int64, len(places))
	for _, p := range places {
		wanted[p] = time
	}
	return wanted
}

// offsets asks the leaders for the first offset at or after a time in each
// partition; -1 where there is none.
func (c *cluster) offsets(ctx context.Context, isolation sarama.IsolationLevel, wanted map[place]int64) (map[place]int64, error) {
	result := make(map[place]int64, len(wanted))
	err := c.persist(ctx, "asking for offsets", func() error {
		left := make(map[place]int64, len(wanted))
		for p, time := range wanted {
			if _, ok := result[p]; !ok {
				left[p] = time
			}
		}
		err := c.offsetsOnce(isolation, left, result)
		if err != nil && passing(err) {
			_ = c.client.RefreshMetadata(topicsOf(left)...) // the next try says what is wrong
		}
		return err
	})
	return result, err
}

// offsetsOnce asks each leader once and fills in what was answered.
func (c *cluster) offsetsOnce(isolation sarama.IsolationLevel, wanted, result map[place]int64) error {
	requests := make(map[*sarama.Broker]*sarama.OffsetRequest)
	for p, time := range wanted {
		leader, err := c.client.Leader(p.topic, p.partition)
		if err != nil {
			return fmt.Errorf("leader of %s: %w", p, err)
		}
		request := requests[leader]
		if request == nil {
			request = sarama.NewOffsetRequest(c.client.Config().Version)
			request.IsolationLevel = isolation
			requests[leader] = request
		}
		request.AddBlock(p.topic, p.partition, time, 1)
	}
	var failures []error
	for leader, request := range requests {
		response, err := leader.GetAvailableOffsets(request)
		if err != nil {
			_ = leader.Close() // so that the next try connects anew
			failures = append(failures, err)
			continue
		}
		for topic, partitions := range response.Blocks {
			for partition, block := range partitions {
				p := place{topic, partition}
				if block.Err != sarama.ErrNoError {
					failures = append(failures, fmt.Errorf("%s: %w", p, block.Err))
					continue
				}
				result[p] = block.Offset
			}
		}
	}
	for _, err := range failures {
		if !passing(err) {
			return err
		}
	}
	if len(failures) > 0 {
		return failures[0]
	}
	for p := range wanted {
		if _, ok := result[p]; !ok {
			return fmt.Errorf("%s: %w", p, sarama.ErrIncompleteResponse)
		}
	}
	return nil
}

func topicsOf[V any](places map[place]V) []string {
	seen := make(map[string]bool)
	var topics []string
	for p := range places {
		if !seen[p.topic] {
			seen[p.topic] = true
			topics = append(topics, p.topic)
		}
	}
	return topics
}
