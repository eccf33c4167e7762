package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// trouble is what is known of an entry of which a write has failed.
type trouble struct {
	tries   int       // writes that ended with an error
	refused int       // those of them that were about the record
	since   time.Time // of the first error
	due     time.Time // when it is tried again
	err     error     // the last
	fault   Fault     // of it
	blocked bool      // the order unit is held behind the entry
}

// answer sorts out a slice of which something failed. Results are looked at in
// order, so that what is parked stays in order.
func (w *writer) answer(ctx context.Context, slice []entry, results []error) {
	parked, refused := make(map[unitID][]entry), make(map[unitID]bool)
	var units []unitID
	answered, first, again := false, false, false
	for i := range slice {
		e, err := &slice[i], results[i]
		if err == nil {
			answered = true
			w.written(e)
			continue
		}
		if ctx.Err() != nil {
			continue // the run was ended by force: it stays unfinished
		}
		unit := e.record.lane()
		fault := faultOf(err, FaultDestination)
		if fault == FaultTogether { // by a sync: they are tried again one by one
			fault = FaultRecord
		}
		refused[unit] = refused[unit] || fault != FaultDestination
		// Behind a failed record of its unit it is the destination's trouble
		// that is met again.
		behind := unit.gate != nil && parked[unit] != nil && fault == FaultDestination
		if !behind && !errors.Is(err, ErrHeldBack) {
			answered = answered || fault != FaultDestination
			first = first || e.trouble == nil
			again = true
			if w.failed(e, err, fault) {
				w.progress++
				continue
			}
		}
		if unit.gate == nil {
			w.park(unit, []entry{*e})
			continue
		}
		if parked[unit] == nil {
			units = append(units, unit)
		}
		parked[unit] = append(parked[unit], *e)
	}
	for _, unit := range units {
		w.park(unit, parked[unit])
		if refused[unit] {
			w.byUnit[unit].most = fewAtFirst
		}
	}
	switch {
	case answered:
		w.answered()
	case first, !again: // or the output holds back what stands behind nothing
		w.pause()
	}
}

// answered notes that the destination is there.
func (w *writer) answered() {
	w.awayTries, w.awaySince = 0, time.Time{}
	if w.complained {
		w.complained = false
		w.rt.log.Info("writes succeed again", "node", w.node.Name)
	}
}

// awayLimit is the longest pause of the records that were not tried yet while
// a destination answers nothing.
const awayLimit = time.Second

// pause is taken when records met no answer that were tried for the first
// time: it is likely that the next ones will not either. Those that are tried
// again say nothing about the others.
func (w *writer) pause() {
	if w.awayTries++; w.awaySince.IsZero() {
		w.awaySince = w.rt.clock.Now()
	}
	w.away = w.rt.clock.Now().Add(min(w.backoff.after(w.awayTries), awayLimit))
}

// failed notes a failed write and says whether the tries have ended; then the
// policy was taken.
func (w *writer) failed(e *entry, err error, fault Fault) bool {
	now := w.rt.clock.Now()
	t := e.trouble
	if t == nil {
		t = &trouble{since: now}
		e.trouble = t
	}
	t.tries++
	t.err, t.fault = err, fault
	if fault == FaultRecord {
		t.refused++
	}
	policy := &w.node.Policy
	switch {
	case e.letter != nil:
		if fault != FaultDestination {
			w.rt.letterRefused(w.node, e.letter, err)
			return true
		}
	case w.node.aside:
		if fault != FaultDestination {
			w.rt.log.Warn("report refused", append([]any{"node", w.node.Name, "error", err}, e.record.Attributes()...)...)
			e.report.written()
			w.counts.failed++
			return true
		}
	case fault == FaultExpression,
		fault == FaultRecord && policy.Attempts > 0 && t.refused >= policy.Attempts,
		policy.MaxElapsed > 0 && now.Sub(t.since) >= policy.MaxElapsed:
		w.giveUp(e)
		return true
	}
	t.due = now.Add(w.backoff.after(t.tries))
	w.again(e)
	return false
}

// again blocks the entry's order unit until it was written.
func (w *writer) again(e *entry) {
	t := e.trouble
	w.rt.stats[w.node.index].retried.Add(1)
	if t.fault == FaultDestination && !w.complained || t.fault != FaultDestination && t.tries == 1 {
		w.complained = w.complained || t.fault == FaultDestination
		w.rt.log.Warn("write failed, will be tried again",
			append([]any{"node", w.node.Name, "error", t.err}, e.record.Attributes()...)...)
	}
	if !t.blocked {
		t.blocked = true
		e.record.gate.block(e.record.unitKey, e.record.seq)
	}
}

// giveUp takes the node's policy for an entry. The order unit stays blocked by
// the failure until its policy has run.
func (w *writer) giveUp(e *entry) {
	w.counts.failed++
	t := e.trouble
	b := w.rt.fail(w.node, e.record, t.err, t.tries)
	w.release(e)
	if e.healed != nil {
		e.healed.failed(t.err)
		w.rt.healed(e.healed)
	}
	e.record.release()
	w.rt.loosen(b)
}

// faultOf says what an error is about; unmarked ones are what usual says.
func faultOf(err error, usual Fault) Fault {
	var fault *FaultError
	if errors.As(err, &fault) {
		return fault.Fault
	}
	return usual
}

// backoff is exponential, with jitter from half to the whole.
type backoff struct {
	first, most time.Duration
	random      *rand.Rand
}

func newBackoff(p Policy, seed uint64) backoff {
	d := DefaultPolicy()
	if p.Backoff <= 0 {
		p.Backoff = d.Backoff
	}
	if p.MaxBackoff <= 0 {
		p.MaxBackoff = d.MaxBackoff
	}
	return backoff{first: p.Backoff, most: p.MaxBackoff, random: rand.New(rand.NewPCG(seed, 0))}
}

// after is how long to wait after so many failed tries.
func (b backoff) after(tries int) time.Duration {
	d := b.first
	for i := 1; i < tries && d < b.most; i++ {
		d *= 2
	}
	d = min(d, b.most)
	return d/2 + time.Duration(b.random.Int64N(int64(d/2)+1))
}
