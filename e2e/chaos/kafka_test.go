//go:build kafka

package main

import (
	"slices"
	"testing"

	"waterhealer/kafka/kafkatest"
)

// The faults against three real brokers, each once and alone, then some of them
// mixed. `make chaos` strikes longer, into more records. What is left to it alone
// is metadata: it starts every broker anew, twice, which on a slow machine takes
// as long as most of the others together.
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
	list := slices.DeleteFunc(named(nil, true), func(f fault) bool { return f.name == "metadata" })
	plans := make([]plan, 0, len(list)+1)
	for _, f := range list {
		plans = append(plans, plan{name: f.name, faults: []fault{f}, strikes: 1, records: 10_000})
	}
	plans[0].witness = c.Kcat(kafkatest.Plaintext) // no code of ours, nor of the poller's
	plans = append(plans, plan{name: mixture, faults: mixing(list), strikes: 6, records: 60_000})

	// One schedule for all, so that a failure is met again; `make chaos` takes others.
	const seed = 2026
	for i, p := range plans {
		p.number, p.seed, p.order = i, seed, []string{"key", "partition"}[i%2]
		t.Run(p.name, func(t *testing.T) { judged(t, c, p) })
	}
}
