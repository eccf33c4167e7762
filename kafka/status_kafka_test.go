//go:build kafka

package kafka

import (
	"testing"
	"time"

	"waterhealer/engine"
	"waterhealer/kafka/kafkatest"
)

// What a group tells of itself agrees with what another client sees, and brokers
// whose machine is frozen are missed.
func kafkaStatus(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 2, nil)
	produceValues(t, c, topic, 0, numbered("v", 20)...)
	produceValues(t, c, topic, 1, numbered("v", 10)...)
	in := newIntake(func(r *engine.Record) bool { return r.Partition == 1 || r.Offset != 4 })
	r := runSource(t, newSource(t, c, inGroup(topic, nil), topic), in)
	eventually(t, "all is committed up to the record that sticks", func() bool {
		s := r.Group()
		return partitionOf(t, s, topic, 0).Committed == 4 && partitionOf(t, s, topic, 1).Committed == 10
	})
	in.claim(topic, 0).setFull(true)
	produceValues(t, c, topic, 0, "more")
	eventually(t, "the claim is paused", func() bool { return claimOf(r.group, place{topic, 0}).holding.Load() })
	produceValues(t, c, topic, 0, numbered("w", 5)...)

	client, err := kafkatest.Connect(c.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := client.Ends(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the ends are those that another client sees", func() bool {
		s := r.Group()
		return partitionOf(t, s, topic, 0).End == ends[0] && partitionOf(t, s, topic, 1).End == ends[1]
	})
	commits, err := client.Commits(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if len(commits) != 2 {
		t.Fatalf("another client sees the commits %+v", commits)
	}
	for _, seen := range commits {
		told := partitionOf(t, r.Group(), topic, seen.Partition)
		if told.Committed != seen.Offset || told.MetadataBytes != len(seen.Metadata) {
			t.Errorf("another client sees %+v, the group tells %+v", seen, told)
		}
	}
	in.claim(topic, 0).setFull(false)

	if err := c.Freeze(0); err != nil {
		t.Fatal(err)
	}
	thawed := false
	defer func() {
		if !thawed {
			_ = c.Thaw(0)
		}
	}()
	eventuallyWithin(t, time.Minute, "the brokers are missed", func() bool { return !r.Group().Away.IsZero() })
	thawed = true
	if err := c.Thaw(0); err != nil {
		t.Fatal(err)
	}
	eventuallyWithin(t, time.Minute, "they are back", func() bool { return r.Group().Away.IsZero() })
	eventuallyWithin(t, time.Minute, "it is a member", func() bool { return r.Group().Joined && len(r.Group().Partitions) == 2 })
}
