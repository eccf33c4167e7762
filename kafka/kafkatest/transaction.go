package kafkatest

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Transaction writes messages in one transaction, which it commits or aborts.
// Either way the log ends in a marker, which no reader is ever given.
func (c *Client) Transaction(ctx context.Context, id, topic string, commit bool, messages []Message) error {
	writer := &Client{addresses: c.addresses, options: c.options}
	var err error
	writer.kafka, err = writer.open(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(id))
	if err != nil {
		return fmt.Errorf("transaction %s: %w", id, err)
	}
	defer writer.Close()
	if err := writer.kafka.BeginTransaction(); err != nil {
		return fmt.Errorf("transaction %s: %w", id, err)
	}
	if err := writer.Produce(ctx, topic, messages); err != nil {
		return err
	}
	if err := writer.kafka.EndTransaction(ctx, kgo.TransactionEndTry(commit)); err != nil {
		return fmt.Errorf("transaction %s: %w", id, err)
	}
	return nil
}

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
