package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// probeLimit is how long the first record may take, and what is under way at the
// end.
const probeLimit = 30 * time.Second

// probe writes records at a rate to one topic and waits for them on another.
// Each carries the time at which it was produced.
type probe struct {
	addresses  []string
	in, out    string
	partitions int32
	rate       int
	time       time.Duration // that counts; a fifth of it comes before, to warm up
}

// run returns how long each record took.
func (p *probe) run(ctx context.Context) ([]time.Duration, error) {
	from := make(map[int32]kgo.Offset)
	for i := range p.partitions {
		from[i] = kgo.NewOffset().At(0)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(p.addresses...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{p.out: from}))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	began := time.Now()

	// A first record of each partition shows that the way is open.
	first := make([]*kgo.Record, p.partitions)
	for i := range first {
		first[i] = p.record(i, 0)
	}
	if err := client.ProduceSync(ctx, first...).FirstErr(); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	if _, err := read(waiting, client, len(first), began); err != nil {
		return nil, fmt.Errorf("the first records did not come through: %w", err)
	}

	warm := int(p.time.Seconds() / 5 * float64(p.rate))
	total := warm + int(p.time.Seconds()*float64(p.rate))
	limited, cancel := context.WithTimeout(ctx, 2*p.time+probeLimit)
	defer cancel()
	var producing error
	var running sync.WaitGroup
	running.Go(func() {
		if producing = p.produce(limited, client, began, total); producing != nil {
			cancel()
		}
	})
	arrived, err := read(limited, client, total, began)
	running.Wait()
	if err := errors.Join(producing, err); err != nil {
		return nil, err
	}
	latencies := make([]time.Duration, 0, total-warm)
	for _, a := range arrived {
		if a.number >= warm {
			latencies = append(latencies, a.took)
		}
	}
	if len(latencies) != total-warm {
		return nil, fmt.Errorf("%d of %d records came through", len(latencies), total-warm)
	}
	return latencies, nil
}

// record is an order that all filters pass.
func (p *probe) record(number int, produced time.Duration) *kgo.Record {
	value := fmt.Appendf(nil, `{"produced":%d,"id":%d,"customer":"c-%06d","status":"paid","amount":%d.50,"currency":"EUR","items":[{"sku":"s-00001","n":2}],"note":"an order like any other, which somebody will pick"}`,
		produced.Nanoseconds(), number, number%customers, number%1000)
	return &kgo.Record{Topic: p.in, Partition: int32(number) % p.partitions, Value: value}
}

// produce writes what is due, once each millisecond.
func (p *probe) produce(ctx context.Context, client *kgo.Client, began time.Time, total int) error {
	var mu sync.Mutex
	var refused error
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	start := time.Now()
	for sent := 0; sent < total; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		due := min(total, int(time.Since(start).Seconds()*float64(p.rate)))
		for ; sent < due; sent++ {
			client.Produce(ctx, p.record(sent, time.Since(began)), func(_ *kgo.Record, err error) {
				mu.Lock()
				defer mu.Unlock()
				refused = errors.Join(refused, err)
			})
		}
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	return refused
}

// arrival is a record that came through.
type arrival struct {
	number int
	took   time.Duration
}

// read reads so many records.
func read(ctx context.Context, client *kgo.Client, n int, began time.Time) ([]arrival, error) {
	arrived := make([]arrival, 0, n)
	for len(arrived) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return arrived, err
		}
		now := time.Since(began)
		var problem error
		fetches.EachRecord(func(r *kgo.Record) {
			produced, err := number(r.Value, `"produced":`)
			id, also := number(r.Value, `"id":`)
			problem = errors.Join(problem, err, also)
			arrived = append(arrived, arrival{int(id), now - time.Duration(produced)})
		})
		if problem != nil {
			return arrived, problem
		}
	}
	return arrived, nil
}

// number finds the integer behind a key.
func number(value []byte, key string) (int64, error) {
	_, rest, _ := strings.Cut(string(value), key)
	end := strings.IndexAny(rest, ",}")
	if end < 0 {
		return 0, fmt.Errorf("there is no %s in %s", key, value)
	}
	return strconv.ParseInt(rest[:end], 10, 64)
}
