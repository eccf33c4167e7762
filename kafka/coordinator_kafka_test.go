//go:build kafka

package kafka

import (
	"slices"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// A coordinator that is killed takes about as long to be replaced as a session
// lasts, and one that is restarted some seconds to be back. The membership
// outlives both: no claim begins again, and nothing is done twice.
func kafkaCoordinatorAway(t *testing.T, c *kafkatest.Cluster, topic string, away func(victim int)) {
	const partitions = 3
	kafkaTopic(t, c, topic, partitions, nil)
	admin := control(t, c, topic)
	in := newIntake(nil)
	source := runSource(t, newSource(t, c, inGroup(topic, func(o *sourceTest) {
		o.membership.sessionTimeout, o.membership.rebalanceTimeout = 30*time.Second, time.Minute
	}), topic), in)
	written := int64(0)
	through := func() {
		t.Helper()
		began := time.Now()
		for p := range int32(partitions) {
			produceValues(t, c, topic, p, numbered("v", 100)...)
		}
		written += 100
		eventuallyWithin(t, 2*time.Minute, "everything is committed", func() bool {
			for p := range int32(partitions) {
				if committedAt(t, admin, topic, p).offset < written {
					return false
				}
			}
			return true
		})
		t.Logf("committed after %s", time.Since(began).Round(time.Millisecond))
	}
	through()
	generation := source.generation()
	victim := slices.Index(c.Addresses(), coordinatorOf(t, admin))
	away(victim)
	eventuallyWithin(t, 2*time.Minute, "all partitions have a leader", func() bool {
		_ = admin.client.RefreshMetadata(topic)
		for p := range int32(partitions) {
			leader, err := admin.client.Leader(topic, p)
			if err != nil {
				return false
			}
			if connected, _ := leader.Connected(); !connected {
				return false
			}
		}
		return true
	})
	through()
	if got := in.claimed(); got != partitions {
		t.Errorf("there were %d claims of %d partitions: the membership was lost", got, partitions)
	}
	if got := source.generation(); got != generation {
		t.Errorf("the generation was %d, and is %d", generation, got)
	}
	if got := in.count(); int64(got) != partitions*written {
		t.Errorf("%d records were pushed of %d: some twice", got, partitions*written)
	}
	if err := source.close(t); err != nil {
		t.Error(err)
	}
}

func kafkaCoordinatorKilled(t *testing.T, c *kafkatest.Cluster) {
	killed := -1
	kafkaCoordinatorAway(t, c, "killed", func(victim int) {
		killed = victim
		if err := c.Kill(victim); err != nil {
			t.Fatal(err)
		}
	})
	if err := c.Restart(t.Context(), killed); err != nil {
		t.Fatal(err)
	}
}

func kafkaCoordinatorRestarted(t *testing.T, c *kafkatest.Cluster) {
	kafkaCoordinatorAway(t, c, "restarted", func(victim int) {
		if err := c.Restart(t.Context(), victim); err != nil {
			t.Fatal(err)
		}
	})
}
