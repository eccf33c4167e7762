package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// message is a rendered record on its way.
type message struct {
	engine.Message
	millis int64 // its timestamp since 1970
	size   int   // at most, in a batch, before compression
}

// delivery is one Write: its messages, where they are, and what became of them.
// Only the goroutine in Write touches it.
type delivery struct {
	*output
	records  []*engine.Record
	messages []message
	errs     []error     // nil as long as nothing failed
	failed   map[any]int // the first record of each unit that failed

	active  []*target
	answers chan answer
	flying  int // requests and questions that will be answered
}

// Write writes all records and returns what became of each, see
// [engine.Output]. Batches that fail for want of a leader, a connection or
// replicas are sent again a few times; then the errors are the engine's to
// repeat. When ctx is done, what was not acknowledged fails.
//
// A Write of little starts no earlier than Linger after the one before it ended:
// meanwhile the engine gathers more for it.
func (o *output) Write(ctx context.Context, records []*engine.Record) []error {
	d := &delivery{output: o, records: records, messages: o.messages[:0], active: o.active[:0]}
	defer d.end()
	o.round++
	if err := o.identify(ctx); err != nil {
		return d.all(fmt.Errorf("kafka: an idempotent producer's id from %s: %w", o.options.names(), err))
	}
	total := d.prepare(ctx)
	if err := o.linger(ctx, len(records), total); err != nil {
		return d.all(err)
	}
	d.answers = make(chan answer, len(d.active)+1)
	d.run(ctx)
	return d.errs
}

// lingerMost is how many records do not wait for more, however small they are. The
// engine gives some thousands at once where there is a backlog, which is to be worked
// off as fast as it goes.
const lingerMost = 1000

// linger waits for the rest of the time between small writes.
func (o *output) linger(ctx context.Context, records, bytes int) error {
	rest := o.options.Linger - time.Since(o.finished)
	if o.options.Linger <= 0 || rest <= 0 || records >= lingerMost || bytes >= o.options.BatchBytes {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rest):
		return nil
	}
}

// end keeps what can be used again, and nothing of the records.
func (d *delivery) end() {
	for _, t := range d.active {
		t.reset()
	}
	clear(d.messages)
	clear(d.active)
	d.output.messages, d.output.active = d.messages[:0], d.active[:0]
	if d.errs != nil {
		maps.DeleteFunc(d.topics, func(_ string, t *topic) bool {
			return t.err != nil && len(t.targets) == 0 // a record may name anything
		})
	}
	d.finished = time.Now()
}

// prepare renders the records, in order, and lines each up at its partition.
// What fails here is never sent, nor what comes after it in its unit. It
// returns the bytes of what remains.
func (d *delivery) prepare(ctx context.Context) int {
	total := 0
	for i, r := range d.records {
		d.messages = append(d.messages, message{})
		if d.heldBack(i) {
			continue
		}
		m := &d.messages[i]
		if err := d.render(r, m); err != nil {
			d.fail(i, err)
			continue
		}
		t, err := d.place(ctx, r, m)
		if err != nil {
			d.fail(i, destination(err))
			continue
		}
		if t.done() {
			d.active = append(d.active, t)
		}
		t.queue = append(t.queue, i)
		total += m.size
	}
	return total
}

// render makes the message and checks what brokers would refuse anyway.
func (d *delivery) render(r *engine.Record, m *message) error {
	rendered, err := d.options.Render(r)
	if err != nil {
		var fault *engine.FaultError
		if !errors.As(err, &fault) {
			err = engine.Deterministic(err)
		}
		return err
	}
	m.Message = rendered
	if m.Topic == "" {
		m.Topic = d.options.Topic
	}
	if err := checkTopic(m.Topic); err != nil {
		return engine.Refused(err)
	}
	if m.Timestamp.IsZero() {
		m.Timestamp = time.Now()
	}
	m.millis = m.Timestamp.UnixMilli()
	if m.millis < 0 || m.millis > maxMillis {
		return engine.Refused(fmt.Errorf("kafka: a message cannot have the timestamp %s", m.Timestamp.UTC().Format(time.RFC3339)))
	}
	m.size = recordOverhead + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		m.size += headerOverhead + len(h.Key) + len(h.Value)
	}
	limit := int(sarama.MaxRequestSize) - requestOverhead
	if d.options.MaxMessageBytes > 0 {
		limit = min(limit, d.options.MaxMessageBytes)
	}
	if size := m.size - recordOverhead; size > limit {
		return engine.Refused(fmt.Errorf("kafka: the message is too large for topic %q: %d bytes, the limit is %d", m.Topic, size, limit))
	}
	return nil
}

const (
	// maxMillis is the last timestamp that sarama can carry, in the year 2262.
	maxMillis = 1<<63/1_000_000 - 1
	// requestOverhead is ample for what a request holds beside its batches.
	requestOverhead = 10 << 10
	// requestBytes is how much one request takes together; a larger batch goes
	// alone.
	requestBytes = 32 << 20
)

// checkTopic knows Kafka's rules for names.
func checkTopic(name string) error {
	switch {
	case name == "":
		return errors.New("kafka: the message names no topic")
	case name == "." || name == ".." || len(name) > 249:
		return fmt.Errorf("kafka: %q cannot be the name of a topic", name)
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("kafka: %q cannot be the name of a topic", name)
		}
	}
	return nil
}

// place finds the partition of a message.
func (d *delivery) place(ctx context.Context, r *engine.Record, m *message) (*target, error) {
	t, err := d.lookup(ctx, m.Topic)
	if err != nil {
		return nil, err
	}
	if m.Key == nil {
		return t.target(t.keyless(d.unit(r), m.size)), nil
	}
	n := uint32(len(t.partitions))
	return t.target(t.partitions[d.partitioner(m.Key)%n]), nil
}

// heldBack says that a message waits for one that failed, and notes it.
func (d *delivery) heldBack(i int) bool {
	if len(d.failed) == 0 {
		return false
	}
	unit := d.unit(d.records[i])
	if unit == nil {
		return false
	}
	if first, ok := d.failed[unit]; !ok || i < first {
		return false
	}
	d.errs[i] = engine.ErrHeldBack
	return true
}

// fail notes what became of a message, and that its unit must wait for it.
func (d *delivery) fail(i int, err error) {
	if d.errs == nil {
		d.errs = make([]error, len(d.records))
		d.failed = map[any]int{}
	}
	d.errs[i] = err
	if unit := d.unit(d.records[i]); unit != nil {
		if first, ok := d.failed[unit]; !ok || i < first {
			d.failed[unit] = i
		}
	}
}

// all fails every record for one reason, before anything was sent: the first of
// each unit with the reason, the rest behind it.
func (d *delivery) all(err error) []error {
	for i := range d.records {
		if d.errs != nil && d.errs[i] != nil || d.heldBack(i) {
			continue
		}
		d.fail(i, destination(err))
	}
	return d.errs
}

// destination marks an error as one about the destination, whatever it wraps.
func destination(err error) error {
	return &engine.FaultError{Fault: engine.FaultDestination, Err: err}
}
