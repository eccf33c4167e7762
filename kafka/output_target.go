package kafka

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/IBM/sarama"
)

// identity is what brokers know an idempotent producer by. Each partition has an
// epoch of its own, see target.
type identity struct {
	id    int64
	epoch int16 // the last that any partition has begun
	valid bool
}

// identify asks the cluster for a producer id, unless there is one.
func (o *output) identify(ctx context.Context) error {
	if o.producer.valid || !o.options.Idempotent {
		return nil
	}
	var id int64 // not o's: a goroutine that is left behind sets it
	err := o.await(ctx, func() (err error) {
		for range attempts {
			if id, err = o.askIdentity(); err == nil || !errors.Is(err, errConnection) {
				return err
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	o.producer = identity{id: id, valid: true}
	return nil
}

func (o *output) askIdentity() (int64, error) {
	broker := o.client.LeastLoadedBroker()
	if broker == nil {
		return 0, o.meet(sarama.ErrOutOfBrokers)
	}
	response, err := broker.InitProducerID(&sarama.InitProducerIDRequest{Version: 4, ProducerID: -1, ProducerEpoch: -1})
	if err != nil {
		_ = broker.Close() // the next use opens it again
		return 0, o.meet(err)
	}
	if response.Err != sarama.ErrNoError {
		return 0, response.Err
	}
	return response.ProducerID, nil
}

// meet asks who the brokers are, after one of them did not answer.
func (o *output) meet(cause error) error {
	var topics []string // none asks for all, which is for outputs that know none
	if o.options.Topic != "" {
		topics = []string{o.options.Topic}
	}
	return errors.Join(errConnection, cause, o.client.RefreshMetadata(topics...))
}

// target is one partition of an output topic.
type target struct {
	topic     string
	partition int32
	leader    string // its leader's address; "" is not known

	// The idempotent producer's state. Brokers keep it per partition, so that a
	// new epoch can begin here alone.
	id       int64
	epoch    int16
	sequence int32 // of the next new batch
	renew    bool  // begin a new epoch before the next new batch

	// Of one Write.
	queue     []int     // its messages, in order
	next      int       // the first of queue that was not yet handed over
	parts     [][]int   // pieces of a refused batch, which come before the rest of queue
	batch     []int     // messages handed over and not answered; nil is none
	tries     int       // of batch
	since     time.Time // its first try
	notBefore time.Time // its next try
	doubt     bool      // a try of it may have been stored: it must be sent again as it is
	stale     bool      // the leader must be asked for again
	busy      bool      // a request, or a question for the leader, is on its way
	alone     bool      // batch must not share a request

	// What batch is sent as. The slices are reused from batch to batch.
	set     *sarama.RecordBatch
	bytes   int // at most, before compression
	slab    []sarama.Record
	used    int // the longest slab of this Write
	refs    []*sarama.Record
	headers []sarama.RecordHeader
	named   []*sarama.RecordHeader
	names   []byte
}

// done says that nothing is left to do.
func (t *target) done() bool {
	return t.batch == nil && len(t.parts) == 0 && t.next == len(t.queue)
}

// take moves the next messages into batch, without those that are held back. It
// leaves batch nil when nothing is left.
func (t *target) take(d *delivery) {
	for t.batch == nil && len(t.parts) > 0 {
		part := t.parts[0]
		t.parts = t.parts[1:]
		kept := part[:0] // in place: what is dropped has been answered
		for _, i := range part {
			if !d.heldBack(i) {
				kept = append(kept, i)
			}
		}
		if len(kept) > 0 {
			t.batch = kept
		}
	}
	if t.batch == nil {
		t.batch = t.cut(d)
	}
	if t.batch != nil {
		t.tries, t.since, t.notBefore, t.alone, t.doubt = 0, time.Now(), time.Time{}, false, false
		t.pack(d)
	}
}

// recut drops from a batch, which is surely not stored, what is held back since
// it was taken: behind a record of its unit that has failed in another partition.
func (t *target) recut(d *delivery) {
	if len(d.failed) == 0 || t.batch == nil || t.busy || t.doubt {
		return
	}
	kept := t.batch[:0] // in place, as take does
	for _, i := range t.batch {
		if !d.heldBack(i) {
			kept = append(kept, i)
		}
	}
	switch len(kept) {
	case len(t.batch):
	case 0:
		t.batch = nil
	default:
		t.batch = kept
		t.pack(d)
	}
}

// cut takes as many messages from the queue as one batch may have.
func (t *target) cut(d *delivery) []int {
	kept, size := t.queue[t.next:t.next], batchOverhead // in place
	for _, i := range t.queue[t.next:] {
		if !d.heldBack(i) {
			if len(kept) > 0 && size+d.messages[i].size > d.options.BatchBytes {
				break
			}
			size += d.messages[i].size
			kept = append(kept, i)
		}
		t.next++
	}
	if len(kept) == 0 {
		return nil
	}
	return kept[:len(kept):len(kept)]
}

// The bytes that a batch and a record have at most beside keys, values and
// headers, and a header beside its name and value.
const (
	batchOverhead  = 61
	recordOverhead = 5*5 + 10 + 1
	headerOverhead = 2 * 5
)

// pack makes the record set of batch and gives it its sequence numbers.
func (t *target) pack(d *delivery) {
	t.slab, t.refs = t.slab[:0], t.refs[:0]
	t.headers, t.named, t.names = t.headers[:0], t.named[:0], t.names[:0]
	t.bytes = batchOverhead
	first := d.messages[t.batch[0]].millis
	last := first
	for n, i := range t.batch {
		m := &d.messages[i]
		t.bytes += m.size
		last = max(last, m.millis)
		t.slab = append(t.slab, sarama.Record{
			Headers:        t.pointers(m),
			Key:            m.Key,
			Value:          m.Value,
			OffsetDelta:    int64(n),
			TimestampDelta: time.Duration(m.millis-first) * time.Millisecond,
		})
	}
	for n := range t.slab { // the slab no longer moves
		t.refs = append(t.refs, &t.slab[n])
	}
	t.used = max(t.used, len(t.slab))
	t.set = &sarama.RecordBatch{
		Version:          2,
		Codec:            d.codec,
		CompressionLevel: sarama.CompressionLevelDefault,
		FirstTimestamp:   time.UnixMilli(first),
		MaxTimestamp:     time.UnixMilli(last),
		LastOffsetDelta:  int32(len(t.refs) - 1),
		Records:          t.refs,
		ProducerID:       -1,
		ProducerEpoch:    -1,
	}
	if d.options.Idempotent {
		t.number(&d.producer)
	}
}

// pointers are a message's headers as sarama wants them. What points into the
// slabs stays right when they grow: the old ones live on.
func (t *target) pointers(m *message) []*sarama.RecordHeader {
	if len(m.Headers) == 0 {
		return nil
	}
	start := len(t.named)
	for _, h := range m.Headers {
		from := len(t.names)
		t.names = append(t.names, h.Key...)
		t.headers = append(t.headers, sarama.RecordHeader{Key: t.names[from:len(t.names):len(t.names)], Value: h.Value})
		t.named = append(t.named, &t.headers[len(t.headers)-1])
	}
	return t.named[start:len(t.named):len(t.named)]
}

// number gives the set its place in the producer's sequence. What is sent a
// second time keeps the place, by which the broker knows it again. A new epoch
// is one that another partition has begun already, where there is such: Kafka
// asks only that it be higher, but the embedded broker knows one epoch for all
// partitions, and would refuse each until it has caught up with the others.
func (t *target) number(p *identity) {
	switch {
	case t.id != p.id:
		t.id, t.epoch, t.sequence = p.id, p.epoch, 0
	case t.renew && t.epoch < p.epoch:
		t.epoch, t.sequence = p.epoch, 0
	case t.renew:
		t.epoch, t.sequence = t.epoch+1, 0
		p.epoch = t.epoch
	}
	t.renew = false
	t.set.ProducerID, t.set.ProducerEpoch, t.set.FirstSequence = t.id, t.epoch, t.sequence
}

// advance counts an acknowledged batch; sequence numbers wrap after the largest.
func (t *target) advance() {
	n := int32(len(t.batch))
	if t.sequence > math.MaxInt32-n {
		t.sequence = n - (math.MaxInt32 - t.sequence) - 1
		return
	}
	t.sequence += n
}

// exhausted says that there is no further epoch.
func (t *target) exhausted() bool { return t.epoch == math.MaxInt16 }

// reset ends a Write: nothing of its records is held any longer.
func (t *target) reset() {
	clear(t.slab[:t.used])
	clear(t.headers[:cap(t.headers)])
	t.queue, t.next, t.parts, t.batch, t.set, t.used = t.queue[:0], 0, nil, nil, nil, 0
	t.busy = false
}
