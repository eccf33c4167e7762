package e2e

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

var claimedPartition = regexp.MustCompile(`claimed a partition.* partition=(\d)`)

// An element that waits in a window of exact size when its partition goes to
// another process is never written late: the other process has written it
// since, and newer values of its key, and a keyed output must not go back to
// the older one when later records of other partitions fill the first window.
func testEvictedElement(t *testing.T, b *broker) {
	names := b.topics(t, 2, "windowed", "latest")
	pipeline := file(t, "p.yaml", fmt.Sprintf(`
sources:
  - name: in
    kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [%s], group: evicted, session_timeout: 6s}
operators:
  - partition: 3
sinks:
  - healing: {interval: 100ms, to: {kafka: {topic: %s}}}
  - {stdout: {}, from: in}
`, names[0], names[1]))
	write := func(partition int32, value int) {
		b.produce(t, names[0], kafkatest.Message{
			Partition: partition, Key: fmt.Appendf(nil, "of-%d", partition), Value: fmt.Appendf(nil, `{"of": %d, "value": %d}`, partition, value),
		})
	}
	written := func(n int64) {
		until(t, time.Minute, fmt.Sprintf("%d messages in the output", n), func(ctx context.Context) (bool, error) {
			ends, err := b.client.Ends(ctx, names[1])
			return sum(ends) >= n, err
		})
	}
	write(0, 1)
	write(1, 1)
	first := start(t, b.env(), "run", pipeline)
	until(t, time.Minute, "both elements are in the first window", func(context.Context) (bool, error) {
		return strings.Count(first.stdout.String(), "\n") == 2, nil
	})
	second := start(t, b.env(), "run", pipeline)
	second.says("claimed a partition", time.Minute)
	moved, kept := int32(0), int32(1)
	if claimedPartition.FindStringSubmatch(second.stderr.String())[1] == "1" {
		moved, kept = 1, 0
	}
	write(moved, 2)
	write(moved, 3)
	written(3)
	write(kept, 2)
	write(kept, 3)
	written(6)
	for _, p := range []*program{first, second} {
		p.signal(os.Interrupt)
		if code := p.wait(time.Minute); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	got := make(map[string]string)
	for _, m := range b.consume(t, names[1]) {
		got[string(m.Key)] += string(m.Value)
	}
	for partition := range 2 {
		want := ""
		for value := 1; value <= 3; value++ {
			want += fmt.Sprintf(`{"of": %d, "value": %d}`, partition, value)
		}
		if values := got[fmt.Sprintf("of-%d", partition)]; values != want {
			t.Errorf("key of-%d was written as %s", partition, values)
		}
	}
	b.committed(t, "evicted", names[0], 3, 3)
}
