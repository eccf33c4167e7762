//go:build kafka

package e2e

import (
	"testing"

	"waterhealer/kafka/kafkatest"
)

// The same as [TestReady] with a real Apache Kafka that is killed.
func TestKafkaReady(t *testing.T) {
	cluster := kafkatest.Run(t, kafkatest.Options{})
	client, err := kafkatest.Connect(cluster.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	b := &broker{Broker: cluster, witness: cluster.Kcat(kafkatest.Plaintext), client: client}
	kill := func() {
		if err := cluster.Kill(0); err != nil {
			t.Fatal(err)
		}
	}
	testReady(t, b, kill, func() {
		if err := cluster.Restart(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	})
}
