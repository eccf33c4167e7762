package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// broker is the cluster that a suite runs on, with its witnesses.
type broker struct {
	kafkatest.Broker
	// witness writes the input and reads the output: kcat on a real Kafka.
	witness kafkatest.Witness
	// client watches committed offsets and makes transactions.
	client *kafkatest.Client
	number int
}

// topics makes topics with names of this test's own.
func (b *broker) topics(t *testing.T, partitions int32, names ...string) []string {
	t.Helper()
	b.number++
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%s-%d", name, b.number)
		if err := b.CreateTopic(out[i], partitions); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func (b *broker) env(more ...string) []string {
	return append([]string{"KAFKA_BROKERS=" + strings.Join(b.Addresses(), ",")}, more...)
}

func (b *broker) produce(t *testing.T, topic string, messages ...kafkatest.Message) {
	t.Helper()
	if err := b.witness.Produce(t.Context(), topic, messages); err != nil {
		t.Fatal(err)
	}
}

func (b *broker) consume(t *testing.T, topic string) []kafkatest.Message {
	t.Helper()
	messages, err := b.witness.Consume(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func (b *broker) committed(t *testing.T, group, topic string, want ...int64) {
	t.Helper()
	for partition, offset := range want {
		got, err := b.witness.Committed(t.Context(), group, topic, int32(partition))
		if err != nil {
			t.Fatal(err)
		}
		if got != offset {
			t.Errorf("group %s has committed %d on %s/%d, want %d", group, got, topic, partition, offset)
		}
	}
}

// numbers are messages with the values from..to-1, spread over partitions.
func numbers(from, to int, partitions int) []kafkatest.Message {
	out := make([]kafkatest.Message, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, kafkatest.Message{
			Partition: int32(i % partitions),
			Key:       fmt.Appendf(nil, "k%d", i%100),
			Value:     fmt.Appendf(nil, `{"id": %d, "note": "record"}`, i),
		})
	}
	return out
}

// linear is a pipeline from one topic to another.
func linear(in, out, group, operators string, more ...string) string {
	return fmt.Sprintf(`
sources:
  - name: in
    kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [%s], group: %s, session_timeout: 6s%s}
operators:
%s
sinks:
  - name: out
    healing:
      interval: 100ms
      to: {kafka: {topic: %s}}
`, in, group, strings.Join(more, ""), operators, out)
}

// suite is what must hold on every broker.
func suite(t *testing.T, b *broker) {
	t.Run("ToTheEnd", func(t *testing.T) { testToTheEnd(t, b) })
	t.Run("HaltAndRestart", func(t *testing.T) { testHaltAndRestart(t, b) })
	t.Run("SignalDrains", func(t *testing.T) { testSignalDrains(t, b) })
	t.Run("StaticMember", func(t *testing.T) { testStaticMember(t, b) })
	t.Run("Rebalance", func(t *testing.T) { testRebalance(t, b) })
	t.Run("EvictedElement", func(t *testing.T) { testEvictedElement(t, b) })
	t.Run("Payloads", func(t *testing.T) { testPayloads(t, b) })
	t.Run("NestedBatches", func(t *testing.T) { testNestedBatches(t, b) })
	t.Run("Transactions", func(t *testing.T) { testTransactions(t, b) })
	t.Run("OutOfRange", func(t *testing.T) { testOutOfRange(t, b) })
	t.Run("HugeRecord", func(t *testing.T) { testHugeRecord(t, b) })
	t.Run("Heal", func(t *testing.T) { testHeal(t, b) })
	t.Run("HealKilled", func(t *testing.T) { testHealKilled(t, b) })
	t.Run("KilledAgainAndAgain", func(t *testing.T) { testKilled(t, b) })
	t.Run("SecondSignal", func(t *testing.T) { testSecondSignal(t, b) })
	t.Run("SlidingKilled", func(t *testing.T) { testSlidingKilled(t, b) })
	t.Run("Supervise", func(t *testing.T) { testSupervise(t, b) })
	t.Run("Metrics", func(t *testing.T) { testMetrics(t, b) })
	t.Run("Traces", func(t *testing.T) { testTraces(t, b) })
	t.Run("TracesWithoutCollector", func(t *testing.T) { testTracesWithoutCollector(t, b) })
}

// The main job: filter, map, batch, heal to a topic.
func testToTheEnd(t *testing.T, b *broker) {
	names := b.topics(t, 4, "numbers", "even")
	b.produce(t, names[0], numbers(0, 5000, 4)...)
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "to-the-end",
		"  - filter: value.id % 2 == 0\n  - map: {id: value.id, twice: value.id * 2}\n  - partition: {size: 100, timeout: 500ms}"))
	if code, _ := run(t, b.env(), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	got := make(map[string]bool)
	for _, m := range b.consume(t, names[1]) {
		got[string(m.Value)] = true
	}
	for i := 0; i < 5000; i += 2 {
		if want := fmt.Sprintf(`{"id":%d,"twice":%d}`, i, 2*i); !got[want] {
			t.Fatalf("%s did not arrive", want)
		}
	}
	if len(got) != 2500 {
		t.Errorf("%d different messages arrived, want 2500", len(got))
	}
	b.committed(t, "to-the-end", names[0], 1250, 1250, 1250, 1250)
}

// A failing record halts; what is before it is committed, it is not, and the
// next run starts at it.
func testHaltAndRestart(t *testing.T, b *broker) {
	names := b.topics(t, 1, "rows", "plus-one")
	var rows []kafkatest.Message
	for i := 1; i <= 6; i++ {
		rows = append(rows, kafkatest.Message{Value: fmt.Appendf(nil, "%d", i)})
	}
	b.produce(t, names[0], rows...)
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "plus-one",
		`  - map: 'value > ${LIMIT:-3} ? fail("row is bigger than 3!") : value + 1'`, ", instance_id: one"))
	for range 2 {
		code, p := run(t, b.env(), time.Minute, "run", pipeline, "--until-end")
		if code != 1 {
			t.Fatalf("exit code %d, want 1", code)
		}
		for _, part := range []string{names[0] + "/0/3", "map-1", "p.yaml:6:", "row is bigger than 3!"} {
			if !strings.Contains(p.stderr.String(), part) {
				t.Errorf("stderr does not say %q", part)
			}
		}
		b.committed(t, "plus-one", names[0], 3)
		if got := len(b.consume(t, names[1])); got != 3 {
			t.Errorf("%d messages arrived, want 3", got)
		}
	}
	if code, _ := run(t, b.env("LIMIT=9"), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d after the mending", code)
	}
	b.committed(t, "plus-one", names[0], 6)
	if got := len(b.consume(t, names[1])); got != 6 {
		t.Errorf("%d messages arrived after the mending, want 6", got)
	}
}

// SIGTERM drains and commits: nothing is done again by the next run.
func testSignalDrains(t *testing.T, b *broker) {
	names := b.topics(t, 2, "live", "copy")
	b.produce(t, names[0], numbers(0, 1000, 2)...)
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "drains", "  - map: value"))
	p := start(t, b.env(), "run", pipeline)
	until(t, 30*time.Second, "all records arrive", func(ctx context.Context) (bool, error) {
		ends, err := b.client.Ends(ctx, names[1])
		return err == nil && ends[0]+ends[1] >= 1000, err
	})
	p.signal(os.Interrupt)
	if code := p.wait(30 * time.Second); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	b.committed(t, "drains", names[0], 500, 500)
	if code, _ := run(t, b.env(), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d of the second run", code)
	}
	if got := len(b.consume(t, names[1])); got != 1000 {
		t.Errorf("%d messages in the output, want 1000: nothing was to be done again", got)
	}
}

// A static member that was killed goes on in under a second.
func testStaticMember(t *testing.T, b *broker) {
	names := b.topics(t, 2, "static", "static-copy")
	b.produce(t, names[0], numbers(0, 100, 2)...)
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "static", "  - map: value", ", instance_id: one"))
	arrived := func(n int64) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			ends, err := b.client.Ends(ctx, names[1])
			return err == nil && ends[0]+ends[1] >= n, err
		}
	}
	p := start(t, b.env(), "run", pipeline)
	until(t, 30*time.Second, "the first records arrive", arrived(100))
	p.kill()
	b.produce(t, names[0], numbers(100, 200, 2)...)
	began := time.Now()
	start(t, b.env(), "run", pipeline)
	until(t, 5*time.Second, "the next records arrive", arrived(200))
	took := time.Since(began)
	t.Logf("after SIGKILL the next start wrote again after %v", took)
	if took > time.Second && !raceDetector {
		t.Errorf("a killed static member took %v to go on, want under 1s", took)
	}
}

// A second process takes over half of the partitions, and gives them back.
func testRebalance(t *testing.T, b *broker) {
	names := b.topics(t, 6, "shared", "shared-copy")
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "shared", "  - map: value"))
	first := start(t, b.env(), "run", pipeline)
	b.produce(t, names[0], numbers(0, 3000, 6)...)
	first.says("claimed a partition", 30*time.Second)
	second := start(t, b.env(), "run", pipeline)
	b.produce(t, names[0], numbers(3000, 6000, 6)...)
	second.says("claimed a partition", 60*time.Second)
	b.produce(t, names[0], numbers(6000, 9000, 6)...)
	first.signal(os.Interrupt)
	if code := first.wait(60 * time.Second); code != 0 {
		t.Fatalf("exit code %d of the first", code)
	}
	b.produce(t, names[0], numbers(9000, 12000, 6)...)
	until(t, 60*time.Second, "everything is committed", func(ctx context.Context) (bool, error) {
		commits, err := b.client.Commits(ctx, "shared")
		total := int64(0)
		for _, c := range commits {
			total += c.Offset
		}
		return total == 12000, err
	})
	second.signal(os.Interrupt)
	if code := second.wait(60 * time.Second); code != 0 {
		t.Fatalf("exit code %d of the second", code)
	}
	ids := make(map[string]bool)
	for _, m := range b.consume(t, names[1]) {
		ids[string(m.Value)] = true
	}
	if len(ids) != 12000 {
		t.Errorf("%d different messages arrived, want 12000", len(ids))
	}
}

// Null and empty payloads, untouched bytes, keys and headers.
func testPayloads(t *testing.T, b *broker) {
	names := b.topics(t, 1, "odd", "odd-copy", "odd-dead")
	odd := `{"price": 1.10, "big": 9007199254740993,  "z": 1, "a": "ü"}`
	b.produce(t, names[0],
		kafkatest.Message{Key: []byte("k"), Value: []byte(odd), Headers: []kafkatest.Header{{Name: "h", Value: "1"}}},
		kafkatest.Message{Key: []byte("tombstone")},
		kafkatest.Message{Key: []byte("broken"), Value: []byte(`{"price": `)},
	)
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "odd", "  - filter: 'true'")+
		"on_error:\n  then: dead_letter\n  dead_letter: {kafka: {topic: "+names[2]+"}}\n")
	if code, _ := run(t, b.env(), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	got := b.consume(t, names[1])
	if len(got) != 2 || string(got[0].Value) != odd || string(got[0].Key) != "k" || len(got[0].Headers) != 1 {
		t.Errorf("the untouched record came out as %+v", got)
	}
	if len(got) == 2 && (got[1].Value != nil || string(got[1].Key) != "tombstone") {
		t.Errorf("the tombstone came out as %+v", got[1])
	}
	dead := b.consume(t, names[2])
	if len(dead) != 1 || string(dead[0].Value) != `{"price": ` || string(dead[0].Key) != "broken" {
		t.Fatalf("dead letters: %+v", dead)
	}
	headers := make(map[string]string)
	for _, h := range dead[0].Headers {
		headers[h.Name] = h.Value
	}
	if headers["waterhealer-offset"] != "2" || headers["waterhealer-topic"] != names[0] || headers["waterhealer-node"] != "in" {
		t.Errorf("headers of the dead letter: %v", headers)
	}
	b.committed(t, "odd", names[0], 3)
}

// Batches of batches keep each element's lineage: what the last, incomplete
// ones hold stays uncommitted until the end of input flushes them.
func testNestedBatches(t *testing.T, b *broker) {
	names := b.topics(t, 1, "nested", "nested-copy")
	b.produce(t, names[0], numbers(0, 63, 1)...)
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "nested", "  - partition: 5\n  - partition: 5"))
	p := start(t, b.env(), "run", pipeline)
	until(t, 30*time.Second, "two outer batches are committed", func(ctx context.Context) (bool, error) {
		offset, err := b.client.Committed(ctx, "nested", names[0], 0)
		return offset == 50, err
	})
	p.signal(os.Interrupt)
	if code := p.wait(30 * time.Second); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	b.committed(t, "nested", names[0], 50)
	if code, _ := run(t, b.env(), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	b.committed(t, "nested", names[0], 63)
	if got := len(b.consume(t, names[1])); got != 63 {
		t.Errorf("%d messages arrived, want 63", got)
	}
}
