//go:build kafka

package main

import (
	"math/rand/v2"
	"testing"

	"waterhealer/kafka/kafkatest"
)

// A few faults, each alone, against three real brokers. The whole suite, with
// all of them and mixed, is `make chaos`.
func TestKafkaChaos(t *testing.T) {
	c, err := startReal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(c.Logs())
		}
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	seed := rand.Uint64() >> 32
	for i, f := range named([]string{"sigkill", "leave", "cut", "dead", "poison"}, true) {
		p := plan{name: f.name, faults: []fault{f}, strikes: 1, records: 20_000, order: []string{"key", "partition"}[i%2], seed: seed}
		if f.name == "sigkill" {
			p.witness = c.Kcat(kafkatest.Plaintext) // no code of ours, nor of the poller's
		}
		p.number = i + 1
		t.Run(f.name, func(t *testing.T) { judged(t, c, p) })
	}
}
