package healer

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// Entry is one record that was delivered.
type Entry struct {
	Offset int64
	Size   int // bytes it holds in memory
	Source any // see [Ack.Source]
}

// Options say what a partition tracker starts from and whom it tells.
type Options struct {
	// Start is the watermark until something is delivered. What is delivered
	// below it is finished already.
	Start int64
	// Inherited are the holes that earlier claims left, by the committed map.
	// Until their offsets are delivered again, [Partition.Holes] goes on
	// reporting them, so that the next commit does not forget them.
	Inherited Holes
	// Finished reports offsets that an earlier claim finished. Nil asks
	// Inherited.
	Finished func(offset int64) bool
	// OnFailed gets each ack that has failed and of which nothing is open any
	// more. It is called once per ack, outside any lock, by whoever released
	// the last reference. Its policy ends with [Ack.Settle].
	OnFailed func(*Ack)
	// OnFinish is told what left memory, after [Partition.InFlight] went down.
	// It runs in every release that finishes a record: cheap atomics only.
	OnFinish func(records int, bytes int64)
	// OnDone, where it is not nil, is told of each record that is finished, while it
	// still has its Source. It runs in every release that finishes a record.
	OnDone func(*Ack)
	// OnMisuse gets an error that wraps [ErrMisuse] when references do not add
	// up. They are counted in any case.
	OnMisuse func(error)
}

// Partition tracks the delivered records of one claim of one partition.
//
// Releases touch only their own ack and two counters, but for one that leaves
// nothing in flight, which drops what is finished. Everything else looks at
// the acks when it is called: [Partition.Watermark] only at the first ones,
// [Partition.Holes] at those that were unfinished the last time.
type Partition struct {
	finished func(int64) bool
	onFailed func(*Ack)
	onFinish func(int, int64)
	onDone   func(*Ack)
	onMisuse func(error)

	closed  atomic.Bool
	records atomic.Int64 // in flight
	bytes   atomic.Int64 // in flight
	misuses atomic.Int64

	slack int64 // finished acks beyond a stuck head that may wait for a sweep

	mu        sync.Mutex
	start     int64
	next      int64   // the lowest offset that may still be begun
	end       int64   // the last offset that was begun, plus 1
	floor     int64   // the watermark while nothing is unfinished
	open      backlog // what was unfinished when it was last looked at
	done      marks   // finished beyond the watermark, no longer in open
	inherited Holes   // of offsets that were not delivered yet
	snapshot  Holes   // what Holes returned last; valid while fresh
	fresh     bool
	mark      int64 // the watermark at Close
	abandoned int64 // unfinished at Close
}

// ErrOrder is returned when offsets do not ascend.
var ErrOrder = errors.New("offsets do not ascend")

// NewPartition makes the tracker of one claim.
func NewPartition(o Options) *Partition {
	p := &Partition{
		finished:  o.Finished,
		onFailed:  o.OnFailed,
		onFinish:  o.OnFinish,
		onDone:    o.OnDone,
		onMisuse:  o.OnMisuse,
		start:     o.Start,
		floor:     o.Start,
		inherited: o.Inherited,
		slack:     4096,
	}
	if p.finished == nil && o.Inherited.Len() > 0 {
		p.finished = o.Inherited.Contains
	}
	return p
}

// Begin takes delivered records and returns their acks, each with one
// reference. What an earlier claim finished is finished at once: its Finished
// is true, and releasing it does nothing. Offsets must ascend beyond everything
// begun before and may not lie below what Advance said, else nothing is begun
// and the error wraps [ErrOrder].
//
// After Close the acks it returns belong to the closed claim and change
// nothing.
func (p *Partition) Begin(entries []Entry) ([]Ack, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if err := ascending(entries); err != nil {
		return nil, err
	}
	acks := make([]Ack, len(entries))
	var records, bytes int64
	for i := range entries {
		e, a := &entries[i], &acks[i]
		a.Offset, a.partition = e.Offset, p
		if e.Offset < p.start || p.finished != nil && p.finished(e.Offset) {
			a.state.Store(flagFinished | flagGiven)
			continue
		}
		a.Source, a.size = e.Source, int64(e.Size)
		a.state.Store(oneReference)
		records++
		bytes += a.size
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		for i := range acks {
			acks[i].state.Or(flagClosed)
		}
		return acks, nil
	}
	if entries[0].Offset < p.next {
		return nil, fmt.Errorf("%w: offset %d after %d", ErrOrder, entries[0].Offset, p.next-1)
	}
	p.end = entries[len(entries)-1].Offset + 1
	p.next = p.end
	p.floor = max(p.floor, p.next)
	p.records.Add(records)
	p.bytes.Add(bytes)
	p.open.push(acks)
	p.fresh = false
	if int64(p.open.len()) > 2*p.records.Load()+p.slack {
		p.sweep() // so that finished acks behind a stuck head can be freed
	}
	return acks, nil
}

func ascending(entries []Entry) error {
	last := int64(-1)
	for i := range entries {
		offset := entries[i].Offset
		if offset <= last || offset == math.MaxInt64 {
			return fmt.Errorf("%w: offset %d after %d", ErrOrder, offset, last)
		}
		last = offset
	}
	return nil
}

// Watermark returns the first offset that is not finished. When all that was
// delivered is finished, it is the one behind the last, or what Advance said.
// It never goes back.
func (p *Partition) Watermark() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.watermark()
}

func (p *Partition) watermark() int64 {
	if p.closed.Load() {
		return p.mark
	}
	if head := p.open.first(); head != nil {
		return head.Offset
	}
	return p.floor
}

// Progress returns the watermark and the holes beyond it, as of one moment.
func (p *Partition) Progress() (watermark int64, holes Holes) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return p.mark, p.snapshot
	}
	return p.sweep(), p.holes()
}

// Holes returns the finished offsets beyond the watermark, and those inherited
// that were not delivered again yet.
func (p *Partition) Holes() Holes {
	_, holes := p.Progress()
	return holes
}

// Advance says that nothing below next will ever be delivered: transaction
// markers, a compacted tail. The watermark goes there once all that was begun
// is finished; it never goes back.
func (p *Partition) Advance(next int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() || next <= p.next {
		return
	}
	p.next = next
	p.floor = max(p.floor, next)
	p.fresh = false
}

// InFlight returns the records that are unfinished, and their bytes; both are 0
// once the claim is closed.
func (p *Partition) InFlight() (records, bytes int64) {
	return p.records.Load(), p.bytes.Load()
}

// Misuses counts the calls that [Options.OnMisuse] is told of.
func (p *Partition) Misuses() int64 { return p.misuses.Load() }

// Span returns how many offsets lie between the watermark and the last that was
// begun, both included; 0 when nothing is unfinished.
func (p *Partition) Span() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.end-p.watermark())
}

// Unfinished returns the first offsets that are not finished, at most limit.
func (p *Partition) Unfinished(limit int) []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open.unfinished(limit)
}

// OldestUnfinished returns the first ack that is not finished, nil if there is
// none. The caller holds no reference of it: only its Offset, Failure and the
// like may be used, not its Source.
func (p *Partition) OldestUnfinished() *Ack {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open.first()
}

// Close ends the claim. Watermark and Holes stay as they are now, whatever is
// released, failed or settled later; what was unfinished stays so for good, is
// no longer in flight, and is not given to OnFailed any more (a call that has
// already begun may still be under way).
func (p *Partition) Close() {
	p.mu.Lock()
	if p.closed.Load() {
		p.mu.Unlock()
		return
	}
	records, bytes := p.open.close()
	p.mark, p.snapshot = p.sweep(), p.holes()
	p.open, p.done, p.inherited = backlog{}, marks{}, Holes{}
	p.abandoned = int64(records)
	p.closed.Store(true)
	p.mu.Unlock()
	if records > 0 {
		p.finish(records, bytes)
	}
}

// Abandoned is how many records were unfinished at Close; 0 before.
func (p *Partition) Abandoned() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.abandoned
}

// finish takes records out of flight.
func (p *Partition) finish(records int, bytes int64) {
	left := p.records.Add(-int64(records))
	p.bytes.Add(-bytes)
	if left == 0 && p.mu.TryLock() { // else the next who looks drops it
		// Until the next commit a thousand partitions would keep a slab each.
		p.open.first()
		p.mu.Unlock()
	}
	if p.onFinish != nil {
		p.onFinish(records, bytes)
	}
}

func (p *Partition) failed(a *Ack) {
	if p.onFailed != nil && !p.closed.Load() {
		p.onFailed(a)
	}
}

func (p *Partition) misused(err error) {
	p.misuses.Add(1)
	if p.onMisuse != nil {
		p.onMisuse(err)
	}
}
