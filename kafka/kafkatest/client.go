package kafkatest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

const adminTimeout = 30 * time.Second

// Client talks to any broker, embedded or real. It is a [Witness] on every
// machine; its owner closes it.
type Client struct {
	addresses []string
	options   []kgo.Opt
	kafka     *kgo.Client
}

// Connect makes a client. It opens no connection yet.
func Connect(addresses []string, options ...kgo.Opt) (*Client, error) {
	c := &Client{addresses: addresses, options: options}
	var err error
	c.kafka, err = c.open(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		kgo.ProducerBatchMaxBytes(64<<20)) // topics have their own limit; tests write records beyond the usual one
	return c, err
}

func (c *Client) open(options ...kgo.Opt) (*kgo.Client, error) {
	versions := kversion.Stable()
	versions.SetMaxKeyVersion(int16(kmsg.OffsetFetch), 9) // later ones answer with topics' ids, not their names
	options = append([]kgo.Opt{kgo.SeedBrokers(c.addresses...), kgo.MaxVersions(versions)}, options...)
	return kgo.NewClient(append(options, c.options...)...)
}

// Close ends the client's connections.
func (c *Client) Close() { c.kafka.Close() }

// CreateTopic makes a topic with the broker's default number of replicas, and
// returns when every broker that answers knows its leaders. Settings are the
// topic's own, as cleanup.policy.
func (c *Client) CreateTopic(ctx context.Context, name string, partitions int32, settings map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, -1
	for key, value := range settings {
		setting := kmsg.NewCreateTopicsRequestTopicConfig()
		setting.Name, setting.Value = key, &value
		topic.Configs = append(topic.Configs, setting)
	}
	request := kmsg.NewPtrCreateTopicsRequest()
	request.Topics = append(request.Topics, topic)
	create := func() error { return c.createTopic(ctx, request) }
	err := create()
	if errors.Is(err, kerr.InvalidReplicationFactor) {
		// A broker that misses its heartbeats on a busy machine is no place for
		// replicas until it is back, a moment later.
		err = until(ctx, nil, create)
	}
	if err != nil {
		return fmt.Errorf("creating topic %s: %w", name, err)
	}
	return until(ctx, nil, func() error { return c.topicReady(ctx, name, partitions) })
}

func (c *Client) createTopic(ctx context.Context, request *kmsg.CreateTopicsRequest) error {
	answer, err := request.RequestWith(ctx, c.kafka)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(answer.Topics[0].ErrorCode)
}

// topicReady is nil when every broker that answers knows a leader for every
// partition: a broker learns of a new topic a moment after the others.
func (c *Client) topicReady(ctx context.Context, name string, partitions int32) error {
	request := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = &name
	request.Topics = append(request.Topics, topic)
	answered := 0
	for _, seed := range c.kafka.SeedBrokers() {
		answer, err := request.RequestWith(ctx, seed)
		if err != nil {
			continue
		}
		answered++
		led := 0
		for _, p := range answer.Topics[0].Partitions {
			if p.ErrorCode == 0 && p.Leader >= 0 {
				led++
			}
		}
		if led != int(partitions) {
			return fmt.Errorf("topic %s: %d of %d partitions have a leader", name, led, partitions)
		}
	}
	if answered == 0 {
		return fmt.Errorf("topic %s: no broker answers", name)
	}
	return nil
}

// Ends are a topic's partitions' ends: the offset after the last record that
// readers of committed records may see. A partition is its place in the slice.
func (c *Client) Ends(ctx context.Context, topic string) ([]int64, error) {
	return c.listOffsets(ctx, topic, -1)
}

// Starts are the first offsets that a topic's partitions still hold.
func (c *Client) Starts(ctx context.Context, topic string) ([]int64, error) {
	return c.listOffsets(ctx, topic, -2)
}

func (c *Client) listOffsets(ctx context.Context, topic string, timestamp int64) ([]int64, error) {
	partitions, err := c.partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	asked := kmsg.NewListOffsetsRequestTopic()
	asked.Topic = topic
	for p := range partitions {
		partition := kmsg.NewListOffsetsRequestTopicPartition()
		partition.Partition, partition.Timestamp = p, timestamp
		asked.Partitions = append(asked.Partitions, partition)
	}
	request := kmsg.NewPtrListOffsetsRequest()
	request.IsolationLevel = 1 // read committed
	request.Topics = append(request.Topics, asked)
	answer, err := request.RequestWith(ctx, c.kafka)
	if err != nil {
		return nil, fmt.Errorf("offsets of %s: %w", topic, err)
	}
	offsets := make([]int64, partitions)
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, fmt.Errorf("offsets of %s/%d: %w", topic, p.Partition, err)
			}
			offsets[p.Partition] = p.Offset
		}
	}
	return offsets, nil
}

func (c *Client) partitions(ctx context.Context, topic string) (int32, error) {
	request := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &topic
	request.Topics = append(request.Topics, asked)
	answer, err := request.RequestWith(ctx, c.kafka)
	if err != nil {
		return 0, fmt.Errorf("topic %s: %w", topic, err)
	}
	if err := kerr.ErrorForCode(answer.Topics[0].ErrorCode); err != nil {
		return 0, fmt.Errorf("topic %s: %w", topic, err)
	}
	return int32(len(answer.Topics[0].Partitions)), nil
}

// Produce is [Witness.Produce].
func (c *Client) Produce(ctx context.Context, topic string, messages []Message) error {
	records := make([]*kgo.Record, len(messages))
	for i, m := range messages {
		records[i] = &kgo.Record{Topic: topic, Partition: m.Partition, Key: m.Key, Value: m.Value}
		for _, h := range m.Headers {
			records[i].Headers = append(records[i].Headers, kgo.RecordHeader{Key: h.Name, Value: []byte(h.Value)})
		}
	}
	if err := c.kafka.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("producing to %s: %w", topic, err)
	}
	return nil
}

// Consume is [Witness.Consume].
func (c *Client) Consume(ctx context.Context, topic string) ([]Message, error) {
	starts, err := c.Starts(ctx, topic)
	if err != nil {
		return nil, err
	}
	ends, err := c.Ends(ctx, topic)
	if err != nil {
		return nil, err
	}
	from := make(map[int32]kgo.Offset)
	for p, end := range ends {
		if starts[p] < end {
			from[int32(p)] = kgo.NewOffset().At(starts[p])
		}
	}
	if len(from) == 0 {
		return nil, nil
	}
	consumer, err := c.open(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // a partition may end with the marker of a transaction
	)
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	return readTo(ctx, consumer, ends, len(from))
}

// readTo polls until so many partitions have been read up to their ends.
func readTo(ctx context.Context, consumer *kgo.Client, ends []int64, unread int) ([]Message, error) {
	var messages []Message
	for unread > 0 {
		fetches := consumer.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset == ends[r.Partition]-1 {
				unread--
			}
			if r.Offset < ends[r.Partition] && !r.Attrs.IsControl() {
				messages = append(messages, newMessage(r))
			}
		})
	}
	sortMessages(messages)
	return messages, nil
}

func newMessage(r *kgo.Record) Message {
	m := Message{Partition: r.Partition, Offset: r.Offset, Timestamp: r.Timestamp, Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, Header{Name: h.Key, Value: string(h.Value)})
	}
	return m
}

func sortMessages(messages []Message) {
	slices.SortFunc(messages, func(a, b Message) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
}

// Committed is [Witness.Committed]. It asks again while the broker that should
// know is away.
func (c *Client) Committed(ctx context.Context, group, topic string, partition int32) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	var commits []Commit
	err := until(ctx, nil, func() (err error) {
		commits, err = c.Commits(ctx, group)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, commit := range commits {
		if commit.Topic == topic && commit.Partition == partition {
			return commit.Offset, nil
		}
	}
	return -1, nil
}
