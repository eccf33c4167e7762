package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

const (
	benchRecords    = 1_000_000
	benchPartitions = 8
)

// benchTopics makes the topics of a benchmark and fills the first: a million
// records of about 200 bytes, half of which are paid.
func benchTopics(b *testing.B, broker *broker, names ...string) {
	b.Helper()
	for _, name := range names {
		if err := broker.CreateTopic(name, benchPartitions); err != nil {
			b.Fatal(err)
		}
	}
	for from := 0; from < benchRecords; from += 100_000 {
		messages := make([]kafkatest.Message, 0, 100_000)
		for i := from; i < from+100_000; i++ {
			messages = append(messages, kafkatest.Message{
				Partition: int32(i % benchPartitions),
				Value: fmt.Appendf(nil, `{"id":%d,"customer":"c-%06d","status":"%s","amount":%d.%02d,"currency":"EUR","items":[{"sku":"s-%d","n":%d}],"note":"an order like any other, of about two hundred bytes"}`,
					i, i%5000, []string{"paid", "open"}[i%2], i%900, i%100, i%777, i%9),
			})
		}
		if err := broker.client.Produce(b.Context(), names[0], messages); err != nil {
			b.Fatal(err)
		}
	}
}

const benchOperators = "  - filter: value.status == \"paid\"\n  - map: {id: value.id, customer: value.customer, amount: value.amount}"

// used is the CPU time, user and system, and the peak memory of a program that
// has ended.
func used(b *testing.B, p *program) (cpu time.Duration, peakMiB float64) {
	b.Helper()
	usage, ok := p.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		b.Fatal("no resource usage on this system")
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), float64(usage.Maxrss) / 1024
}

// benchmarkFilterMapKafka measures the program, start included, on a million
// records of about 200 bytes, half of which pass: records/s, CPU seconds (user
// and system) per million, and peak memory, of the measured process alone.
func benchmarkFilterMapKafka(b *testing.B, broker *broker) {
	b.Helper()
	names := []string{"bench-in", "bench-out"}
	benchTopics(b, broker, names...)
	for i := 0; b.Loop(); i++ {
		pipeline := file(b, "p.yaml", linear(names[0], names[1], fmt.Sprintf("bench-%d", i), benchOperators))
		began := time.Now()
		code, p := run(b, broker.env(), 5*time.Minute, "run", pipeline, "--until-end")
		took := time.Since(began)
		if code != 0 {
			b.Fatalf("exit code %d", code)
		}
		cpu, peak := used(b, p)
		b.ReportMetric(benchRecords/took.Seconds(), "records/s")
		b.ReportMetric(cpu.Seconds()/(benchRecords/1e6), "cpu-s/million")
		b.ReportMetric(peak, "peak-MiB")
	}
}

func BenchmarkEmbeddedFilterMapKafka(b *testing.B) {
	benchmarkFilterMapKafka(b, startBroker(b))
}
