package kafka

import (
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// settle handles the broker's answer for one partition.
func (d *delivery) settle(t *target, block *sarama.ProduceResponseBlock) {
	var err error = block.Err
	if block.ErrorMessage != nil && *block.ErrorMessage != "" {
		err = fmt.Errorf("%w: %s", block.Err, *block.ErrorMessage)
	}
	switch block.Err {
	case sarama.ErrNoError, sarama.ErrDuplicateSequenceNumber: // the latter: an earlier try got through
		t.advance()
		t.batch = nil
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID, sarama.ErrInvalidProducerEpoch,
		sarama.ErrProducerFenced, sarama.ErrInvalidProducerIDMapping:
		t.doubt = true
		d.resequence(t, err)
	case sarama.ErrNotLeaderForPartition, sarama.ErrLeaderNotAvailable, sarama.ErrUnknownTopicOrPartition,
		sarama.ErrNotEnoughReplicas, sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch,
		sarama.ErrThrottlingQuotaExceeded: // it was not stored
		d.retry(t, err)
	case sarama.ErrRequestTimedOut, sarama.ErrNotEnoughReplicasAfterAppend, sarama.ErrNetworkException,
		sarama.ErrKafkaStorageError, sarama.ErrBrokerNotAvailable, sarama.ErrReplicaNotAvailable,
		sarama.ErrInvalidMessage:
		t.doubt = true
		d.retry(t, err)
	default:
		if Classify(block.Err) == engine.FaultRecord {
			d.refuse(t, err, block.RecordErrors)
			return
		}
		d.giveUp(t, err)
	}
}

// retry sends the same batch again, a little later and to whoever leads then.
func (d *delivery) retry(t *target, err error) {
	t.tries++
	if t.tries >= attempts || time.Since(t.since) > patience {
		d.giveUp(t, err)
		return
	}
	t.stale = true
	t.notBefore = time.Now().Add(d.pause << (t.tries - 1))
}

// resequence sends a batch again in a new epoch, after the broker and we lost
// count of each other. If the batch was stored by an earlier try, it is now
// stored twice: at least once.
func (d *delivery) resequence(t *target, err error) {
	if t.exhausted() {
		d.giveUp(t, err)
		return
	}
	d.log().Warn("kafka output starts a new producer epoch", "topic", t.topic, "partition", t.partition, "error", err)
	t.renew = true
	t.pack(d) // anew: sarama keeps what it has encoded
	d.retry(t, err)
}

// refuse handles a batch that the broker does not want because of what is in
// it. One message alone has failed. Of several, the ones that the broker names
// are sent alone, or else each half, until the bad ones stand alone: the broker
// itself then says of each what is wrong. Order is kept, since the pieces go
// one after another.
func (d *delivery) refuse(t *target, err error, named []sarama.ProduceResponseRecordError) {
	batch := t.batch
	t.batch = nil
	if len(batch) == 1 {
		if len(named) == 1 && named[0].BatchIndexErrorMessage != nil {
			err = fmt.Errorf("%w: %s", err, *named[0].BatchIndexErrorMessage)
		}
		d.fail(batch[0], engine.Refused(t.wrap(err)))
		return
	}
	t.parts = append(pieces(batch, named), t.parts...)
}

// pieces cuts a batch of at least two around its first named record, or in half.
func pieces(batch []int, named []sarama.ProduceResponseRecordError) [][]int {
	bad := len(batch)
	for _, n := range named {
		if 0 <= n.BatchIndex && int(n.BatchIndex) < bad {
			bad = int(n.BatchIndex)
		}
	}
	cuts := [2]int{len(batch) / 2, len(batch)}
	if bad < len(batch) {
		cuts = [2]int{bad, bad + 1}
	}
	var out [][]int
	for _, piece := range [][]int{batch[:cuts[0]], batch[cuts[0]:cuts[1]], batch[cuts[1]:]} {
		if len(piece) > 0 {
			out = append(out, piece[:len(piece):len(piece)])
		}
	}
	return out
}

// giveUp fails all that is left for a partition. The fate of the batch may be
// unknown; the new epoch keeps an old request from being stored later.
func (d *delivery) giveUp(t *target, err error) {
	err = destination(t.wrap(err))
	t.renew, t.stale = true, true
	if t.exhausted() {
		d.producer.valid = false
	}
	for _, i := range t.batch {
		d.fail(i, err)
	}
	for _, part := range append(t.parts, t.queue[t.next:]) {
		for _, i := range part {
			if !d.heldBack(i) {
				d.fail(i, err)
			}
		}
	}
	t.batch, t.parts, t.next = nil, nil, len(t.queue)
}

// wrap says where.
func (t *target) wrap(err error) error {
	return fmt.Errorf("kafka: topic %q partition %d: %w", t.topic, t.partition, err)
}
