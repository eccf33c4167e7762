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

// defaultLimits are the limits of a pipeline that sets none.
func defaultLimits() Limits {
	return Limits{Records: 10_000, Ahead: 1_000_000, Bytes: 64 << 20}
}

// Claim is one partition as long as this process may read it.
type Claim struct {
	Source    string
	Topic     string
	Partition int32
	// Epoch counts the claims of this process; it is not the group's generation.
	Epoch int64

	rt      *Runtime
	source  int // the place of its source in Graph.Sources
	node    *Node
	tracker *healer.Partition
	gate    *gate // nil where nothing is kept in order
	letters *gate // of letters of what failed in output streams; nil likewise
	strands strands
	commits bool // finished offsets are committed somewhere
	// committed is the last acknowledged offset, or where the claim began.
	committed atomic.Int64

	revoked atomic.Bool
	ended   atomic.Bool   // nothing more is pushed
	waiting atomic.Bool   // Full has said true and no room was reported since
	room    chan struct{} // capacity 1

	// handed counts the records that an output is writing right now; settled is
	// closed when it is zero after the revoke.
	handed    atomic.Int64
	settled   chan struct{}
	settledBy sync.Once

	beginning sync.Mutex // keeps Push and the end of the claim apart

	reports pendingReports
	traces  openTraces
	ages    ages
	holes   atomic.Pointer[listedHoles] // as somebody saw them last

	// listed and listedBytes are failures that a run which lists them has passed.
	// They stay unfinished, but what follows does not wait for them.
	listed, listedBytes atomic.Int64
}

func (rt *Runtime) newClaim(o ClaimOptions) *Claim {
	c := &Claim{
		Source: o.Source, Topic: o.Topic, Partition: o.Partition, Epoch: rt.epochs.Add(1),
		rt: rt, node: rt.sourceNodes[o.Source], commits: !o.Uncommitted,
		room: make(chan struct{}, 1), settled: make(chan struct{}),
	}
	if rt.graph.Order != OrderNone {
		c.gate, c.letters = newGate(), newGate()
	}
	// One lane has nobody to share with: it takes what comes in its order.
	c.strands.keyed = rt.graph.Order == OrderKey && len(rt.lanes) > 1
	c.strands.whole.loose = rt.graph.Order == OrderNone && len(rt.lanes) > 1
	options := healer.Options{
		Start: o.Start, Finished: o.Finished, Inherited: o.Inherited,
		OnFailed: rt.onFailed, OnFinish: c.onFinish, OnMisuse: rt.halt,
	}
	if rt.options.Tracer != nil {
		options.OnDone = c.onDone
	}
	c.tracker = healer.NewPartition(options)
	c.committed.Store(o.Start)
	rt.budget.join(c)
	return c
}

// Full says that no more records should be taken for now. Records that are
// pushed all the same are accepted. [Claim.Room] tells when it is over.
func (c *Claim) Full() bool {
	if !c.over(1, 1) {
		return false
	}
	if c.waiting.Load() {
		return true
	}
	c.rt.turns.set(c.source, sourceWaits)
	c.waiting.Store(true)
	// What was finished between the look and the mark reported to nobody.
	c.report()
	if !c.waiting.Load() {
		return false
	}
	c.rt.wakeSyncers()
	return true
}

// Room receives when a claim that was full has room again.
func (c *Claim) Room() <-chan struct{} { return c.room }

// Pace is closed when what is pushed next would not only wait behind others, or the
// claim has little under way. A source asks before each slice, but waits for
// [PaceLimit] at most: what crowds may be another claim's, and may stay.
func (c *Claim) Pace() <-chan struct{} {
	if records, _ := c.tracker.InFlight(); records < paceLeast {
		return c.rt.pace.open
	}
	return c.rt.pace.ready()
}

// End says that nothing more will be pushed, so that nobody waits for it. The
// claim stays held.
func (c *Claim) End() {
	c.ended.Store(true)
	c.rt.noteChange()
}

// over says whether a bound, scaled by share/of, is reached, or an operator
// pauses the source.
func (c *Claim) over(share, of int64) bool {
	if c.paused() {
		return true
	}
	limits := &c.rt.graph.Limits
	records, _ := c.tracker.InFlight()
	listed := c.listed.Load()
	return (records-listed)*of >= limits.Records*share ||
		c.rt.budget.over(share, of) ||
		c.reports.weight.Load()*of >= limits.reports()*share ||
		listed == 0 && c.tracker.Span()*of >= limits.Ahead*share
}

// list takes a failed record out of what counts against the bounds.
func (c *Claim) list(source *Record) {
	size := source.size()
	c.listed.Add(1)
	c.listedBytes.Add(size)
	c.rt.budget.give(size)
	c.report()
}

// bound is the setting that is reached.
func (c *Claim) bound() string {
	records, _ := c.tracker.InFlight()
	switch {
	case records >= c.rt.graph.Limits.Records:
		return settingRecords
	case c.rt.budget.over(1, 1), c.reports.weight.Load() >= c.rt.graph.Limits.reports():
		return settingBytes
	}
	return settingAhead
}

// onFinish is called by the tracker after records were finished, from any
// goroutine, on the data path.
func (c *Claim) onFinish(_ int, bytes int64) {
	c.rt.budget.give(bytes)
	c.report()
}

// report wakes a waiting source once a quarter of the bound is free.
func (c *Claim) report() {
	if c.waiting.Load() && !c.over(3, 4) {
		c.reopen()
	}
}

// reopen wakes a waiting source.
func (c *Claim) reopen() {
	if c.waiting.CompareAndSwap(true, false) {
		c.rt.turns.set(c.source, sourceReads)
		c.revive()
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

// Abandoned is how many records were unfinished when the claim was given up; 0
// before.
func (c *Claim) Abandoned() int64 { return c.tracker.Abandoned() }

// Span is how many offsets lie between the watermark and the last record, both
// included; 0 when nothing is unfinished.
func (c *Claim) Span() int64 { return c.tracker.Span() }

// Revoked says that the claim was given up.
func (c *Claim) Revoked() bool { return c.revoked.Load() }

// Committed is called by the source after each acknowledged commit.
func (c *Claim) Committed(watermark int64) { c.rt.committed(c, watermark) }

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
		c.settledBy.Do(func() { close(c.settled) })
	}
}
