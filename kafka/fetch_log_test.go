package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"waterhealer/engine"
)

// seen is a record as somebody was given it.
func seen(offset int64, at time.Time, key, value []byte, headers []engine.Header) string {
	return fmt.Sprintf("%d at %d: %v %q = %v %q, %q", offset, at.UnixMilli(), key == nil, key, value == nil, value, headers)
}

// readAll is what our reader is given of the shelf, up to its end.
func readAll(t *rapid.T, client sarama.Client, isolation sarama.IsolationLevel, from, end int64) []string {
	ctx, cancel := context.WithTimeout(context.Background(), longEnough)
	failed := make(chan error, 1)
	r := newReader(client, isolation, slog.New(slog.DiscardHandler), func(_ place, err error) bool {
		failed <- err
		return false
	}, func(string) bool { return true })
	var running sync.WaitGroup
	running.Go(func() { r.run(ctx) })
	defer running.Wait()
	defer cancel()
	s := r.read(place{"t", 0}, from, -1)
	defer s.close()
	var all []string
	for next := from; next < end; {
		select {
		case got := <-s.blocks:
			for _, m := range got.take(place{"t", 0}, math.MaxInt32, -1, false) {
				if m.Offset < next || m.Offset >= got.next {
					t.Fatalf("offset %d in what was read from %d to %d", m.Offset, next, got.next)
				}
				all = append(all, seen(m.Offset, m.Timestamp, m.Key, m.Raw, m.Headers))
			}
			next = got.next
			s.taken()
		case err := <-failed:
			t.Fatalf("reading failed at %d: %v", next, err)
		case <-ctx.Done():
			t.Fatalf("nothing comes behind %d of %d", next, end)
		}
	}
	return all
}

// saramaReads is what sarama's consumer is given: so many records, and no others
// before it was idle.
func saramaReads(t *rapid.T, client sarama.Client, from int64, n int) []string {
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	partition, err := consumer.ConsumePartition("t", 0, from)
	if err != nil {
		t.Fatal(err)
	}
	defer partition.AsyncClose()
	var all []string
	for len(all) < n {
		select {
		case m := <-partition.Messages():
			all = append(all, seen(m.Offset, m.Timestamp, m.Key, m.Value, headers(m.Headers)))
		case <-time.After(longEnough):
			t.Fatalf("sarama stands still after %d records of %d", len(all), n)
		}
	}
	return all
}

func clientOf(t *testing.T, b brokers, isolation sarama.IsolationLevel) sarama.Client {
	t.Helper()
	config := Connection{Brokers: b.Addresses()}.Config()
	config.Consumer.IsolationLevel = isolation
	config.Consumer.Fetch.Default = fetchShare
	client, err := sarama.NewClient(b.Addresses(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Whatever a log looks like, what we read of it is what sarama's consumer reads
// of it, and ends where the log does.
func TestReadsWhatSaramaReads(t *testing.T) {
	b := newSharedBroker(t, 1)
	clients := make(map[sarama.IsolationLevel]sarama.Client)
	for _, isolation := range []sarama.IsolationLevel{sarama.ReadCommitted, sarama.ReadUncommitted} {
		clients[isolation] = clientOf(t, b, isolation)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := drawShelf(t)
		s.serve(b)
		isolation := rapid.SampledFrom([]sarama.IsolationLevel{sarama.ReadCommitted, sarama.ReadUncommitted}).Draw(t, "isolation")
		end := s.high
		if isolation == sarama.ReadCommitted {
			end = s.stable
		}
		from := rapid.Int64Range(0, end).Draw(t, "from")
		ours := readAll(t, clients[isolation], isolation, from, end)
		if want := s.count(isolation, from, end); len(ours) != want {
			t.Fatalf("%d records were read of %d", len(ours), want)
		}
		theirs := saramaReads(t, clients[isolation], from, len(ours))
		for i := range ours {
			if ours[i] != theirs[i] {
				t.Fatalf("record %d is %s, sarama's is %s", i, ours[i], theirs[i])
			}
		}
	})
}

// A batch that is damaged takes the whole answer with it. Only its own partition
// is given up, and by name: the others go on.
func TestDamagedBatchAmongOthers(t *testing.T) {
	b := newSharedBroker(t, 3)
	s := &shelf{scale: 1, damaged: new(int32)}
	*s.damaged = 1
	s.addOld([]kmsg.Record{{Value: []byte("a")}}, false)
	s.add(kmsg.RecordBatch{ProducerID: -1}, []kmsg.Record{{Value: []byte("b")}}, 1, kgo.NoCompression())
	s.stable = s.high
	s.serve(b)
	var mu sync.Mutex
	failed := make(map[place]error)
	r := newReader(clientOf(t, b, sarama.ReadCommitted), sarama.ReadCommitted, testLogger(t), func(p place, err error) bool {
		mu.Lock()
		defer mu.Unlock()
		failed[p] = err
		return false
	}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.run(ctx) })
	defer running.Wait()
	defer cancel()
	streams := make([]*stream, 3)
	for p := range streams {
		streams[p] = r.read(place{"t", int32(p)}, 0, -1)
	}
	for _, p := range []int{0, 2} {
		next := int64(0)
		eventually(t, "the others are read", func() bool {
			select {
			case got := <-streams[p].blocks:
				next = got.next
				streams[p].taken()
			default:
			}
			return next == s.high
		})
	}
	at := place{"t", 1}
	eventually(t, "the damaged one fails", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return failed[at] != nil
	})
	mu.Lock()
	defer mu.Unlock()
	if len(failed) != 1 || !errors.As(failed[at], new(sarama.PacketDecodingError)) {
		t.Errorf("failed: %v", failed)
	}
	if got := len(streams[1].blocks); got != 0 {
		t.Error("something was read of the damaged partition")
	}
}
