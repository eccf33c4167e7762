package embedded

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// seedChunk bounds how many bytes of payloads are in flight while seeding.
const seedChunk = 32 << 20

// Seed writes the records of a file to a topic, which must exist, and returns
// how many there were. A file that ends in .csv has one record per row, as it
// is written, but for the first row, which names the columns; a row may span
// lines. Any other file (JSON lines, text) has one record per line, and blank
// lines are skipped. Keys are null. Record k, from 0, goes to partition k modulo
// the number of partitions, so that seeding again gives the same partitions.
func (b *Broker) Seed(ctx context.Context, topic, path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("seed of topic %q: %w", topic, err)
	}
	defer f.Close() // only read from
	next := lines(f)
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		next = rows(f)
	}
	n, err := b.seed(ctx, topic, next)
	if err != nil {
		return n, fmt.Errorf("seed of topic %q from %s, after %d records: %w", topic, path, n, err)
	}
	return n, nil
}

// Produce writes payloads to a topic, spread as [Broker.Seed] does. A nil
// payload is a null payload.
func (b *Broker) Produce(ctx context.Context, topic string, payloads ...[]byte) error {
	i := 0
	_, err := b.seed(ctx, topic, func() ([]byte, error) {
		if i == len(payloads) {
			return nil, io.EOF
		}
		i++
		return payloads[i-1], nil
	})
	if err != nil {
		return fmt.Errorf("produce to topic %q: %w", topic, err)
	}
	return nil
}

// lines gives the lines of r that are not blank.
func lines(r io.Reader) func() ([]byte, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	return func() ([]byte, error) {
		for {
			line, err := buffered.ReadBytes('\n')
			line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
			if len(bytes.TrimSpace(line)) > 0 {
				return line, nil // an error comes again with the next call
			}
			if err != nil {
				return nil, err
			}
		}
	}
}

// rows gives the rows of a CSV file as they are written, without the first.
func rows(r io.Reader) func() ([]byte, error) {
	data, err := io.ReadAll(r) // the reader tells offsets, and a seed fits in memory or the broker would not
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord, reader.ReuseRecord, reader.LazyQuotes = -1, true, true
	if err == nil {
		_, err = reader.Read()
	}
	return func() ([]byte, error) {
		if err != nil {
			return nil, err
		}
		start := reader.InputOffset()
		if _, err = reader.Read(); err != nil {
			return nil, err
		}
		return bytes.Trim(data[start:reader.InputOffset()], "\r\n"), nil
	}
}

// seed produces what next gives until io.EOF.
func (b *Broker) seed(ctx context.Context, topic string, next func() ([]byte, error)) (int, error) {
	if b.secured {
		return 0, errors.New("the embedded broker is seeded without tls and sasl only")
	}
	partitions := len(b.cluster.PartitionInfos(topic))
	if partitions == 0 {
		return 0, errors.New("the topic does not exist")
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(b.address),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(64<<20),
		kgo.BrokerMaxWriteBytes(128<<20),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)
	if err != nil {
		return 0, err
	}
	defer client.Close()

	count, size := 0, 0
	var chunk []*kgo.Record
	flush := func() error {
		err := client.ProduceSync(ctx, chunk...).FirstErr()
		if err == nil {
			count += len(chunk)
		}
		chunk, size = chunk[:0], 0
		return err
	}
	for i := 0; ; i++ {
		payload, err := next()
		if err != nil {
			last := flush() // what came before the bad row counts
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return count, errors.Join(err, last)
		}
		chunk = append(chunk, &kgo.Record{Topic: topic, Partition: int32(i % partitions), Value: payload})
		if size += len(payload); size >= seedChunk || len(chunk) >= 10_000 {
			if err := flush(); err != nil {
				return count, err
			}
		}
	}
}
