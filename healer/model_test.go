package healer

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"pgregory.net/rapid"
)

// The naive model: plain structs, no sharing, everything looked up by walking
// all of it. twin does each step on the model and on the real tracker.

type modelClaim struct {
	real   *Partition
	start  int64
	given  map[int64]bool
	acks   []*modelAck
	floor  int64 // from Advance
	closed bool
	cut    int64 // what it read from here on is no longer in the log
	// As of Close.
	mark  int64
	holes []int64
}

type modelAck struct {
	real     *Ack
	claim    *modelClaim // nil for a node
	offset   int64
	size     int
	refs     int
	failure  error
	reported bool
	settled  bool
	finished bool
	given    bool
	parents  []*modelAck
	gone     bool // a node without references
}

func (a *modelAck) closed() bool {
	if a.claim != nil {
		return a.claim.closed
	}
	for _, p := range a.parents {
		if !p.closed() {
			return false
		}
	}
	return len(a.parents) > 0
}

func (a *modelAck) leaves(seen map[*modelAck]bool) {
	if a.claim != nil {
		seen[a] = true
	}
	for _, p := range a.parents {
		p.leaves(seen)
	}
}

func (c *modelClaim) watermark() int64 {
	if c.closed {
		return c.mark
	}
	mark := max(c.start, c.floor)
	for _, a := range c.acks {
		if !a.finished {
			return a.offset
		}
		mark = max(mark, a.offset+1)
	}
	return mark
}

func (c *modelClaim) holesNow() []int64 {
	if c.closed {
		return c.holes
	}
	mark, next := c.watermark(), max(c.start, c.floor)
	var holes []int64
	for _, a := range c.acks {
		if a.finished && a.offset >= mark {
			holes = append(holes, a.offset)
		}
		next = max(next, a.offset+1)
	}
	for offset := range c.given {
		if offset >= next {
			holes = append(holes, offset)
		}
	}
	slices.Sort(holes)
	return holes
}

// twin is the pair, and a log of one partition that claims read from.
type twin struct {
	t     rapid.TB
	claim *modelClaim
	acks  []*modelAck // of all claims, and nodes
	log   []int64     // offsets that are delivered, ascending, with gaps
	end   int64       // the offset that the next record gets
	read  int         // the next of log
	took  []*modelClaim

	ever      map[int64]bool // of log, finished by any claim: the naive set
	committed int64
	metadata  string
	ground    Ground

	failures, wantFailures []*Ack
	misuses, wantMisuses   int
	gone, wantGone         int64 // bytes, by OnFinish
}

func newTwin(t rapid.TB) *twin {
	w := &twin{t: t, ever: map[int64]bool{}, ground: Ground{ClusterID: "c", TopicID: [16]byte{7}, Partition: 3}}
	w.take(0, Holes{})
	return w
}

func (w *twin) take(start int64, inherited Holes) {
	w.claim = &modelClaim{start: start, given: map[int64]bool{}, cut: math.MaxInt64}
	w.took = append(w.took, w.claim)
	for r := range inherited.Ranges() {
		for o := r.First; o <= r.Last; o++ {
			w.claim.given[o] = true
			if !w.ever[o] {
				w.t.Fatalf("the map marks %d, which no claim finished", o)
			}
		}
	}
	w.claim.real = NewPartition(Options{
		Start:     start,
		Inherited: inherited,
		OnFailed:  func(a *Ack) { w.failures = append(w.failures, a) },
		OnFinish:  func(_ int, bytes int64) { w.gone += bytes },
		OnMisuse: func(err error) {
			w.misuses++
			if !errors.Is(err, ErrMisuse) {
				w.t.Fatalf("misuse reported as %v", err)
			}
		},
	})
	w.claim.real.slack = 3
	w.read, _ = slices.BinarySearch(w.log, start)
}

// actions are the steps; pick chooses a number in 0..n-1.
func (w *twin) actions(pick func(n int) int) map[string]func() {
	ack := func() *modelAck {
		if len(w.acks) == 0 {
			w.begin(1+pick(5), pick)
		}
		// Mostly recent ones, so that something is usually still open.
		return w.acks[len(w.acks)-1-pick(min(len(w.acks), 1+pick(40)))]
	}
	return map[string]func(){
		"begin":    func() { w.begin(1+pick(8), pick) },
		"release":  func() { w.release(ack()) },
		"finish":   func() { w.finish(ack()) },
		"retain":   func() { w.retain(ack(), 1+pick(3)) },
		"fail":     func() { w.fail(ack(), fmt.Errorf("failure %d", pick(100))) },
		"settle":   func() { w.settle(ack()) },
		"join":     func() { w.join(ack(), ack(), ack(), pick(4)) },
		"advance":  func() { w.advance(int64(pick(6))) },
		"commit":   func() { w.commit(64 + pick(200)) },
		"lost":     func() { w.progress(64 + pick(200)) },
		"revoke":   func() { w.revoke() },
		"crash":    func() { w.crash(pick(2) == 0) },
		"compact":  func() { w.compact(1+pick(4), pick) },
		"truncate": func() { w.truncate(w.end-int64(pick(12)), pick(2) == 0) },
		"look":     w.look,
	}
}

func (w *twin) begin(n int, pick func(int) int) {
	var entries []Entry
	for range n {
		if w.read == len(w.log) {
			gap := int64(0)
			if pick(3) == 0 {
				gap = int64(pick(5))
			}
			w.log = append(w.log, w.end+gap)
			w.end += gap + 1
		}
		entries = append(entries, Entry{Offset: w.log[w.read], Size: 1 + pick(9), Source: "record"})
		w.read++
	}
	slab, err := w.claim.real.Begin(entries)
	if err != nil {
		w.t.Fatalf("begin %v: %v", entries, err)
	}
	for i, e := range entries {
		a := &modelAck{real: &slab[i], claim: w.claim, offset: e.Offset, size: e.Size, refs: 1}
		if w.claim.given[e.Offset] {
			a.given, a.finished, a.refs = true, true, 0
		}
		w.claim.acks = append(w.claim.acks, a)
		w.acks = append(w.acks, a)
	}
	if _, err := w.claim.real.Begin(entries[:1]); !errors.Is(err, ErrOrder) {
		w.t.Fatalf("begun twice: %v", err)
	}
}

func (w *twin) misuse(a *modelAck) {
	leaves := map[*modelAck]bool{}
	a.leaves(leaves)
	if !a.given && !a.closed() && len(leaves) > 0 {
		w.wantMisuses++
	}
}

func (w *twin) retain(a *modelAck, n int) {
	a.real.Retain(n)
	w.modelRetain(a, n)
}

func (w *twin) modelRetain(a *modelAck, n int) {
	if a.given || a.refs == 0 && (a.finished || a.gone) {
		w.misuse(a)
		return
	}
	a.refs += n
}

func (w *twin) release(a *modelAck) {
	a.real.Release()
	w.modelRelease(a)
}

// finish drops all references.
func (w *twin) finish(a *modelAck) {
	for range a.refs {
		w.release(a)
	}
}

func (w *twin) modelRelease(a *modelAck) {
	if a.refs == 0 {
		w.misuse(a)
		return
	}
	a.refs--
	switch {
	case a.refs > 0:
	case a.claim == nil:
		a.gone, a.finished = true, a.failure == nil
		for _, p := range a.parents {
			w.modelRelease(p)
		}
	case a.claim.closed:
	case a.failure == nil || a.settled:
		w.modelFinish(a)
	case !a.reported:
		a.reported = true
		w.wantFailures = append(w.wantFailures, a.real)
	}
}

func (w *twin) modelFinish(a *modelAck) {
	a.finished = true
	w.wantGone += int64(a.size)
	if a.offset < a.claim.cut {
		w.ever[a.offset] = true
	}
}

func (w *twin) fail(a *modelAck, err error) {
	a.real.Fail(err)
	w.modelFail(a, err)
}

func (w *twin) modelFail(a *modelAck, err error) {
	switch {
	case a.failure != nil || a.given:
		return
	case a.finished || a.gone:
		w.misuse(a)
		return
	}
	a.failure = err
	for _, p := range a.parents {
		w.modelFail(p, err)
	}
}

func (w *twin) settle(a *modelAck) {
	a.real.Settle()
	switch {
	case a.claim == nil || a.finished || a.settled || a.claim.closed:
	case a.failure == nil:
		w.misuse(a)
	default:
		a.settled = true
		if a.refs == 0 {
			w.modelFinish(a)
		}
	}
}

func (w *twin) join(a, b, c *modelAck, extra int) {
	// Only what is held may be joined.
	var parents, distinct []*modelAck
	var acks []*Ack
	for _, p := range []*modelAck{a, b, c, a}[:1+extra%4] {
		if p.refs > 0 {
			parents = append(parents, p)
			acks = append(acks, p.real, nil)
		}
	}
	for _, p := range parents {
		if !slices.Contains(distinct, p) {
			distinct = append(distinct, p)
		}
	}
	joined := Join(acks...)
	for _, p := range distinct {
		w.modelRetain(p, 1)
	}
	if len(distinct) == 1 {
		if joined != distinct[0].real {
			w.t.Fatal("the join of one ack is not that ack")
		}
		return
	}
	w.acks = append(w.acks, &modelAck{real: joined, refs: 1, parents: distinct})
}

func (w *twin) advance(by int64) {
	if w.read < len(w.log) {
		return // more will be delivered here
	}
	w.end += by
	w.claim.real.Advance(w.end)
	w.claim.real.Advance(w.end - 3) // never back
	w.claim.floor = max(w.claim.floor, w.end)
}
