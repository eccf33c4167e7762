package main

import (
	"context"
	"sync"
	"time"

	"waterhealer/kafka/kafkatest"
)

// feeder writes the input. All writes go through it one after another, so that
// the n-th record of a partition has the offset n.
type feeder struct {
	workload workload
	topic    string
	connect  func() (*kafkatest.Client, error)

	mu     sync.Mutex
	client *kafkatest.Client
	next   []int64 // per partition
	fed    int64
}

const feedBatch = 4800 // records in one request for all partitions

// feed writes n records, spread evenly, and returns when replicas have them.
func (f *feeder) feed(ctx context.Context, n int64) error {
	for n > 0 {
		size := min(n, feedBatch)
		if err := f.feedOnce(ctx, size); err != nil {
			return err
		}
		n -= size
	}
	return nil
}

func (f *feeder) feedOnce(ctx context.Context, n int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.client == nil {
		client, err := f.connect()
		if err != nil {
			return err
		}
		f.client = client
	}
	messages := make([]kafkatest.Message, 0, n)
	for range n {
		p := f.fed % int64(len(f.next))
		messages = append(messages, f.workload.message(int32(p), f.next[p]))
		f.next[p]++
		f.fed++
	}
	return f.client.Produce(ctx, f.topic, messages)
}

// widen goes on with more partitions.
func (f *feeder) widen(partitions int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closeLocked() // a new client knows the new partitions at once
	for len(f.next) < partitions {
		f.next = append(f.next, 0)
	}
}

// trickle gives every partition a record now and then, until it is
// stopped, so that progress can be seen on each. A write that has begun is never
// broken off: nobody could tell its records' offsets.
func (f *feeder) trickle(ctx context.Context, stop <-chan struct{}) error {
	return f.flow(ctx, stop, 1)
}

// press gives every partition n records ten times a second, until stop is
// called, so that much is under way.
func (f *feeder) press(ctx context.Context, n int64) (stop func() error) {
	over, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- f.flow(ctx, over, n) }()
	return sync.OnceValue(func() error {
		close(over)
		return <-done
	})
}

// flow gives every partition n records ten times a second.
func (f *feeder) flow(ctx context.Context, stop <-chan struct{}, n int64) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, next := f.ends()
		if err := f.feed(ctx, n*int64(len(next))); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// ends are the input's, and how much was written.
func (f *feeder) ends() (fed int64, next []int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fed, append([]int64(nil), f.next...)
}

func (f *feeder) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closeLocked()
}

func (f *feeder) closeLocked() {
	if f.client != nil {
		f.client.Close()
		f.client = nil
	}
}

func sum(numbers []int64) (total int64) {
	for _, n := range numbers {
		total += n
	}
	return total
}
