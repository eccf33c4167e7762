package engine

import (
	"sync"
	"sync/atomic"

	"waterhealer/healer"
)

// Limits bound what is unfinished, per partition and for the process.
type Limits struct {
	Records int64 // unfinished records of one partition in memory
	Ahead   int64 // offsets of one partition beyond its watermark
	Bytes   int64 // payload bytes of all unfinished records of the process
}

// DefaultLimits are the limits of a pipeline that sets none.
var defaultLimits = Limits{Records: 10_000, Ahead: 1_000_000, Bytes: 64 << 20}

// Claim is one partition as long as this process may read it.
type Claim struct {
	Source    string
	Topic     string
	Partition int32
	// Epoch counts the claims of this process; it is not the group's generation.
	Epoch int64

	node    *Node
	tracker *healer.Partition
	limits  Limits
	budget  *budget
	gate    *gate
	lane    int
	commits bool // finished offsets are committed somewhere

	revoked atomic.Bool
	waiting atomic.Bool   // Full has said true and no room was reported since
	room    chan struct{} // capacity 1

	// handed counts the records that an output is writing right now.
	handed atomic.Int64
	// settled is signalled when handed falls to zero on a revoked claim.
	settled chan struct{}

	onCommitted func(c *Claim, watermark int64)
}

// newClaim begins a claim. onFailed is called once for each source record that
// failed and of which nothing is open any more.
func newClaim(o ClaimOptions, epoch int64, limits Limits, b *budget, onFailed func(*healer.Ack), onMisuse func(error)) *Claim {
	c := &Claim{
		Source: o.Source, Topic: o.Topic, Partition: o.Partition, Epoch: epoch,
		limits: limits, budget: b, gate: newGate(),
		room: make(chan struct{}, 1), settled: make(chan struct{}, 1),
	}
	c.tracker = healer.NewPartition(healer.Options{
		Start: o.Start, Finished: o.Finished, Inherited: o.Inherited,
		OnFailed: onFailed, OnFinish: c.onFinish, OnMisuse: onMisuse,
	})
	b.join(c)
	return c
}

// Full says that no more records should be taken for now. Records that are
// pushed all the same are accepted. [Claim.Room] tells when it is over.
func (c *Claim) Full() bool {
	if !c.over(1, 1) {
		return false
	}
	c.waiting.Store(true)
	// What was finished between the look and the mark reported to nobody.
	c.report()
	return c.waiting.Load()
}

// Room receives when a claim that was full has room again.
func (c *Claim) Room() <-chan struct{} { return c.room }

// over says whether a bound, scaled by share/of, is reached.
func (c *Claim) over(share, of int64) bool {
	records, _ := c.tracker.InFlight()
	return records*of >= c.limits.Records*share ||
		c.budget.over(share, of) ||
		c.tracker.Span()*of >= c.limits.Ahead*share
}

// onFinish is called by the tracker after records were finished, from any
// goroutine, on the data path.
func (c *Claim) onFinish(_ int, bytes int64) {
	c.budget.give(bytes)
	c.report()
}

// report wakes a waiting source once a quarter of the bound is free.
func (c *Claim) report() {
	if !c.waiting.Load() || c.over(3, 4) {
		return
	}
	if c.waiting.CompareAndSwap(true, false) {
		select {
		case c.room <- struct{}{}:
		default:
		}
	}
}

// Watermark is the first offset that is not finished.
func (c *Claim) Watermark() int64 { return c.tracker.Watermark() }

// Holes are the finished offsets beyond the watermark.
func (c *Claim) Holes() healer.Holes { return c.tracker.Holes() }

// Progress is the watermark and the holes of one instant.
func (c *Claim) Progress() (watermark int64, holes healer.Holes) { return c.tracker.Progress() }

// Advance says that nothing below next will ever be delivered.
func (c *Claim) Advance(next int64) { c.tracker.Advance(next) }

// InFlight counts the unfinished records and their payload bytes.
func (c *Claim) InFlight() (records, bytes int64) { return c.tracker.InFlight() }

// Revoked says that the claim was given up.
func (c *Claim) Revoked() bool { return c.revoked.Load() }

// Committed is called by the source after each acknowledged commit.
func (c *Claim) Committed(watermark int64) {
	if c.onCommitted != nil {
		c.onCommitted(c, watermark)
	}
}

// hand counts n records as handed to an output, or refuses because the claim
// was revoked. Counting comes before looking, so that a revoke that sees zero
// knows that nothing follows.
func (c *Claim) hand(n int64) bool {
	c.handed.Add(n)
	if !c.revoked.Load() {
		return true
	}
	c.takeBack(n)
	return false
}

// takeBack ends what hand began.
func (c *Claim) takeBack(n int64) {
	if c.handed.Add(-n) == 0 && c.revoked.Load() {
		select {
		case c.settled <- struct{}{}:
		default:
		}
	}
}

// budget bounds the payload bytes of all unfinished records of the process.
type budget struct {
	limit int64
	used  atomic.Int64

	mu     sync.Mutex
	claims map[*Claim]struct{}
}

func newBudget(limit int64) *budget {
	return &budget{limit: limit, claims: make(map[*Claim]struct{})}
}

func (b *budget) over(share, of int64) bool { return b.used.Load()*of >= b.limit*share }

func (b *budget) take(bytes int64) { b.used.Add(bytes) }

// give returns bytes and, on the way below three quarters, wakes the claims
// that wait for others' bytes.
func (b *budget) give(bytes int64) {
	after := b.used.Add(-bytes)
	low := b.limit / 4 * 3
	if after >= low || after+bytes < low {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.claims {
		c.report()
	}
}

func (b *budget) join(c *Claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.claims[c] = struct{}{}
}

// leave forgets a claim; closing its tracker has returned what it still held.
func (b *budget) leave(c *Claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.claims, c)
}
