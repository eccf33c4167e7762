package healer

import "slices"

// What commits, restarts and the log itself do to the twin.

// progress makes up a commit, and holds it against the naive set: what it
// passes and what it marks is finished, or is no longer in the log.
func (w *twin) progress(limit int) (mark int64, metadata string) {
	mark, holes := w.claim.real.Progress()
	if mark < w.committed {
		w.t.Fatalf("committed offset goes back from %d to %d", w.committed, mark)
	}
	for _, offset := range w.log {
		if (offset < mark || holes.Contains(offset)) && offset < w.claim.cut && !w.ever[offset] {
			w.t.Fatalf("offset %d is not finished, and %d is committed with %v", offset, mark, list(holes))
		}
	}
	ground := w.ground
	ground.Base = mark
	metadata, kept := EncodeMap(ground, holes, limit)
	if len(metadata) > limit || kept > holes.Len() {
		w.t.Fatalf("%d of %d offsets in %d bytes of metadata, limit %d", kept, holes.Len(), len(metadata), limit)
	}
	return mark, metadata
}

// commit is a commit that arrives; of one that is lost nothing but its progress
// is seen, and the next one starts from what arrived before.
func (w *twin) commit(limit int) {
	w.committed, w.metadata = w.progress(limit)
}

// revoke ends the claim, commits what it has, and takes the next one.
func (w *twin) revoke() {
	w.close()
	w.commit(4096)
	w.restart()
}

// crash ends the claim without a commit. A process that only hangs goes on
// with it, beside the new one.
func (w *twin) crash(hangs bool) {
	old := w.claim
	if !hangs {
		w.close()
	}
	w.restart()
	w.same(old)
}

func (w *twin) close() {
	old := w.claim
	old.mark, old.holes = old.watermark(), old.holesNow()
	for _, a := range old.acks {
		if !a.finished {
			w.wantGone += int64(a.size)
		}
	}
	old.closed = true
	old.real.Close()
	old.real.Close()
	w.same(old)
}

// restart begins a claim with what was committed. A map that marks what the log
// does not have is refused, as the source does, and the user drops it.
func (w *twin) restart() {
	ground := w.ground
	ground.Base = w.committed
	holes, err := DecodeMap(w.metadata, ground)
	if err != nil {
		w.t.Fatalf("own map: %v", err)
	}
	if w.committed > w.end || holes.Last() >= w.end {
		w.committed, w.metadata, holes = min(w.committed, w.end), "", Holes{}
	}
	w.take(w.committed, holes)
	for _, offset := range w.log {
		if (offset < w.committed || holes.Contains(offset)) && !w.ever[offset] {
			w.t.Fatalf("offset %d is not finished, and the claim from %d on does not read it", offset, w.committed)
		}
	}
}

// compact takes records out of the log, read or not.
func (w *twin) compact(n int, pick func(int) int) {
	for range min(n, len(w.log)) {
		i := pick(len(w.log))
		w.log = slices.Delete(w.log, i, i+1)
		if i < w.read {
			w.read--
		}
	}
}

// truncate cuts the end of the log off. The claim ends, since its position is
// gone, and other records come where the old ones were.
func (w *twin) truncate(end int64, hangs bool) {
	w.end = max(0, end)
	for len(w.log) > 0 && w.log[len(w.log)-1] >= w.end {
		w.log = w.log[:len(w.log)-1]
	}
	for offset := range w.ever {
		if offset >= w.end {
			delete(w.ever, offset)
		}
	}
	for _, c := range w.took {
		c.cut = min(c.cut, w.end)
	}
	w.crash(hangs)
}
