package engine

import (
	"time"

	"waterhealer/healer"
)

// Header is one Kafka record header. Names may repeat.
type Header struct {
	Key   string
	Value []byte
}

// Known says which of a record's origin fields hold. A batch or a joined
// value keeps only those on which all its parents agree.
type Known uint8

// The fields of a record's origin.
const (
	KnownKey Known = 1 << iota
	KnownHeaders
	KnownTopic
	KnownPartition
	KnownOffset
	KnownTimestamp

	KnownAll = KnownKey | KnownHeaders | KnownTopic | KnownPartition | KnownOffset | KnownTimestamp
)

// Record is what flows through a graph. A record that has been emitted is
// never changed again: operators make new ones with [Record.With].
type Record struct {
	// Value is the decoded value, of the kinds that package value lists.
	Value any
	// Raw is the payload as it came from the source. It is what outputs write
	// while Intact is true; nil is a null payload.
	Raw []byte
	// Intact is true as long as no operator changed the value.
	Intact bool

	Key       []byte // nil is a null key
	Headers   []Header
	Timestamp time.Time
	Topic     string
	Partition int32
	Offset    int64
	Line      int // the line in the input file, from 1; 0 where there is none
	Known     Known

	// Claim is where the record was read, nil for a value joined from several.
	Claim *Claim
	// Batch holds the elements of a batch, each with its own lineage; nil for
	// any other value. An empty batch is not nil.
	Batch []*Record

	ack  *healer.Ack
	unit *unit
	seq  int64
}
