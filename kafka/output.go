package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// The values of [OutputOptions] that are words.
const (
	AcksAll    = "all"    // all in-sync replicas have the message
	AcksLeader = "leader" // the partition's leader has it

	PartitionerMurmur2 = "murmur2" // the Java client's
	PartitionerCRC32   = "crc32"   // librdkafka's
	PartitionerFNV1a   = "fnv1a"   // sarama's
)

// defaultBatchBytes is below what brokers take by default (1 MiB and 12 bytes),
// reckoned before compression.
const defaultBatchBytes = 1 << 20

// OutputOptions are the settings of a `kafka` output.
type OutputOptions struct {
	Connection
	// Topic is where messages go that name no topic themselves, and what Open
	// checks; "" where every message names its own.
	Topic  string
	Render engine.Render
	// Acks is AcksAll (the default, "") or AcksLeader.
	Acks string
	// Idempotent keeps a message that is sent twice, after its acknowledgement
	// was lost, from being stored twice. It needs AcksAll.
	Idempotent  bool
	Compression string        // none ("" too), gzip, snappy, lz4 or zstd
	Linger      time.Duration // least time between small writes; see [output.Write]
	Partitioner string        // "" is PartitionerMurmur2
	// MaxMessageBytes refuses larger messages before they are sent; 0 leaves it
	// to the brokers, up to what one request can carry.
	MaxMessageBytes int
	// BatchBytes bounds a batch that has more than one message; 0 is 1 MiB.
	BatchBytes int
}

// output writes messages to Kafka. It does not use sarama's AsyncProducer: that
// one answers message by message over channels, fails a whole partition's set
// with one error, keeps what it has buffered when the caller has given up, and
// lets a later message overtake one that failed. Here a slice of records is one
// call with one exact answer per record.
//
// Each Write builds one batch per output partition and sends one request per
// broker at a time, to all brokers in parallel. All state belongs to the
// goroutine in Write; the goroutines that it starts carry one request each and
// hand the answer back over a channel.
type output struct {
	options     OutputOptions
	acks        sarama.RequiredAcks
	codec       sarama.CompressionCodec
	partitioner hasher
	unit        func(*engine.Record) any
	pause       time.Duration // before the second try of a batch; it doubles

	client   sarama.Client
	abort    context.CancelFunc    // breaks off client's connections
	watch    *watch                // of all connections
	seen     atomic.Pointer[watch] // the same, for who looks from outside
	silence  silence
	config   *sarama.Config // of the connections that carry messages
	producer identity
	topics   map[string]*topic
	links    map[string]*link
	round    int            // counts the Writes, from 1
	finished time.Time      // when the last Write ended, for linger
	running  sync.WaitGroup // goroutines that ask for metadata

	messages []message // of one Write, reused
	active   []*target // likewise
}

// NewOutput makes a `kafka` output, which must be opened before it is used.
//
// Delivery is at least once. Within one Write the same batch is sent with the
// same sequence numbers until its fate is known, so that with Idempotent a lost
// acknowledgement makes no duplicate. A Write that gives up on a batch whose
// fate is unknown starts a new producer epoch for that partition: the broker
// then refuses the old batch should it still be under way, and a repetition by
// the engine may store its messages again.
func NewOutput(o OutputOptions) engine.Output {
	if o.BatchBytes <= 0 {
		o.BatchBytes = defaultBatchBytes
	}
	return &output{
		options: o, round: 1, unit: (*engine.Record).Unit, pause: retryPause, silence: writerSilence(),
		topics: map[string]*topic{}, links: map[string]*link{},
	}
}

// Open connects and, where the topic is known, checks that it exists.
func (o *output) Open(ctx context.Context) error {
	if err := o.choose(); err != nil {
		return err
	}
	config := o.options.Config()
	// What a Write needs to know is one topic, not the whole cluster, and Write
	// has its own tries.
	config.Metadata.Full = false
	config.Metadata.Retry.Max = 2
	config.Metadata.Retry.Backoff = 100 * time.Millisecond
	config.Net.ReadTimeout = askTimeout
	life, abort := context.WithCancel(context.WithoutCancel(ctx))
	watch := newWatch(o.options.Connection, "", o.silence)
	o.seen.Store(watch)
	watch.over(life, config)
	client, err := o.options.Client(ctx, config)
	if err != nil {
		abort()
		watch.stop()
		return err
	}
	o.client, o.abort, o.watch = client, abort, watch
	o.config = o.options.Config()
	o.config.Net.ReadTimeout = 2 * ackTimeout
	if err := o.check(ctx); err != nil {
		return errors.Join(err, o.Close(ctx))
	}
	for _, broker := range client.Brokers() {
		watch.know(broker.Addr())
	}
	return nil
}

// choose turns words into what they stand for.
func (o *output) choose() error {
	switch o.options.Acks {
	case "", AcksAll:
		o.acks = sarama.WaitForAll
	case AcksLeader:
		o.acks = sarama.WaitForLocal
	default:
		return fmt.Errorf("kafka output: acks %q, want %s or %s", o.options.Acks, AcksAll, AcksLeader)
	}
	if o.options.Idempotent && o.acks != sarama.WaitForAll {
		return fmt.Errorf("kafka output: idempotent needs acks: %s", AcksAll)
	}
	if o.options.Compression != "" {
		if err := o.codec.UnmarshalText([]byte(o.options.Compression)); err != nil {
			return fmt.Errorf("kafka output: compression: %w", err)
		}
	}
	var err error
	o.partitioner, err = newHasher(o.options.Partitioner)
	return err
}

// check finds out at the start what would otherwise fail the first record. What
// passes by itself is asked for again until ConnectTimeout is over: a broker that
// has just started has no producer ids to give, and a new topic no leaders.
func (o *output) check(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, o.options.connectTimeout())
	defer cancel()
	pause := firstPause
	for {
		err := o.checkOnce(ctx)
		if err == nil || !passing(err) {
			return err
		}
		o.log().Debug("kafka output is not ready yet, asking again", "error", err)
		select {
		case <-limited.Done():
			return err
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		}
	}
}

func (o *output) checkOnce(ctx context.Context) error {
	var err error
	if o.options.Topic != "" {
		_, err = o.lookup(ctx, o.options.Topic)
	} else {
		err = o.await(ctx, func() error { return o.client.RefreshMetadata() })
		if len(o.client.Brokers()) > 0 {
			err = nil // some topic of the cluster is not well
		}
	}
	if err != nil {
		return fmt.Errorf("kafka output: %w", err)
	}
	if err := o.identify(ctx); err != nil {
		return fmt.Errorf("kafka output: an idempotent producer's id from %s: %w", o.options.names(), err)
	}
	return nil
}

// Close ends the connections. What was written is acknowledged by then, since
// Write returns no earlier.
func (o *output) Close(ctx context.Context) error {
	for _, l := range o.links {
		l.close()
	}
	if o.client == nil || o.client.Closed() {
		return nil
	}
	o.abort()
	o.watch.stop()
	for _, broker := range o.client.Brokers() {
		_ = broker.Close() // the client closes them in the background, which a caller cannot await
	}
	err := o.client.Close()
	idle := make(chan struct{})
	go func() { o.running.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-ctx.Done():
	}
	return err
}

// await runs ask, which blocks without a context, and returns early when ctx is
// done. Close waits for what is left behind.
func (o *output) await(ctx context.Context, ask func() error) error {
	answer := make(chan error, 1)
	o.running.Go(func() { answer <- ask() })
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *output) log() *slog.Logger { return o.options.logger() }
