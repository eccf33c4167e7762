package kafkatest

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// DeleteRecords drops everything before an offset from a partition, as
// retention does.
func (c *Client) DeleteRecords(ctx context.Context, topic string, partition int32, before int64) error {
	request := kmsg.NewPtrDeleteRecordsRequest()
	request.TimeoutMillis = int32(adminTimeout.Milliseconds())
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = topic
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = partition, before
	t.Partitions = append(t.Partitions, p)
	request.Topics = append(request.Topics, t)
	answer, err := request.RequestWith(ctx, c.kafka)
	if err != nil {
		return fmt.Errorf("deleting records of %s/%d: %w", topic, partition, err)
	}
	if err := kerr.ErrorForCode(answer.Topics[0].Partitions[0].ErrorCode); err != nil {
		return fmt.Errorf("deleting records of %s/%d: %w", topic, partition, err)
	}
	return nil
}

// Identity is what a cluster and a topic are known by, whatever they are called.
func (c *Client) Identity(ctx context.Context, topic string) (cluster string, id [16]byte, err error) {
	request := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &topic
	request.Topics = append(request.Topics, asked)
	answer, err := request.RequestWith(ctx, c.kafka)
	if err == nil {
		err = kerr.ErrorForCode(answer.Topics[0].ErrorCode)
	}
	if err != nil {
		return "", id, fmt.Errorf("identity of topic %s: %w", topic, err)
	}
	if answer.ClusterID != nil {
		cluster = *answer.ClusterID
	}
	return cluster, answer.Topics[0].TopicID, nil
}

// AddPartitions raises the number of a topic's partitions, and returns when
// every broker that answers knows their leaders.
func (c *Client) AddPartitions(ctx context.Context, topic string, partitions int32) error {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	request := kmsg.NewPtrCreatePartitionsRequest()
	request.TimeoutMillis = int32(adminTimeout.Milliseconds())
	t := kmsg.NewCreatePartitionsRequestTopic()
	t.Topic, t.Count = topic, partitions
	request.Topics = append(request.Topics, t)
	add := func() error {
		answer, err := request.RequestWith(ctx, c.kafka)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(answer.Topics[0].ErrorCode)
	}
	err := add()
	if errors.Is(err, kerr.InvalidReplicationFactor) {
		err = until(ctx, nil, add) // as in CreateTopic
	}
	if err != nil {
		return fmt.Errorf("adding partitions to %s: %w", topic, err)
	}
	return until(ctx, nil, func() error { return c.topicReady(ctx, topic, partitions) })
}

// InSync returns when every broker says that all replicas of all partitions are
// in sync, so that any one broker may die and nothing is lost or seems to be.
func (c *Client) InSync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return until(ctx, nil, func() error {
		for _, seed := range c.kafka.SeedBrokers() {
			if err := inSync(ctx, seed); err != nil {
				return err
			}
		}
		return nil
	})
}

func inSync(ctx context.Context, broker *kgo.Broker) error {
	answer, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, broker)
	if err != nil {
		return err
	}
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			if len(p.ISR) < len(p.Replicas) {
				return fmt.Errorf("%s/%d: %d of %d replicas are in sync", *t.Topic, p.Partition, len(p.ISR), len(p.Replicas))
			}
		}
	}
	return nil
}
