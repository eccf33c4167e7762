//go:build kafka

package main

import (
	"bytes"
	"strings"
	"testing"
)

// `make bench BROKERS=kafka`, on a few records.
func TestKafkaHarness(t *testing.T) {
	var out bytes.Buffer
	s := testSuite(t, "-records", "5000", "-runs", "1", "-data", quakes, "-partitions", "4", "-brokers", brokersKafka,
		"-pipelines", "raw,raw-copy,filter-map-kafka,passthrough")
	s.out = &out
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	for _, text := range []string{"kafka broker, 5000 records of quakes", " filter-map-kafka ", " raw-copy "} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q was not printed", text)
		}
	}
}
