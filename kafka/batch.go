package kafka

import (
	"bytes"
	"time"

	"waterhealer/engine"
)

// batcher collects the records of a claim into batches; nil collects nothing.
type batcher struct {
	claim   *claim
	size    int
	pending []*engine.Record
	timer   *time.Timer
}

func newBatcher(c *claim) *batcher {
	if c.node.batchSize == 0 {
		return nil
	}
	return &batcher{claim: c, size: c.node.batchSize}
}

// due receives when the batch under way has waited long enough.
func (b *batcher) due() <-chan time.Time {
	if b == nil || b.timer == nil {
		return nil
	}
	return b.timer.C
}

// underWay says that records wait for their batch.
func (b *batcher) underWay() bool { return b != nil && len(b.pending) > 0 }

// add takes records and pushes the batches that they fill; false when the
// source was stopped.
func (b *batcher) add(records []*engine.Record) bool {
	for len(records) > 0 {
		if len(b.pending) == 0 {
			b.timer = time.NewTimer(b.claim.node.batchTimeout)
		}
		n := min(b.size-len(b.pending), len(records))
		b.pending = append(b.pending, records[:n]...)
		records = records[n:]
		if len(b.pending) == b.size && !b.flush() {
			return false
		}
	}
	return true
}

// flush pushes the batch under way, if there is one; false when the source was
// stopped.
func (b *batcher) flush() bool {
	b.stop()
	if b == nil || len(b.pending) == 0 {
		return true
	}
	batch := batchOf(b.pending)
	b.pending = nil
	return b.claim.pushNow([]*engine.Record{batch})
}

// stop ends the wait for more. What is pending was never pushed and is read
// again by the next claim.
func (b *batcher) stop() {
	if b != nil && b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
}

// batchOf makes a batch of records of one partition. Of its origin it keeps
// what all of them agree on.
func batchOf(records []*engine.Record) *engine.Record {
	first, last := records[0], records[len(records)-1]
	batch := &engine.Record{
		Batch: records, Topic: first.Topic, Partition: first.Partition,
		Known: engine.KnownTopic | engine.KnownPartition,
	}
	if first == last {
		batch.Known = first.Known
		batch.Offset, batch.Timestamp, batch.Key, batch.Headers = first.Offset, first.Timestamp, first.Key, first.Headers
		return batch
	}
	sameKey, sameTime := true, true
	for _, r := range records[1:] {
		sameKey = sameKey && bytes.Equal(r.Key, first.Key) && (r.Key == nil) == (first.Key == nil)
		sameTime = sameTime && r.Timestamp.Equal(first.Timestamp)
	}
	if sameKey {
		batch.Key, batch.Known = first.Key, batch.Known|engine.KnownKey
	}
	if sameTime {
		batch.Timestamp, batch.Known = first.Timestamp, batch.Known|engine.KnownTimestamp
	}
	return batch
}
