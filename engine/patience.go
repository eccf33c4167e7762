package engine

import "time"

// patienceShare is what of the shutdown timeout writes that fail are tried again
// for after a signal. What succeeds is never broken off for it.
const patienceShare = 10

// After a signal a run would try until the shutdown timeout: an output that is
// away may come back, and behind each record that is refused there may be another.
// But nothing is lost when it ends earlier, since the next run goes on with what is
// unfinished. So it is patient for a short while, and from then on writes only what
// no write has failed for yet.

// endPatience sets when the run stops to try again. The returned time is how long
// until then.
func (rt *Runtime) endPatience() time.Duration {
	patience := rt.graph.ShutdownTimeout / patienceShare
	rt.patience.Store(rt.clock.Now().Add(patience).UnixNano())
	rt.stir()
	return patience
}

// leftAt says whether what is not tried before a time stays unfinished.
func (rt *Runtime) leftAt(at time.Time) bool {
	end := rt.patience.Load()
	return end != 0 && at.UnixNano() >= end
}

// gone says that the output has answered nothing lately and is not tried again in
// this run. Reports have a time of their own.
func (w *writer) gone(now time.Time) bool {
	return w.awayTries > 0 && !w.node.reports && w.rt.leftAt(laterOf(now, w.away))
}

// leaves says whether what waits in a lineup stays unfinished: some of it has
// failed here, and is not tried again in this run.
func (w *writer) leaves(l *lineup, now time.Time) bool {
	if w.gone(now) {
		return true
	}
	if w.node.reports || l.most == 0 && l.entries[0].trouble == nil {
		return false
	}
	return w.rt.leftAt(laterOf(now, l.due()))
}

// tellLeft says what the writer leaves unfinished for want of patience.
func (w *writer) tellLeft() {
	if w.rt.patience.Load() == 0 || w.node.reports {
		return
	}
	now := w.rt.clock.Now()
	records, left := len(w.ready), w.gone(now) && len(w.ready) > 0
	var err error
	for _, l := range w.lineups {
		records += len(l.entries)
		left = left || w.leaves(l, now)
		if t := l.entries[0].trouble; t != nil && err == nil {
			err = t.err
		}
	}
	if !left {
		return
	}
	w.rt.gaveUp.Store(true)
	w.rt.log.Warn("shutdown: what could not be written is left unfinished, the next run goes on with it",
		"node", w.node.Name, "records", records, "error", err)
}
