package kafka

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

// TestWriteOrderProperty plays the engine: it hands over what is left, in
// order, until each record is acknowledged or refused, while the broker fails
// in every way. At the end every good record is there, no poison is, and in
// each partition the records of a unit appear first in their order.
func TestWriteOrderProperty(t *testing.T) {
	broker := startBroker(t, embedded.Options{Cluster: []kfake.Opt{kfake.NumBrokers(2)}})
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		play(t, r, broker, fmt.Sprintf("out-%d", run))
	})
}

func play(t *testing.T, r *rapid.T, broker *embedded.Broker, topic string) {
	partitions := rapid.Int32Range(1, 3).Draw(r, "partitions")
	if err := broker.CreateTopic(topic, partitions); err != nil {
		r.Fatal(err)
	}
	faults := broker.Cluster().Fault(drawFaults(r, topic)...)
	defer faults.Remove()
	o := NewOutput(OutputOptions{
		Connection: Connection{Brokers: broker.Addresses()}, Topic: topic, Render: verbatim,
		Idempotent: rapid.Bool().Draw(r, "idempotent"),
		BatchBytes: rapid.IntRange(100, 2000).Draw(r, "batch bytes"),
	}).(*output)
	o.unit, o.pause = unitOf, time.Microsecond
	if err := o.Open(within(t)); err != nil {
		r.Fatal(err)
	}
	defer func() { _ = o.Close(within(t)) }()

	records := drawRecords(r)
	left, refused := slices.Clone(records), 0
	for rounds := 0; len(left) > 0; rounds++ {
		if rounds > 500 {
			r.Fatalf("%d records are left after %d rounds", len(left), rounds)
		}
		n := min(len(left), rapid.IntRange(1, 100).Draw(r, "slice"))
		errs := o.Write(within(t), left[:n])
		var again []*engine.Record
		for i, record := range left[:n] {
			switch {
			case errs == nil || errs[i] == nil:
			case kind(errs[i]) == "refused":
				refused++
				if !bytes.Contains(record.Raw, []byte("poison")) {
					r.Fatalf("the good record %s was refused: %v", record.Raw, errs[i])
				}
			default:
				again = append(again, record)
			}
		}
		left = append(again, left[n:]...)
	}
	faults.Remove()
	checkOrder(r, records, values(contents(t, broker, topic)), refused)
}

func drawFaults(r *rapid.T, topic string) []kfake.Fault {
	errs := []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend,
		kerr.OutOfOrderSequenceNumber, kerr.KafkaStorageError, kerr.TopicAuthorizationFailed,
	}
	var faults []kfake.Fault
	for p := range int32(3) {
		faults = append(faults, kfake.Fault{
			Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Partitions: []int32{p}, Err: kerr.InvalidRecord, Count: -1,
			When: func(request kmsg.Request) bool { return poisoned(request, p) },
		})
	}
	for range rapid.IntRange(0, 5).Draw(r, "faults") {
		faults = append(faults, kfake.Fault{
			Keys: []kmsg.Key{kmsg.Produce}, Topic: topic,
			Partitions: []int32{rapid.Int32Range(0, 2).Draw(r, "partition")},
			Err:        rapid.SampledFrom(errs).Draw(r, "error"),
			Count:      rapid.IntRange(1, 7).Draw(r, "times"),
		})
	}
	return faults
}

// poisoned says that a request's batch for a partition holds poison.
func poisoned(request kmsg.Request, partition int32) bool {
	for _, t := range request.(*kmsg.ProduceRequest).Topics {
		for _, p := range t.Partitions {
			if p.Partition == partition && bytes.Contains(p.Records, []byte("poison")) {
				return true
			}
		}
	}
	return false
}

func drawRecords(r *rapid.T) []*engine.Record {
	units := rapid.IntRange(1, 5).Draw(r, "units")
	var records []*engine.Record
	for i := range rapid.IntRange(1, 150).Draw(r, "records") {
		unit := rapid.IntRange(0, units).Draw(r, "unit")
		value := fmt.Sprintf("%d:%d", unit, i)
		if rapid.IntRange(0, 19).Draw(r, "poison") == 0 {
			value += ":poison"
		}
		record := note(value, "u"+strconv.Itoa(unit), nil)
		if unit == 0 {
			record.Headers = nil // nothing to keep in order
		}
		if rapid.Bool().Draw(r, "keyed") {
			record.Key = []byte(strconv.Itoa(rapid.IntRange(0, 9).Draw(r, "key")))
		}
		records = append(records, record)
	}
	return records
}

func checkOrder(r *rapid.T, records []*engine.Record, partitions [][]string, refused int) {
	present := map[string]bool{}
	for p, messages := range partitions {
		last := map[string]int{}
		for _, m := range messages {
			unit, place, _ := strings.Cut(m, ":")
			place, poison, _ := strings.Cut(place, ":")
			n, err := strconv.Atoi(place)
			if err != nil || poison != "" {
				r.Fatalf("partition %d holds %q", p, m)
			}
			again := present[fmt.Sprint(p, m)]
			if !again && unit != "0" && n < last[unit] {
				r.Fatalf("partition %d: %s appears first behind %d of its unit: %q", p, m, last[unit], messages)
			}
			last[unit] = max(last[unit], n)
			present[fmt.Sprint(p, m)], present[m] = true, true
		}
	}
	for _, record := range records {
		if bytes.Contains(record.Raw, []byte("poison")) {
			refused--
		} else if !present[string(record.Raw)] {
			r.Fatalf("%s was acknowledged and is not there", record.Raw)
		}
	}
	if refused != 0 {
		r.Fatalf("the refusals are %d more than there is poison", refused)
	}
}
