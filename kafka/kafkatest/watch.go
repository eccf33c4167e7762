package kafkatest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Commit is what a group has committed on one partition.
type Commit struct {
	Topic     string
	Partition int32
	Offset    int64
	Metadata  string
}

// Commits are all that a group has committed, sorted by topic and partition.
// A group that nobody has heard of has none.
func (c *Client) Commits(ctx context.Context, group string) ([]Commit, error) {
	coordinator, err := c.Coordinator(ctx, group)
	if err != nil {
		return nil, fmt.Errorf("commits of %s: %w", group, err)
	}
	request := kmsg.NewPtrOffsetFetchRequest()
	asked := kmsg.NewOffsetFetchRequestGroup()
	asked.Group = group
	request.Groups = append(request.Groups, asked)
	answer, err := request.RequestWith(ctx, c.kafka.Broker(coordinator))
	if err != nil {
		return nil, fmt.Errorf("commits of %s: %w", group, err)
	}
	var commits []Commit
	for _, g := range answer.Groups {
		if err := kerr.ErrorForCode(g.ErrorCode); errors.Is(err, kerr.GroupIDNotFound) {
			continue // the embedded broker's word for a group without commits
		} else if err != nil {
			return nil, fmt.Errorf("commits of %s: %w", group, err)
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				commit := Commit{Topic: t.Topic, Partition: p.Partition, Offset: p.Offset}
				if p.Metadata != nil {
					commit.Metadata = *p.Metadata
				}
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, fmt.Errorf("commits of %s on %s/%d: %w", group, t.Topic, p.Partition, err)
				}
				commits = append(commits, commit)
			}
		}
	}
	slices.SortFunc(commits, func(a, b Commit) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return commits, nil
}

// Coordinator is the number of the broker that knows a group. It is asked for
// every time: the client remembers one that has died.
func (c *Client) Coordinator(ctx context.Context, group string) (int, error) {
	request := kmsg.NewPtrFindCoordinatorRequest()
	request.CoordinatorKey = group
	answer, err := request.RequestWith(ctx, c.kafka)
	if err != nil {
		return 0, err
	}
	return int(answer.NodeID), kerr.ErrorForCode(answer.ErrorCode)
}

// Watch polls a group's commits until ctx ends, and hands every answer to
// observe, in this goroutine. Polls without an answer (a broker is away) are
// left out; Watch fails when ctx ends and none was ever answered, so that a
// check in observe cannot pass by never running.
func (c *Client) Watch(ctx context.Context, group string, every time.Duration, observe func([]Commit)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last := errors.New("ctx ended before the first poll")
	answered := false
	for {
		commits, err := c.Commits(ctx, group)
		switch {
		case err == nil:
			answered = true
			observe(commits)
		case ctx.Err() == nil:
			last = err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if !answered {
				return fmt.Errorf("watching %s: no poll was answered: %w", group, last)
			}
			return nil
		}
	}
}
