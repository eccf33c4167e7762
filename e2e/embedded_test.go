package e2e

import (
	"strings"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// process is the embedded broker in a process of its own.
type process struct {
	*program
	address string
	client  *kafkatest.Client
}

func (p *process) Addresses() []string { return []string{p.address} }

func (p *process) CreateTopic(name string, partitions int32) error {
	return p.client.CreateTopic(p.t.Context(), name, partitions, nil)
}

func startBroker(t testing.TB, args ...string) *broker {
	t.Helper()
	p := start(t, nil, append([]string{"broker", "--listen", "127.0.0.1:0"}, args...)...)
	deadline := time.After(20 * time.Second)
	for !strings.Contains(p.stdout.String(), "\n") {
		next := p.stdout.next()
		if strings.Contains(p.stdout.String(), "\n") {
			break
		}
		select {
		case <-next:
		case <-deadline:
			t.Fatal("the broker did not print its address")
		}
	}
	address := strings.TrimSpace(p.stdout.String())
	client, err := kafkatest.Connect([]string{address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &broker{Broker: &process{program: p, address: address, client: client}, witness: client, client: client}
}

func TestEmbedded(t *testing.T) { suite(t, startBroker(t)) }
