package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

// unitHeader names the header from which the tests take a record's order unit.
const unitHeader = "unit"

// note makes a record for partition p of the output, by a key that goes there.
func note(value, unit string, key []byte) *engine.Record {
	return &engine.Record{Raw: []byte(value), Key: key, Headers: []engine.Header{{Key: unitHeader, Value: []byte(unit)}}}
}

func unitOf(r *engine.Record) any {
	for _, h := range r.Headers {
		if h.Key == unitHeader && len(h.Value) > 0 {
			return string(h.Value)
		}
	}
	return nil
}

// verbatim renders a record as it is.
func verbatim(r *engine.Record) (engine.Message, error) {
	return engine.Message{Topic: r.Topic, Key: r.Key, Value: r.Raw, Timestamp: r.Timestamp}, nil
}

// keysFor gives a key for each partition of a topic with n of them.
func keysFor(n int) [][]byte {
	keys := make([][]byte, n)
	for i, left := 0, n; left > 0; i++ {
		key := []byte("k" + strconv.Itoa(i))
		if p := (murmur2(key) & 0x7fffffff) % uint32(n); keys[p] == nil {
			keys[p] = key
			left--
		}
	}
	return keys
}

// openOutput opens an output to the broker's topic `out`, unless change says
// otherwise.
func openOutput(t testing.TB, broker *embedded.Broker, change func(*OutputOptions)) *output {
	t.Helper()
	options := OutputOptions{
		Connection: Connection{Brokers: broker.Addresses()},
		Topic:      "out", Render: verbatim, Idempotent: true,
	}
	if change != nil {
		change(&options)
	}
	o := NewOutput(options).(*output)
	o.unit, o.pause = unitOf, 5*time.Millisecond
	if err := o.Open(within(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(within(t)); err != nil {
			t.Error(err)
		}
	})
	return o
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// contents reads a topic with another client than ours: the messages of each
// partition, in order.
func contents(t testing.TB, broker *embedded.Broker, topic string) [][]*kgo.Record {
	t.Helper()
	infos := broker.Cluster().PartitionInfos(topic)
	out := make([][]*kgo.Record, len(infos))
	starts, left := map[int32]kgo.Offset{}, 0
	for _, info := range infos {
		starts[info.Partition] = kgo.NewOffset().AtStart()
		left += int(info.HighWatermark - info.LogStartOffset)
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(broker.Addresses()...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}),
		kgo.FetchMaxBytes(100<<20), kgo.BrokerMaxReadBytes(200<<20), kgo.FetchMaxPartitionBytes(100<<20),
		kgo.FetchMaxWait(10*time.Millisecond),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for left > 0 {
		fetches := client.PollFetches(within(t))
		if err := fetches.Err(); err != nil {
			t.Fatalf("%s: %d messages did not arrive: %v", topic, left, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			out[r.Partition] = append(out[r.Partition], r)
			left--
		})
	}
	return out
}

// values are the contents' values.
func values(messages [][]*kgo.Record) [][]string {
	out := make([][]string, len(messages))
	for p := range messages {
		for _, m := range messages[p] {
			out[p] = append(out[p], string(m.Value))
		}
	}
	return out
}

func checkValues(t *testing.T, broker *embedded.Broker, want ...[]string) {
	t.Helper()
	got := values(contents(t, broker, "out"))
	for p := range want {
		if !slices.Equal(got[p], want[p]) {
			t.Errorf("partition %d has %q, want %q", p, got[p], want[p])
		}
	}
}

// write writes and checks the kind of each answer: "" acknowledged, "refused",
// "held" back, "away" (the destination) or "wrong" (deterministic).
func write(t *testing.T, o *output, records []*engine.Record, want ...string) []error {
	t.Helper()
	errs := o.Write(within(t), records)
	for i := range records {
		var err error
		if errs != nil {
			err = errs[i]
		}
		if got := kind(err); got != want[min(i, len(want)-1)] {
			t.Errorf("record %d is %q, want %q: %v", i, got, want[min(i, len(want)-1)], err)
		}
	}
	return errs
}

func kind(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, engine.ErrHeldBack):
		return "held"
	case Classify(err) == engine.FaultRecord:
		return "refused"
	case Classify(err) == engine.FaultExpression:
		return "wrong"
	}
	return "away"
}

func TestWriteKeepsEverything(t *testing.T) {
	for _, compression := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		for _, idempotent := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s idempotent=%t", compression, idempotent), func(t *testing.T) {
				broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
				o := openOutput(t, broker, func(o *OutputOptions) {
					o.Compression, o.Idempotent = compression, idempotent
					o.Render = func(r *engine.Record) (engine.Message, error) {
						return engine.Message{Key: r.Key, Value: r.Raw, Headers: r.Headers, Timestamp: r.Timestamp}, nil
					}
				})
				at := time.UnixMilli(1_700_000_000_123)
				records := []*engine.Record{
					{Key: []byte("k"), Raw: []byte("v"), Timestamp: at, Headers: []engine.Header{
						{Key: "a", Value: []byte("1")}, {Key: "a", Value: nil}, {Key: "", Value: []byte{}},
					}},
					{Key: nil, Raw: nil, Timestamp: at.Add(-time.Hour)},
					{Key: []byte{}, Raw: []byte{}, Timestamp: time.UnixMilli(0), Headers: []engine.Header{{Key: "b", Value: []byte("2")}}},
				}
				write(t, o, records, "")
				write(t, o, records, "")
				got := contents(t, broker, "out")[0]
				if len(got) != 2*len(records) {
					t.Fatalf("%d messages, want %d", len(got), 2*len(records))
				}
				for i, m := range got {
					want := records[i%len(records)]
					if (m.Key == nil) != (want.Key == nil) || (m.Value == nil) != (want.Raw == nil) ||
						string(m.Key) != string(want.Key) || string(m.Value) != string(want.Raw) {
						t.Errorf("message %d is %q: %q, want %q: %q", i, m.Key, m.Value, want.Key, want.Raw)
					}
					if !m.Timestamp.Equal(want.Timestamp) {
						t.Errorf("message %d is of %s, want %s", i, m.Timestamp, want.Timestamp)
					}
					if len(m.Headers) != len(want.Headers) {
						t.Fatalf("message %d has %d headers, want %d", i, len(m.Headers), len(want.Headers))
					}
					for n, h := range want.Headers {
						if g := m.Headers[n]; g.Key != h.Key || string(g.Value) != string(h.Value) || (g.Value == nil) != (h.Value == nil) {
							t.Errorf("message %d, header %d is %q: %q, want %q: %q", i, n, g.Key, g.Value, h.Key, h.Value)
						}
					}
				}
			})
		}
	}
}

func TestWriteWithoutTimestampTakesNow(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	o := openOutput(t, broker, nil)
	before := time.Now().Add(-time.Second)
	write(t, o, []*engine.Record{note("a", "", nil)}, "")
	if got := contents(t, broker, "out")[0][0].Timestamp; got.Before(before) || got.After(time.Now().Add(time.Second)) {
		t.Errorf("the message is of %s", got)
	}
}

func TestWriteKeepsOrderAcrossBatchesAndPartitions(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 4}})
	o := openOutput(t, broker, func(o *OutputOptions) { o.BatchBytes = 500 })
	keys := keysFor(4)
	var records []*engine.Record
	want := make([][]string, 4)
	for i := range 1000 {
		p := i % 4
		records = append(records, note(strconv.Itoa(i), "u"+strconv.Itoa(p%2), keys[p]))
		want[p] = append(want[p], strconv.Itoa(i))
	}
	for len(records) > 0 {
		n := min(len(records), 123)
		write(t, o, records[:n], "")
		records = records[n:]
	}
	checkValues(t, broker, want...)
}

func TestWriteWithoutKeyKeepsAUnitTogether(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 3}})
	o := openOutput(t, broker, nil)
	var records []*engine.Record
	for i := range 30 {
		records = append(records, note(strconv.Itoa(i), "u"+strconv.Itoa(i%3), nil))
	}
	write(t, o, records, "")
	for p, got := range values(contents(t, broker, "out")) {
		if len(got) != 10 {
			t.Errorf("partition %d has %d messages, want the 10 of one unit", p, len(got))
		}
		for _, v := range got {
			if n, _ := strconv.Atoi(v); len(got) > 0 {
				if first, _ := strconv.Atoi(got[0]); n%3 != first%3 {
					t.Errorf("partition %d has %q, messages of several units", p, got)
					break
				}
			}
		}
	}
}

func TestOpenErrors(t *testing.T) {
	goleakLater(t)
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	for _, test := range []struct {
		name   string
		change func(*OutputOptions)
		want   []string
	}{
		{"no topic", func(o *OutputOptions) { o.Topic = "nowhere" }, []string{`"nowhere" does not exist`, broker.Addresses()[0]}},
		{"no broker", func(o *OutputOptions) {
			o.Brokers, o.ConnectTimeout = []string{unused(t)}, 200*time.Millisecond
		}, []string{"no broker"}},
		{"acks", func(o *OutputOptions) { o.Acks = "some" }, []string{`acks "some"`}},
		{"idempotent", func(o *OutputOptions) { o.Acks = AcksLeader }, []string{"idempotent needs acks: all"}},
		{"compression", func(o *OutputOptions) { o.Compression = "brotli" }, []string{"brotli"}},
		{"partitioner", func(o *OutputOptions) { o.Partitioner = "dice" }, []string{`partitioner "dice"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := OutputOptions{
				Connection: Connection{Brokers: broker.Addresses()}, Topic: "out", Render: verbatim, Idempotent: true,
			}
			test.change(&options)
			o := NewOutput(options)
			err := o.Open(within(t))
			if err == nil {
				t.Fatal("it opens")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			if err := o.Close(within(t)); err != nil {
				t.Errorf("closing after a failed opening: %v", err)
			}
		})
	}
	if info := broker.Cluster().TopicInfo("nowhere"); info != nil {
		t.Error("the topic was created by looking for it")
	}
}

func TestPartitioners(t *testing.T) {
	// The Java client's own test values for murmur2 (UtilsTest.testMurmur2).
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string":                       -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2 of %q is %d, want %d", key, got, want)
		}
	}
	for name, reference := range map[string]sarama.Partitioner{
		PartitionerMurmur2: sarama.NewMurmur2Partitioner("t"),
		PartitionerCRC32:   sarama.NewConsistentCRCHashPartitioner("t"),
		PartitionerFNV1a:   sarama.NewHashPartitioner("t"),
	} {
		hash, err := newHasher(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			key := "key " + strconv.Itoa(i*i)
			for _, n := range []int32{1, 3, 12, 50} {
				want, err := reference.Partition(&sarama.ProducerMessage{Key: sarama.StringEncoder(key)}, n)
				if err != nil {
					t.Fatal(err)
				}
				if got := int32(hash([]byte(key)) % uint32(n)); got != want {
					t.Errorf("%s puts %q into %d of %d, want %d", name, key, got, n, want)
				}
			}
		}
	}
}
