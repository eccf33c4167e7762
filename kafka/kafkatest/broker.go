package kafkatest

import (
	"context"
	"time"
)

// Broker is what a suite needs of a broker, embedded or real.
type Broker interface {
	// Addresses are host:port, of listeners that ask for no authentication.
	Addresses() []string
	// CreateTopic makes a topic and returns when it can be used.
	CreateTopic(name string, partitions int32) error
}

// Message is a record as a witness writes or reads it. A nil Key or Value is
// null, an empty one is empty.
type Message struct {
	Partition int32
	Offset    int64     // ignored when written
	Timestamp time.Time // ignored when written
	Key       []byte
	Value     []byte
	Headers   []Header
}

// Header is one header of a record.
type Header struct{ Name, Value string }

// Witness writes a pipeline's input and reads its output and its committed
// offsets, without any code of waterhealer's.
type Witness interface {
	// Produce writes messages in their order, each to its own partition, and
	// returns when all replicas in sync have them.
	Produce(ctx context.Context, topic string, messages []Message) error
	// Consume reads a topic from its start to the end it has now, committed
	// records only, sorted by partition and offset.
	Consume(ctx context.Context, topic string) ([]Message, error)
	// Committed is a group's offset on a partition, -1 when there is none.
	Committed(ctx context.Context, group, topic string, partition int32) (int64, error)
}
