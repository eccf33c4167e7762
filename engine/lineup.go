package engine

import (
	"cmp"
	"slices"
	"time"
)

// lineup holds the entries of one order unit that wait behind a failure, in the
// unit's order. Where branches meet that is not the order in which they came: a
// later branch of the failed record itself must not wait behind it.
type lineup struct {
	unit    unitID
	at      *Node   // whose writer it is
	entries []entry // sorted by place
	// most is how many are tried together. Where a record was refused the next
	// is likely not far, and what is tried behind it is tried in vain: it starts
	// low then, and doubles with each try. 0 is no bound.
	most int
}

// fewAtFirst is how many are tried together behind a record that was refused.
const fewAtFirst = 16

// add puts an entry behind those that stand at its place or before.
func (l *lineup) add(e *entry) {
	at := len(l.entries)
	for at > 0 && l.entries[at-1].record.seq > e.record.seq {
		at--
	}
	l.entries = slices.Insert(l.entries, at, *e)
}

// prepend puts back what was tried, before what waits at the same place.
func (l *lineup) prepend(entries []entry) {
	bySeq := func(a, b entry) int { return cmp.Compare(a.record.seq, b.record.seq) }
	inOrder := slices.IsSortedFunc(entries, bySeq) &&
		(len(entries) == 0 || len(l.entries) == 0 || bySeq(entries[len(entries)-1], l.entries[0]) <= 0)
	l.entries = append(entries, l.entries...)
	if l.unit.gate != nil && !inOrder {
		slices.SortStableFunc(l.entries, bySeq)
	}
}

// held says that the head waits for a failure before it: of another node, or
// one that waits for its dead letter.
func (l *lineup) held() bool {
	return l.unit.gate.before(l.unit.key, l.entries[0].record.seq, l.at) > 0
}

// due is when the head is tried again; zero is as soon as it is not held.
func (l *lineup) due() time.Time {
	if t := l.entries[0].trouble; t != nil {
		return t.due
	}
	return time.Time{}
}

// front is how many entries are tried together, at most limit: those that are
// due and are held by nothing but what is tried with them. One whose error was
// about the record itself goes alone.
func (l *lineup) front(now time.Time, limit int) int {
	if l.most > 0 {
		limit = min(limit, l.most)
	}
	n, own := 0, 0 // own are the blocks of the first n
	for ; n < min(limit, len(l.entries)); n++ {
		e := &l.entries[n]
		t := e.trouble
		alone := t != nil && t.fault == FaultRecord
		if l.unit.gate.before(l.unit.key, e.record.seq, l.at) > own || t != nil && now.Before(t.due) || alone && n > 0 {
			break
		}
		if alone {
			return 1
		}
		if t != nil && t.blocked {
			own++
		}
	}
	return n
}

// park makes entries of a unit wait, before those of it that wait already.
func (w *writer) park(unit unitID, entries []entry) {
	if unit.gate != nil {
		if waiting := w.byUnit[unit]; waiting != nil {
			waiting.prepend(entries)
			return
		}
	}
	l := &lineup{unit: unit, at: w.node}
	l.prepend(entries)
	w.lineups = append(w.lineups, l)
	if unit.gate != nil {
		w.byUnit[unit] = l
	}
}

// acceptLetter lines a dead letter up in its order unit. They need not come in
// order: one may have waited for what else was made of its record.
func (w *writer) acceptLetter(it *item) {
	e := entry{record: it.record, letter: it.letter}
	unit := e.record.lane()
	if unit.gate == nil {
		w.ready = append(w.ready, e) // and counted there
		return
	}
	w.counts.in++
	if waiting := w.byUnit[unit]; waiting != nil {
		waiting.add(&e)
	} else {
		w.park(unit, []entry{e})
	}
	w.rt.lineUpLetter(e.letter, w.node)
}

// queued says whether an entry must wait behind a failure of its order unit,
// and lines it up there.
func (w *writer) queued(e *entry) bool {
	unit := e.record.lane()
	if unit.gate == nil {
		return false
	}
	if len(w.byUnit) > 0 {
		if waiting := w.byUnit[unit]; waiting != nil {
			waiting.add(e)
			return true
		}
	}
	if unit.gate.before(unit.key, e.record.seq, w.node) > 0 {
		w.park(unit, []entry{*e})
		return true
	}
	return false
}

// choose takes the next slice: lineups that are due, then what is ready. It is
// valid until the next call.
func (w *writer) choose() []entry {
	if len(w.ready) == 0 && len(w.lineups) == 0 {
		return nil
	}
	now := w.rt.clock.Now()
	if now.Before(w.away) || w.gone(now) {
		return nil
	}
	slice := w.slice[:0]
	w.keepLineups(func(l *lineup) {
		if w.leaves(l, now) {
			return
		}
		n := l.front(now, sliceLimit-len(slice))
		if n == l.most {
			l.most = min(2*n, sliceLimit)
		}
		slice = append(slice, l.entries[:n]...)
		l.entries = l.entries[n:]
	})
	taken := 0
	for taken < len(w.ready) && len(slice) < sliceLimit {
		e := &w.ready[taken]
		if !w.queued(e) {
			slice = append(slice, *e)
		}
		taken++
	}
	clear(w.ready[:taken])
	if w.ready = w.ready[taken:]; len(w.ready) == 0 {
		w.ready = nil
	}
	w.slice = slice
	return slice
}

// keepLineups lets change take entries out of each lineup and forgets those
// that are empty.
func (w *writer) keepLineups(change func(*lineup)) {
	rest := w.lineups[:0]
	for _, l := range w.lineups {
		if change(l); len(l.entries) > 0 {
			rest = append(rest, l)
			continue
		}
		if l.unit.gate != nil {
			delete(w.byUnit, l.unit)
		}
	}
	clear(w.lineups[len(rest):])
	w.lineups = rest
}

// prune drops what belongs to revoked claims from where it waits; false when
// nothing was revoked since the last time.
func (w *writer) prune() bool {
	revokes := w.rt.revokes.Load()
	if revokes == w.revokes {
		return false
	}
	w.revokes = revokes
	w.ready = w.alive(w.ready)
	w.keepLineups(func(l *lineup) { l.entries = w.alive(l.entries) })
	return true
}

func (w *writer) alive(entries []entry) []entry {
	kept := entries[:0]
	for i := range entries {
		if entries[i].record.gone() {
			w.drop(&entries[i])
			continue
		}
		kept = append(kept, entries[i])
	}
	clear(entries[len(kept):])
	return kept
}
