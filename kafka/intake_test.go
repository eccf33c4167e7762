package kafka

import (
	"context"
	"slices"
	"sync"

	"waterhealer/engine"
	"waterhealer/healer"
)

// fakeIntake stands in for the engine. Records stay unfinished until a test
// finishes them, unless auto is set.
type fakeIntake struct {
	auto func(*engine.Record) bool // which records are finished at once; nil is all

	mu      sync.Mutex
	records []*engine.Record // as pushed, batches whole
	claims  []*fakeClaim
	revoked []*fakeClaim
	pushed  chan struct{} // capacity 1
	onPush  func(*fakeClaim)
	block   chan struct{} // when set, Revoke waits for it or its context
	pace    chan struct{} // each value is leave for one push; closed by newIntake
}

type fakeClaim struct {
	*healer.Partition
	options engine.ClaimOptions
	pace    chan struct{}

	mu        sync.Mutex
	acks      map[int64]*healer.Ack
	full      bool
	room      chan struct{}
	committed []int64
}

func newIntake(auto func(*engine.Record) bool) *fakeIntake {
	if auto == nil {
		auto = func(*engine.Record) bool { return true }
	}
	f := &fakeIntake{auto: auto, pushed: make(chan struct{}, 1), pace: make(chan struct{})}
	close(f.pace)
	return f
}

// never leaves everything unfinished.
func never(*engine.Record) bool { return false }

func (f *fakeIntake) Claim(o engine.ClaimOptions) tracker {
	c := &fakeClaim{
		Partition: healer.NewPartition(healer.Options{Start: o.Start, Finished: o.Finished, Inherited: o.Inherited}),
		options:   o, pace: f.pace, acks: make(map[int64]*healer.Ack), room: make(chan struct{}, 1),
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claims = append(f.claims, c)
	return c
}

func (f *fakeIntake) Push(t tracker, records []*engine.Record) {
	c := t.(*fakeClaim)
	if f.onPush != nil {
		f.onPush(c)
	}
	for _, r := range records {
		r.Elements(func(e *engine.Record) {
			acks, err := c.Begin([]healer.Entry{{Offset: e.ClaimOffset(), Size: len(e.Raw)}})
			if err != nil {
				panic(err) // the source broke the contract
			}
			c.mu.Lock()
			c.acks[e.ClaimOffset()] = &acks[0]
			c.mu.Unlock()
			if !acks[0].Finished() && f.auto(e) {
				acks[0].Release()
			}
		})
	}
	f.mu.Lock()
	f.records = append(f.records, records...)
	f.mu.Unlock()
	select {
	case f.pushed <- struct{}{}:
	default:
	}
}

func (f *fakeIntake) Revoke(ctx context.Context, t tracker) {
	c := t.(*fakeClaim)
	f.mu.Lock()
	block := f.block
	f.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
		}
	}
	c.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked = append(f.revoked, c)
}

func (c *fakeClaim) Full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.full
}

func (c *fakeClaim) setFull(full bool) {
	c.mu.Lock()
	c.full = full
	c.mu.Unlock()
	if !full {
		select {
		case c.room <- struct{}{}:
		default:
		}
	}
}

func (c *fakeClaim) Room() <-chan struct{} { return c.room }

func (c *fakeClaim) Pace() <-chan struct{} { return c.pace }

// End is for the engine.
func (c *fakeClaim) End() {}

func (c *fakeClaim) Committed(watermark int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.committed = append(c.committed, watermark)
}

// finish finishes offsets of the last claim of a partition.
func (f *fakeIntake) finish(topic string, partition int32, offsets ...int64) {
	c := f.claim(topic, partition)
	for _, o := range offsets {
		c.mu.Lock()
		ack := c.acks[o]
		c.mu.Unlock()
		ack.Release()
	}
}

// claim is the last claim of a partition, nil when there was none.
func (f *fakeIntake) claim(topic string, partition int32) *fakeClaim {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range slices.Backward(f.claims) {
		if c.options.Topic == topic && c.options.Partition == partition {
			return c
		}
	}
	return nil
}

// offsets are those that were pushed of a partition, in order.
func (f *fakeIntake) offsets(topic string, partition int32) []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []int64
	for _, r := range f.records {
		r.Elements(func(e *engine.Record) {
			if e.Topic == topic && e.Partition == partition {
				all = append(all, e.Offset)
			}
		})
	}
	return all
}

// count is how many records were pushed.
func (f *fakeIntake) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.records {
		r.Elements(func(*engine.Record) { n++ })
	}
	return n
}
