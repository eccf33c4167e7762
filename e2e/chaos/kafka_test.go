//go:build kafka

package main

import (
	"math/rand/v2"
	"testing"

	"waterhealer/kafka/kafkatest"
)

// Each fault once against three real brokers, and then some of them mixed. The
// whole suite is `make chaos`.
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
	all := named(nil, true)
	number := 0
	for i, f := range all {
		p := plan{name: f.name, faults: []fault{f}, strikes: 1, records: 20_000, order: []string{"key", "partition"}[i%2], seed: seed}
		if f.name == "sigkill" {
			p.witness = c.Kcat(kafkatest.Plaintext) // no code of ours, nor of the poller's
		}
		number++
		p.number = number
		t.Run(f.name, func(t *testing.T) { judged(t, c, p) })
	}
	t.Run("mixed", func(t *testing.T) {
		judged(t, c, plan{number: number + 1, name: "mixed", faults: mixing(all), strikes: 4, records: 100_000, order: "key", seed: seed})
	})
}
