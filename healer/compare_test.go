package healer

import (
	"errors"
	"slices"
)

// look compares everything.
func (w *twin) look() {
	w.same(w.claim)
	w.quick()
}

func (w *twin) same(c *modelClaim) {
	t := w.t
	t.Helper()
	var offsets []int64
	var bytes, last int64
	for _, a := range c.acks {
		if !a.finished && !c.closed {
			offsets = append(offsets, a.offset)
			bytes += int64(a.size)
		}
		last = a.offset + 1
	}
	mark := c.watermark()
	if got := c.real.Watermark(); got != mark {
		t.Fatalf("watermark %d, want %d", got, mark)
	}
	if got, want := list(c.real.Holes()), c.holesNow(); !slices.Equal(got, want) {
		t.Fatalf("holes %v, want %v", got, want)
	}
	if records, size := c.real.InFlight(); int(records) != len(offsets) || size != bytes {
		t.Fatalf("in flight %d records, %d bytes; want %d, %d", records, size, len(offsets), bytes)
	}
	if got, want := c.real.Span(), max(0, last-mark); got != want {
		t.Fatalf("span %d, want %d", got, want)
	}
	if got := c.real.Unfinished(4); !slices.Equal(got, offsets[:min(4, len(offsets))]) {
		t.Fatalf("unfinished %v, want the first of %v", got, offsets)
	}
	oldest := c.real.OldestUnfinished()
	if (oldest == nil) != (len(offsets) == 0) || oldest != nil && oldest.Offset != offsets[0] {
		t.Fatalf("oldest unfinished %v, want the first of %v", oldest, offsets)
	}
}

// quick compares what costs the tracker nothing to tell.
func (w *twin) quick() {
	t := w.t
	t.Helper()
	for _, a := range w.acks {
		if a.real.Finished() != a.finished || !errors.Is(a.real.Failure(), a.failure) || a.real.Closed() != a.closed() {
			t.Fatalf("offset %d: finished %v, failure %v, closed %v; want %v, %v, %v", a.offset,
				a.real.Finished(), a.real.Failure(), a.real.Closed(), a.finished, a.failure, a.closed())
		}
		if a.claim != nil && (a.real.Source == nil) != a.finished {
			t.Fatalf("offset %d: finished %v with source %v", a.offset, a.finished, a.real.Source)
		}
		leaves, seen := map[*modelAck]bool{}, 0
		a.leaves(leaves)
		a.real.Leaves(func(*Ack) { seen++ })
		if seen != len(leaves) {
			t.Fatalf("%d leaves, want %d", seen, len(leaves))
		}
	}
	if !slices.Equal(w.failures, w.wantFailures) {
		t.Fatalf("%d acks given to OnFailed, want %d", len(w.failures), len(w.wantFailures))
	}
	if w.misuses != w.wantMisuses {
		t.Fatalf("%d misuses, want %d", w.misuses, w.wantMisuses)
	}
	if w.gone != w.wantGone {
		t.Fatalf("OnFinish told of %d bytes, want %d", w.gone, w.wantGone)
	}
}

func list(h Holes) []int64 {
	var offsets []int64
	for r := range h.Ranges() {
		for o := r.First; o <= r.Last; o++ {
			offsets = append(offsets, o)
		}
	}
	return offsets
}
