package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"waterhealer/kafka/embedded"
)

// TestMain checks that no goroutine is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// longEnough is how long a test waits for what must come.
const longEnough = 20 * time.Second

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	eventuallyWithin(t, longEnough, what, ok)
}

// eventuallyWithin waits for what takes more work than most.
func eventuallyWithin(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(limit)
	for !ok() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited %s: %s", limit, what)
		}
	}
}

// brokers is any cluster.
type brokers interface{ Addresses() []string }

func testLogger(t *testing.T) *slog.Logger {
	t.Helper()
	level := slog.LevelError
	if os.Getenv("TEST_LOG") != "" {
		level = slog.LevelDebug
		sarama.Logger = saramaLog{}
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

type saramaLog struct{}

func (saramaLog) Print(v ...any)                 { fmt.Fprintln(os.Stderr, append([]any{"sarama:"}, v...)...) }
func (saramaLog) Printf(format string, v ...any) { fmt.Fprintf(os.Stderr, "sarama: "+format, v...) }
func (saramaLog) Println(v ...any)               { fmt.Fprintln(os.Stderr, append([]any{"sarama:"}, v...)...) }

// sourceBroker starts an embedded broker that allows short sessions.
func sourceBroker(t *testing.T, topics map[string]int32) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(embedded.Options{Topics: topics, Cluster: []kfake.Opt{
		kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0", "message.max.bytes": "104857600"}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// produce writes values to a partition and returns the offset of the first.
func produceValues(t *testing.T, b brokers, topic string, partition int32, values ...string) int64 {
	t.Helper()
	messages := make([]*sarama.ProducerMessage, len(values))
	for i, v := range values {
		messages[i] = &sarama.ProducerMessage{Topic: topic, Partition: partition, Value: sarama.StringEncoder(v)}
	}
	return produceAll(t, b, messages...)
}

func produceAll(t *testing.T, b brokers, messages ...*sarama.ProducerMessage) int64 {
	t.Helper()
	config := Connection{Brokers: b.Addresses()}.Config()
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.MaxMessageBytes = 90 << 20
	producer, err := sarama.NewSyncProducer(b.Addresses(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	if err := producer.SendMessages(messages); err != nil {
		t.Fatal(err)
	}
	return messages[0].Offset
}

// numbered are n values that start with prefix.
func numbered(prefix string, n int) []string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return values
}

// control asks the broker as an administrator.
func control(t *testing.T, b brokers, group string) *cluster {
	t.Helper()
	connection := Connection{Brokers: b.Addresses()}
	c, err := openCluster(t.Context(), connection, group, sarama.ReadCommitted, newWatch(connection, group, memberSilence(time.Minute)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// committedAt is the committed offset of a partition, -1 for none.
func committedAt(t *testing.T, c *cluster, topic string, partition int32) committed {
	t.Helper()
	p := place{topic, partition}
	found, err := c.committedOffsets(context.Background(), []place{p})
	if err != nil {
		t.Fatal(err)
	}
	return found[p]
}

// options of a source in tests.
type sourceTest struct {
	membership membership
	node       sourceNode
	settings   SourceSettings
}

func newSource(t *testing.T, b brokers, change func(*sourceTest), topics ...string) *group {
	t.Helper()
	o := sourceTest{
		membership: membership{
			group: "g", isolation: sarama.ReadCommitted, rebalance: []string{defaultRebalance},
			sessionTimeout: 2 * time.Second, rebalanceTimeout: 6 * time.Second,
		},
		node:     sourceNode{name: "in", topics: topics, start: startPolicy{logStart}, metadataLimit: defaultMetadataLimit},
		settings: SourceSettings{CommitInterval: 20 * time.Millisecond, Logger: testLogger(t), ConnectTimeout: longEnough},
	}
	if change != nil {
		change(&o)
	}
	return newGroup(o.membership, Connection{Brokers: b.Addresses()}, []SourceSettings{o.settings}, []*sourceNode{&o.node})
}

// running is a source under test.
type running struct {
	*group
	cancel context.CancelFunc
	done   chan error
	once   sync.Once
	err    error
}

// runSource runs a source until the test is over.
func runSource(t *testing.T, g *group, in intake) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{group: g, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- g.run(ctx, in) }()
	t.Cleanup(func() { r.close(t) })
	return r
}

// ends waits for Run to return by itself.
func (r *running) result(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		r.done <- err
		return err
	case <-time.After(longEnough):
		t.Fatal("the source goes on")
		return nil
	}
}

// close stops the source and closes it.
func (r *running) close(t *testing.T) error {
	t.Helper()
	r.once.Do(func() {
		r.cancel()
		if err := <-r.done; err != nil {
			t.Logf("the source ended with: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), longEnough)
		defer cancel()
		r.err = r.Close(ctx)
	})
	return r.err
}
