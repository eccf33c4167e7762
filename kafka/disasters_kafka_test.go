//go:build kafka

package kafka

import (
	"strings"
	"testing"

	"waterhealer/engine"
	"waterhealer/kafka/kafkatest"
)

// The disasters that depend on how brokers keep logs, offsets and groups,
// against a real Apache Kafka with its default limits.
func TestKafkaDisasters(t *testing.T) {
	c := kafkatest.Run(t, kafkatest.Options{Properties: map[string]string{
		"group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "500",
	}})
	for _, test := range []struct {
		name       string
		partitions int32
		run        func(t *testing.T, topic string, with func(*sourceTest))
	}{
		{"members come and go", 6, func(t *testing.T, topic string, _ func(*sourceTest)) {
			membersComeAndGo(t, c, topic, 6, func(string, *sourceTest) {})
		}},
		{"static members come and go", 6, func(t *testing.T, topic string, _ func(*sourceTest)) {
			membersComeAndGo(t, c, topic, 6, func(name string, o *sourceTest) { o.membership.instance = name })
		}},
		{"range members become cooperative", 6, func(t *testing.T, topic string, _ func(*sourceTest)) {
			moveToCooperative(t, c, topic)
		}},
		{"first records of a new partition", 1, func(t *testing.T, topic string, with func(*sourceTest)) {
			firstRecordsOfANewPartition(t, c, topic, with)
		}},
		{"many full maps in one commit", 250, func(t *testing.T, topic string, with func(*sourceTest)) {
			fullMapsInOneCommit(t, c, topic, with)
		}},
		{"topic made anew under a map", 1, func(t *testing.T, topic string, with func(*sourceTest)) {
			topicMadeAnewUnderAMap(t, c, topic, with)
		}},
		{"retention passes the watermark", 1, func(t *testing.T, topic string, with func(*sourceTest)) {
			retentionPassesTheWatermark(t, c, topic, with, func(before int64) error { return deleteRecords(t, c, topic, before) })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			topic := strings.ReplaceAll(test.name, " ", "-")
			kafkaTopic(t, c, topic, test.partitions, nil)
			test.run(t, topic, inGroup(topic, nil))
		})
	}
}

func deleteRecords(t *testing.T, c *kafkatest.Cluster, topic string, before int64) error {
	t.Helper()
	client, err := kafkatest.Connect(c.Addresses())
	if err != nil {
		return err
	}
	defer client.Close()
	return client.DeleteRecords(t.Context(), topic, 0, before)
}

// offset.metadata.max.bytes is lowered under a running source, which takes a
// restart of the broker: commits go on, with maps that fit.
func TestKafkaMetadataLimitLowered(t *testing.T) {
	const topic = "lowered"
	c := kafkatest.Run(t, kafkatest.Options{Properties: map[string]string{"group.initial.rebalance.delay.ms": "0"}})
	kafkaTopic(t, c, topic, 1, nil)
	produceValues(t, c, topic, 0, numbered("v", 4000)...)
	seed := uint64(1)
	in := newIntake(func(r *engine.Record) bool { // holes that hardly compress
		seed = seed*6364136223846793005 + 1442695040888963407
		return r.Offset > 1 && seed>>63 == 1
	})
	// Starting a broker can take longer than a session of other tests lasts.
	source := runSource(t, newSource(t, c, func(o *sourceTest) {
		o.membership.group = topic
		o.membership.sessionTimeout, o.membership.rebalanceTimeout = 6*longEnough, 6*longEnough
	}, topic), in)
	admin := control(t, c, topic)
	eventually(t, "a large map is committed", func() bool { return in.count() == 4000 && len(committedAt(t, admin, topic, 0).metadata) > 600 })
	if err := c.Reconfigure(t.Context(), 0, map[string]string{"offset.metadata.max.bytes": "300"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a smaller map is committed", func() bool {
		c := in.claim(topic, 0) // may be another: the connections broke
		c.mu.Lock()
		if head := c.acks[0]; head != nil && !head.Finished() {
			head.Release()
		}
		c.mu.Unlock()
		now := committedAt(t, admin, topic, 0)
		return now.offset == 1 && strings.HasPrefix(now.metadata, "wh1:") && len(now.metadata) <= 300
	})
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}
