package kafkatest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"waterhealer/kafka/embedded"
)

// The embedded broker passes what the real one does.
func TestEmbedded(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	testBroker(t, b, connect(t, b.Addresses()))
}

func testBroker(t *testing.T, b Broker, witnesses ...Witness) {
	t.Run("witnesses", func(t *testing.T) { testWitnesses(t, b, witnesses...) })
	t.Run("transaction", func(t *testing.T) { testTransaction(t, b, witnesses...) })
	t.Run("topics", func(t *testing.T) { testTopics(t, b) })
	t.Run("commits", func(t *testing.T) { testCommits(t, b, witnesses...) })
}

// Each witness reads what each wrote, byte for byte.
func testWitnesses(t *testing.T, b Broker, witnesses ...Witness) {
	messages := []Message{
		{Partition: 0, Key: []byte("k"), Value: []byte(`{"a": "ü\n"}`), Headers: []Header{{"h", "1, x=y"}, {"h", ""}}},
		{Partition: 0, Key: []byte("tombstone")},
		{Partition: 0, Key: []byte{}, Value: []byte("empty key")},
		{Partition: 0, Value: []byte("null key\twith\na line")},
		{Partition: 0, Key: []byte("empty value"), Value: []byte{}},
		{Partition: 2, Key: []byte("k"), Value: []byte("other partition")},
	}
	for i, writer := range witnesses {
		topic := fmt.Sprintf("witness-%d", i)
		if err := b.CreateTopic(topic, 3); err != nil {
			t.Fatal(err)
		}
		for _, reader := range witnesses {
			if got := consume(t, reader, topic); len(got) != 0 {
				t.Fatalf("%T: a new topic holds %v", reader, got)
			}
		}
		if err := writer.Produce(t.Context(), topic, messages); err != nil {
			t.Fatal(err)
		}
		for _, reader := range witnesses {
			compare(t, fmt.Sprintf("written by %T, read by %T", writer, reader), consume(t, reader, topic), messages)
		}
	}
	for _, w := range witnesses {
		if _, err := w.Consume(t.Context(), "absent"); err == nil {
			t.Errorf("%T read a topic that does not exist", w)
		}
	}
}

// compare wants messages that were written to an empty topic in this order.
func compare(t *testing.T, name string, got, messages []Message) {
	t.Helper()
	if len(got) != len(messages) {
		t.Fatalf("%s: got %d messages, want %d: %v", name, len(got), len(messages), got)
	}
	next := make(map[int32]int64)
	for i, want := range messages {
		want.Timestamp, want.Offset = got[i].Timestamp, next[want.Partition]
		next[want.Partition]++
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("%s: message %d\n got %+v\nwant %+v", name, i, got[i], want)
		}
		if age := time.Since(got[i].Timestamp); age < -time.Second || age > time.Minute {
			t.Errorf("%s: message %d was written %v ago", name, i, age)
		}
	}
}

// A partition that ends with an aborted transaction has nothing to read after
// the committed record, and no reader waits for it.
func testTransaction(t *testing.T, b Broker, witnesses ...Witness) {
	if err := b.CreateTopic("transactions", 1); err != nil {
		t.Fatal(err)
	}
	writer := connect(t, b.Addresses(), kgo.TransactionalID("writer"))
	for _, outcome := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		if err := writer.kafka.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		value := fmt.Sprintf("commit: %v", bool(outcome))
		if err := writer.Produce(t.Context(), "transactions", []Message{{Value: []byte(value)}}); err != nil {
			t.Fatal(err)
		}
		if err := writer.kafka.EndTransaction(t.Context(), outcome); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range witnesses {
		got := consume(t, w, "transactions")
		if len(got) != 1 || string(got[0].Value) != "commit: true" {
			t.Errorf("%T: got %v, want the committed record alone", w, got)
		}
	}
}

func testTopics(t *testing.T, b Broker) {
	client := connect(t, b.Addresses())
	if err := b.CreateTopic("topics", 2); err != nil {
		t.Fatal(err)
	}
	if err := b.CreateTopic("topics", 2); err == nil {
		t.Error("a topic was made twice")
	}
	messages := []Message{{Partition: 1, Value: []byte("a")}, {Partition: 1, Value: []byte("b")}}
	if err := client.Produce(t.Context(), "topics", messages); err != nil {
		t.Fatal(err)
	}
	ends, err := client.Ends(t.Context(), "topics")
	if err != nil || !reflect.DeepEqual(ends, []int64{0, 2}) {
		t.Errorf("ends are %v, %v, want 0 and 2", ends, err)
	}
	if err := client.Produce(t.Context(), "unasked", messages); err == nil {
		t.Error("the broker made a topic that nobody asked for")
	}
}

// Offsets that a group commits are seen by the watcher and by both witnesses,
// in the middle of a partition and at its end.
func testCommits(t *testing.T, b Broker, witnesses ...Witness) {
	const topic, group = "commits", "watched"
	if err := b.CreateTopic(topic, 2); err != nil {
		t.Fatal(err)
	}
	client := connect(t, b.Addresses())
	for range 3 {
		if err := client.Produce(t.Context(), topic, []Message{{Value: []byte("v")}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range witnesses {
		if got := committed(t, w, group, topic); got != -1 {
			t.Errorf("%T: committed %d before anybody did", w, got)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	seen := make(chan Commit, 1000)
	watched := make(chan error, 1)
	go func() {
		watched <- client.Watch(ctx, group, 10*time.Millisecond, func(commits []Commit) {
			for _, commit := range commits {
				seen <- commit
			}
		})
	}()
	for _, offset := range []int64{0, 1, 3} {
		metadata := fmt.Sprintf("holes after %d", offset)
		commit(t, b, group, topic, offset, metadata)
		want := Commit{Topic: topic, Partition: 0, Offset: offset, Metadata: metadata}
		for got := range seen {
			if got == want {
				break
			}
			if got.Offset > offset {
				t.Fatalf("the watcher saw %+v before it was committed", got)
			}
		}
		for _, w := range witnesses {
			if got := committed(t, w, group, topic); got != offset {
				t.Errorf("%T: committed %d, want %d", w, got, offset)
			}
		}
	}
	stop()
	if err := <-watched; err != nil {
		t.Error(err)
	}
}

func connect(t *testing.T, addresses []string, options ...kgo.Opt) *Client {
	t.Helper()
	client, err := Connect(addresses, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func consume(t *testing.T, w Witness, topic string) []Message {
	t.Helper()
	messages, err := w.Consume(t.Context(), topic)
	if err != nil {
		t.Fatalf("%T: reading %s: %v", w, topic, err)
	}
	return messages
}

func committed(t *testing.T, w Witness, group, topic string) int64 {
	t.Helper()
	offset, err := w.Committed(t.Context(), group, topic, 0)
	if err != nil {
		t.Fatalf("%T: %v", w, err)
	}
	return offset
}

// commit writes an offset of partition 0 for a group without members.
func commit(t *testing.T, b Broker, group, topic string, offset int64, metadata string) {
	t.Helper()
	partition := kmsg.NewOffsetCommitRequestTopicPartition()
	partition.Offset, partition.Metadata = offset, &metadata
	topics := kmsg.NewOffsetCommitRequestTopic()
	topics.Topic, topics.Partitions = topic, append(topics.Partitions, partition)
	request := kmsg.NewPtrOffsetCommitRequest()
	request.Group, request.Topics = group, append(request.Topics, topics)
	client := connect(t, b.Addresses(), kgo.MaxVersions(kversion.V3_9_0())) // later ones want the topic's id
	answer, err := request.RequestWith(t.Context(), client.kafka)
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(answer.Topics[0].Partitions[0].ErrorCode); err != nil {
		t.Fatal(err)
	}
}
