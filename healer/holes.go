package healer

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// Holes is a set of finished offsets beyond a watermark. It never changes once
// made; the zero value is empty.
type Holes struct {
	bits *roaring64.Bitmap // nil when empty
}

// Range is a run of offsets, both ends included.
type Range struct{ First, Last int64 }

// NewHoles makes a set of the offsets in ranges, which may overlap. Negative
// offsets do not exist and are left out.
func NewHoles(ranges ...Range) Holes {
	bits := roaring64.New()
	for _, r := range ranges {
		if first := max(r.First, 0); first <= r.Last {
			bits.AddRange(uint64(first), uint64(r.Last)+1)
		}
	}
	return holesOf(bits)
}

func holesOf(bits *roaring64.Bitmap) Holes {
	if bits.IsEmpty() {
		return Holes{}
	}
	return Holes{bits: bits}
}

// Contains tells whether offset is in the set.
func (h Holes) Contains(offset int64) bool {
	return h.bits != nil && offset >= 0 && h.bits.Contains(uint64(offset))
}

// Len returns how many offsets there are.
func (h Holes) Len() int {
	if h.bits == nil {
		return 0
	}
	return int(h.bits.GetCardinality())
}

// First returns the lowest offset, -1 if there is none.
func (h Holes) First() int64 {
	if h.bits == nil {
		return -1
	}
	return int64(h.bits.Minimum())
}

// Last returns the highest offset, -1 if there is none.
func (h Holes) Last() int64 {
	if h.bits == nil {
		return -1
	}
	return int64(h.bits.Maximum())
}

// Ranges yields the runs of adjacent offsets, in order. It looks at what is
// there or at what is missing, whichever is less, so that a long run is cheap.
func (h Holes) Ranges() iter.Seq[Range] {
	return func(yield func(Range) bool) {
		if h.bits == nil {
			return
		}
		span := uint64(h.Last()-h.First()) + 1
		if missing := span - h.bits.GetCardinality(); missing < span/2 {
			rangesBetween(h, yield)
			return
		}
		rangesOf(h, yield)
	}
}

func rangesOf(h Holes, yield func(Range) bool) {
	run := Range{First: h.First(), Last: h.First() - 1}
	for offset := range roaring64.Values(h.bits) {
		if int64(offset) != run.Last+1 {
			if !yield(run) {
				return
			}
			run.First = int64(offset)
		}
		run.Last = int64(offset)
	}
	yield(run)
}

// rangesBetween yields what lies between the missing offsets.
func rangesBetween(h Holes, yield func(Range) bool) {
	first := h.First()
	missing := roaring64.Flip(h.bits, uint64(first), uint64(h.Last())+1)
	for offset := range roaring64.Values(missing) {
		if int64(offset) > first && !yield(Range{First: first, Last: int64(offset) - 1}) {
			return
		}
		first = int64(offset) + 1
	}
	yield(Range{First: first, Last: h.Last()})
}

// marks collects finished offsets. Adjacent ones are added in one go.
type marks struct {
	bits *roaring64.Bitmap // nil until something is added
	run  Range
	open bool
}

func (m *marks) add(offset int64) {
	if m.open && offset == m.run.Last+1 {
		m.run.Last = offset
		return
	}
	m.flush()
	m.run, m.open = Range{First: offset, Last: offset}, true
}

func (m *marks) flush() {
	if !m.open {
		return
	}
	m.open = false
	if m.bits == nil {
		m.bits = roaring64.New()
	}
	if m.run.First == m.run.Last {
		m.bits.Add(uint64(m.run.First))
		return
	}
	m.bits.AddRange(uint64(m.run.First), uint64(m.run.Last)+1)
}

// drop forgets everything below offset.
func (m *marks) drop(offset int64) {
	if m.bits == nil || offset <= 0 {
		return
	}
	m.bits.RemoveRange(0, uint64(offset))
	if m.bits.IsEmpty() {
		m.bits = nil
	}
}

// sweep puts what finished since the last time where Holes finds it, and
// returns the watermark. The partition's lock is held.
func (p *Partition) sweep() int64 {
	watermark := p.watermark() // drops what is finished in front: it never becomes a hole
	before := p.open.len()
	p.open.sweep(&p.done)
	if before != p.open.len() {
		p.fresh = false
	}
	// An earlier sweep may have marked what the watermark has passed since.
	if p.done.bits != nil && int64(p.done.bits.Minimum()) < watermark {
		p.done.drop(watermark)
		p.fresh = false
	}
	return watermark
}

// holes returns what sweep has found, copied only when it has changed.
func (p *Partition) holes() Holes {
	if p.fresh {
		return p.snapshot
	}
	p.fresh = true
	if p.inherited.Last() < p.next {
		p.inherited = Holes{}
	}
	p.snapshot = Holes{}
	if p.done.bits != nil {
		p.snapshot.bits = p.done.bits.Clone()
	}
	if p.inherited.bits == nil {
		return p.snapshot
	}
	coming := p.inherited.bits.Clone()
	if seen := max(p.next, p.floor); seen > 0 {
		coming.RemoveRange(0, uint64(seen))
	}
	if p.snapshot.bits != nil {
		coming.Or(p.snapshot.bits)
	}
	p.snapshot = holesOf(coming)
	return p.snapshot
}
