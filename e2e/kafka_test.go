//go:build kafka

package e2e

import (
	"testing"

	"waterhealer/kafka/kafkatest"
)

// The suite on a real Apache Kafka, with kcat as the witness.
func TestKafka(t *testing.T) {
	cluster := kafkatest.Run(t, kafkatest.Options{})
	client, err := kafkatest.Connect(cluster.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	suite(t, &broker{Broker: cluster, witness: cluster.Kcat(kafkatest.Plaintext), client: client})
}

func BenchmarkKafkaFilterMapKafka(b *testing.B) {
	cluster := kafkatest.Run(b, kafkatest.Options{})
	client, err := kafkatest.Connect(cluster.Addresses())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.Close)
	benchmarkFilterMapKafka(b, &broker{Broker: cluster, witness: client, client: client})
}
