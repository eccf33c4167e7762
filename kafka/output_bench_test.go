package kafka

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

// benchBroker throws messages away once it has checked them, so that what is
// measured is the producer's side as far as possible.
func benchBroker(b *testing.B) *embedded.Broker {
	b.Helper()
	broker, err := embedded.Start(embedded.Options{
		Topics: map[string]int32{"out": 8}, Cluster: []kfake.Opt{kfake.BlackholeProduce()},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = broker.Close() })
	return broker
}

func benchRecords(n int) []*engine.Record {
	value := []byte(`{"id":"us7000abcd","magnitude":4.7,"place":"` + strings.Repeat("somewhere ", 10) + `"}`)
	records := make([]*engine.Record, n)
	for i := range records {
		records[i] = &engine.Record{Key: fmt.Appendf(nil, "key-%d", i%997), Raw: value}
	}
	return records
}

// BenchmarkWrite is ns and allocations per record, in slices as the engine
// hands them over.
func BenchmarkWrite(b *testing.B) {
	for _, compression := range []string{"none", "lz4"} {
		for _, slice := range []int{100, 1000, 5000} {
			b.Run(fmt.Sprintf("compression=%s/slice=%d", compression, slice), func(b *testing.B) {
				o := NewOutput(OutputOptions{
					Connection: Connection{Brokers: benchBroker(b).Addresses()}, Topic: "out",
					Render: verbatim, Idempotent: true, Compression: compression,
				})
				if err := o.Open(context.Background()); err != nil {
					b.Fatal(err)
				}
				defer o.Close(context.Background())
				records := benchRecords(slice)
				b.ReportAllocs()
				b.ResetTimer()
				for n := 0; n < b.N; n += slice {
					if errs := o.Write(context.Background(), records); errs != nil {
						b.Fatal(errs)
					}
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}

// BenchmarkAsyncProducer is the baseline: sarama's producer with the same
// guarantees, filled and drained as fast as it goes.
func BenchmarkAsyncProducer(b *testing.B) {
	for _, compression := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionLZ4} {
		b.Run("compression="+compression.String(), func(b *testing.B) {
			config := Connection{}.Config()
			config.Net.MaxOpenRequests = 1
			config.Producer.Idempotent = true
			config.Producer.RequiredAcks = sarama.WaitForAll
			config.Producer.Partitioner = sarama.NewMurmur2Partitioner
			config.Producer.Compression = compression
			config.Producer.Return.Successes = true
			producer, err := sarama.NewAsyncProducer(benchBroker(b).Addresses(), config)
			if err != nil {
				b.Fatal(err)
			}
			defer producer.Close()
			records := benchRecords(1000)
			b.ReportAllocs()
			b.ResetTimer()
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range b.N {
					select {
					case <-producer.Successes():
					case err := <-producer.Errors():
						b.Error(err)
						return
					}
				}
			}()
			for i := range b.N {
				r := records[i%len(records)]
				producer.Input() <- &sarama.ProducerMessage{
					Topic: "out", Key: sarama.ByteEncoder(r.Key), Value: sarama.ByteEncoder(r.Raw),
				}
			}
			<-done
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// TestWriteAllocations guards the data path: what a Write allocates must not
// grow with its records. (The broker's allocations count as well, since it runs
// in this process; they are per request, too.)
func TestWriteAllocations(t *testing.T) {
	broker := startBroker(t, embedded.Options{
		Topics: map[string]int32{"out": 8}, Cluster: []kfake.Opt{kfake.BlackholeProduce()},
	})
	o := openOutput(t, broker, nil)
	for _, n := range []int{1000, 4000} {
		records := benchRecords(n)
		allocations := testing.AllocsPerRun(20, func() {
			if errs := o.Write(context.Background(), records); errs != nil {
				t.Fatal(errs)
			}
		})
		if allocations > 700 {
			t.Errorf("a Write of %d records allocates %.0f times, want a few hundred", n, allocations)
		}
	}
}
