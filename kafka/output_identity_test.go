package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

// A broker that has just started has no producer ids for its first client.
func TestOpenWaitsForAProducerID(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	loading := broker.Cluster().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.CoordinatorLoadInProgress, Count: 3,
	})
	o := openOutput(t, broker, nil)
	if loading.Hits() != 3 {
		t.Errorf("it was asked %d times in vain, want 3", loading.Hits())
	}
	write(t, o, notes("u", nil, "a"), "")
	checkValues(t, broker, []string{"a"})
}

func TestOpenDoesNotWaitForWhatNobodyAllows(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	denied := broker.Cluster().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.ClusterAuthorizationFailed, Count: -1,
	})
	o := NewOutput(OutputOptions{
		Connection: Connection{Brokers: broker.Addresses()}, Topic: "out", Render: verbatim, Idempotent: true,
	})
	if err := o.Open(within(t)); err == nil || denied.Hits() != 1 {
		t.Errorf("asked %d times, want once, and the error is %v", denied.Hits(), err)
	}
}

// A partition that went through many epochs does not hold up the others, of
// which the embedded broker expects the same epoch.
func TestWriteAfterManyEpochs(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 3}})
	o := openOutput(t, broker, nil)
	keys := keysFor(3)
	all := func(value string) []*engine.Record {
		return append(append(notes("u", keys[0], value), notes("v", keys[1], value)...), notes("w", keys[2], value)...)
	}
	write(t, o, all("a"), "")
	always := fault(broker, kerr.NotEnoughReplicas, -1, "", 0)
	for range 3 * attempts {
		write(t, o, notes("u", keys[0], "b"), "away")
	}
	always.Remove()
	write(t, o, all("b"), "")
	write(t, o, all("c"), "")
	checkValues(t, broker, []string{"a", "b", "c"}, []string{"a", "b", "c"}, []string{"a", "b", "c"})
}
