package kafkatest

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
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
