//go:build kafka

package kafka

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"waterhealer/engine"
	"waterhealer/kafka/kafkatest"
)

// Brokers that are frozen, killed or restarted, with the times that users have.
func TestKafkaBrokersAway(t *testing.T) {
	c := kafkatest.Run(t, kafkatest.Options{Brokers: 3, Properties: map[string]string{
		"group.initial.rebalance.delay.ms": "0", "min.insync.replicas": "2", "offsets.topic.num.partitions": "3",
	}})
	for _, role := range []string{"coordinator", "leader"} {
		t.Run("silent "+role, func(t *testing.T) { kafkaSilentBroker(t, c, role) })
	}
	t.Run("killed coordinator", func(t *testing.T) { kafkaCoordinatorKilled(t, c) })
	t.Run("restarted coordinator", func(t *testing.T) { kafkaCoordinatorRestarted(t, c) })
}

// Were a silent broker only noticed when a rebalance can no longer last, nothing
// would move here within the patience of the test.
func kafkaSilentBroker(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 3, nil)
	admin := control(t, c, topic)
	const patience = 2 * time.Minute
	await := func(what string, ok func() bool) {
		t.Helper()
		began := time.Now()
		for !ok() {
			if time.Since(began) > patience {
				t.Fatalf("waited %s: %s", patience, what)
			}
			<-time.After(50 * time.Millisecond)
		}
		t.Logf("%s: %s", what, time.Since(began).Round(time.Millisecond))
	}

	logs := &logged{}
	unfinished := int64(7) // on partition 0: nothing may be committed beyond it
	in := newIntake(func(r *engine.Record) bool { return r.Partition != 0 || r.Offset != unfinished })
	source := runSource(t, newSource(t, c, inGroup(topic, func(o *sourceTest) {
		o.membership.sessionTimeout, o.membership.rebalanceTimeout = 10*time.Second, 5*time.Minute
		o.settings.CommitInterval = time.Second
		o.settings.Logger = slog.New(slog.NewTextHandler(logs, nil))
	}), topic), in)
	o := NewOutput(OutputOptions{
		Connection: Connection{Brokers: c.Addresses()}, Topic: topic, Render: verbatim, Idempotent: true,
	}).(*output)
	o.unit = unitOf
	if err := o.Open(within(t)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = o.Close(within(t)) }()

	keys := keysFor(3)
	written := make([]string, 0, 200)
	writeAll := func(values []string) {
		t.Helper()
		written = append(written, values...)
		var records []*engine.Record
		for _, v := range values {
			for p, key := range keys {
				records = append(records, note(v, fmt.Sprint(p), key))
			}
		}
		await("everything is written", func() bool {
			var left []*engine.Record // as the engine does
			for i, err := range o.Write(within(t), records) {
				if err != nil {
					left = append(left, records[i])
				}
			}
			records = left
			return len(left) == 0
		})
	}
	readAll := func() {
		t.Helper()
		await("everything is read", func() bool {
			for p := range keys {
				if !slices.Equal(in.appearances(int32(p)), written) {
					return false
				}
			}
			return true
		})
	}
	writeAll(numbered("a", 100))
	readAll()

	victim := slices.Index(c.Addresses(), coordinatorOf(t, admin))
	if topic == "leader" {
		victim = (victim + 1) % 3 // it leads one of three partitions
	}
	if err := c.Freeze(victim); err != nil {
		t.Fatal(err)
	}
	frozen := time.Now()
	writeAll(numbered("b", 100))
	readAll()
	await("it is committed", func() bool {
		return committedAt(t, admin, topic, 1).offset >= 200 && committedAt(t, admin, topic, 2).offset >= 200
	})
	t.Logf("after %s all goes on", time.Since(frozen).Round(100*time.Millisecond))
	if got := committedAt(t, admin, topic, 0).offset; got != unfinished {
		t.Errorf("%d is committed, and %d is not finished", got, unfinished)
	}
	t.Logf("%d claims", in.claimed())
	if err := c.Thaw(victim); err != nil {
		t.Fatal(err)
	}
	in.finish(topic, 0, unfinished)
	await("all is committed", func() bool { return committedAt(t, admin, topic, 0).offset >= 200 })
	await("the broker is back", func() bool { return logs.has(saidBack) })
	if err := source.close(t); err != nil {
		t.Error(err)
	}
}

// coordinatorOf is the address of the group's coordinator.
func coordinatorOf(t *testing.T, admin *cluster) string {
	t.Helper()
	if err := admin.client.RefreshCoordinator(admin.group); err != nil {
		t.Fatal(err)
	}
	broker, err := admin.client.Coordinator(admin.group)
	if err != nil {
		t.Fatal(err)
	}
	return broker.Addr()
}

// appearances are the values of a partition, each when it was pushed first.
func (f *fakeIntake) appearances(partition int32) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := make(map[string]bool)
	var values []string
	for _, r := range f.records {
		r.Elements(func(e *engine.Record) {
			if v := string(e.Raw); e.Partition == partition && !seen[v] {
				seen[v] = true
				values = append(values, v)
			}
		})
	}
	return values
}
