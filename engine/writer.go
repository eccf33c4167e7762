package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"waterhealer/healer"
)

// sliceLimit is how many records an output gets at once.
const sliceLimit = 4096

// Syncer is an output whose writes are only acknowledged by a later Sync, which
// the engine calls once per Node.SyncInterval, and earlier when sources wait
// for room.
type Syncer interface {
	Sync(ctx context.Context) error
}

// entry is one message on its way to an output.
type entry struct {
	record  *Record
	healed  *healedElement
	letter  *healer.Ack
	tries   int       // writes that ended with an error
	since   time.Time // of the first error
	err     error     // the last
	blocked bool      // its order unit is held at its place
}

// lineup holds the entries of one order unit that wait behind a failure, in order.
type lineup struct {
	unit    unitID
	entries []*entry
	due     time.Time // when the head is tried again; zero: as soon as the gate is open
	alone   bool      // the head is tried without those behind it: its error was about the record
}

// writer hands records to one output and waits for its answer: one slice at a
// time, so that nothing overtakes. What failed waits in lineups while the other
// order units go on.
type writer struct {
	rt     *Runtime
	node   *Node
	queue  *queue
	counts counts

	ready   []*entry
	lineups []*lineup
	byUnit  map[unitID]*lineup
	backoff backoff
	// away is until when nothing is tried, because the destination answered
	// nothing at all.
	away      time.Time
	awayTries int

	unsynced []*entry
	nextSync time.Time

	// moving counts the entries that can still get on without another's help.
	moving atomic.Int64
}

func newWriter(rt *Runtime, n *Node) *writer {
	return &writer{
		rt: rt, node: n, queue: rt.queues[n.index],
		byUnit:  make(map[unitID]*lineup),
		backoff: newBackoff(n.Policy, rt.options.Seed+uint64(n.index)),
	}
}

// run writes until its queue has ended and nothing is left that can be
// written, or ctx is done.
func (w *writer) run(ctx context.Context) {
	for ctx.Err() == nil {
		slices, ended := w.queue.take()
		for _, slice := range slices {
			w.accept(slice)
		}
		w.prune()
		slice := w.choose()
		w.publish(len(slice))
		if len(slice) > 0 {
			w.write(ctx, slice)
		}
		w.sync(ctx, ended && len(w.ready) == 0 && len(w.lineups) == 0)
		w.rt.stats[w.node.index].add(&w.counts)
		w.publish(0)
		if len(slice) > 0 || len(slices) > 0 {
			continue
		}
		if ended && (w.drained() || w.rt.stuck()) {
			return
		}
		w.wait(ctx)
	}
}

// accept takes items apart into one entry per element.
func (w *writer) accept(items []item) {
	for _, it := range items {
		if it.record.Batch == nil {
			w.line(&entry{record: it.record, healed: it.healed, letter: it.letter})
			continue
		}
		seq := it.record.seq
		it.record.Elements(func(element *Record) {
			if element.lane() != it.record.lane() || element.seq != seq {
				stamped := *element
				stamped.gate, stamped.unitKey, stamped.seq = it.record.gate, it.record.unitKey, seq
				element = &stamped
			}
			w.line(&entry{record: element, healed: it.healed})
			seq++
		})
	}
}

// line makes an entry the last of those that are ready.
func (w *writer) line(e *entry) {
	w.counts.in++
	w.ready = append(w.ready, e)
}

// waits says whether an entry must wait behind a failure of its order unit, and
// lines it up there.
func (w *writer) waits(e *entry) bool {
	unit := e.record.lane()
	if unit.gate == nil {
		return false
	}
	if waiting := w.byUnit[unit]; waiting != nil {
		waiting.entries = append(waiting.entries, e)
		return true
	}
	if unit.gate.holds(unit.key, e.record.seq) {
		w.park(unit, []*entry{e}, time.Time{}, false)
		return true
	}
	return false
}

// park makes entries of a unit wait, before those of it that wait already.
func (w *writer) park(unit unitID, entries []*entry, due time.Time, alone bool) {
	if unit.gate != nil {
		if waiting := w.byUnit[unit]; waiting != nil {
			waiting.entries = append(entries, waiting.entries...)
			waiting.due, waiting.alone = due, alone
			return
		}
	}
	l := &lineup{unit: unit, entries: entries, due: due, alone: alone}
	w.lineups = append(w.lineups, l)
	if unit.gate != nil {
		w.byUnit[unit] = l
	}
}

// held says that the lineup waits for a failure elsewhere, or one of its own
// that waits for its dead letter.
func (l *lineup) held() bool {
	head := l.entries[0].record
	return l.unit.gate.holds(l.unit.key, head.seq)
}

// choose takes the next slice: lineups that are due, then what is ready.
func (w *writer) choose() []*entry {
	now := w.rt.clock.Now()
	if now.Before(w.away) {
		return nil
	}
	var slice []*entry
	rest := w.lineups[:0]
	for _, l := range w.lineups {
		if now.Before(l.due) || l.held() || len(slice) >= sliceLimit {
			rest = append(rest, l)
			continue
		}
		n := min(len(l.entries), sliceLimit)
		if l.alone {
			n = 1
		}
		slice = append(slice, l.entries[:n]...)
		l.entries, l.due, l.alone = l.entries[n:], time.Time{}, false
		if len(l.entries) > 0 {
			rest = append(rest, l)
			continue
		}
		delete(w.byUnit, l.unit)
	}
	clear(w.lineups[len(rest):])
	w.lineups = rest
	taken := 0
	for _, e := range w.ready {
		if len(slice) >= sliceLimit {
			break
		}
		taken++
		if !w.waits(e) {
			slice = append(slice, e)
		}
	}
	w.ready = w.ready[taken:]
	if len(w.ready) == 0 {
		w.ready = nil
	}
	return slice
}

// write hands a slice to the output and sees to the answers.
func (w *writer) write(ctx context.Context, slice []*entry) {
	slice, handed := w.hand(slice)
	if len(slice) == 0 {
		handed.takeBack()
		return
	}
	records := make([]*Record, len(slice))
	for i, e := range slice {
		records[i] = e.record
	}
	results := writeSafely(ctx, w.node.Output, records)
	if results == nil {
		for _, e := range slice {
			w.written(e)
		}
		w.awayTries = 0
	} else {
		w.answer(ctx, slice, results)
	}
	handed.takeBack()
}

// hand counts the entries' claims as handed out; those of revoked claims are
// dropped, unfinished.
func (w *writer) hand(slice []*entry) ([]*entry, handedClaims) {
	var handed handedClaims
	kept := slice[:0]
	for _, e := range slice {
		if handed.add(e.record) {
			kept = append(kept, e)
			continue
		}
		w.drop(e)
	}
	return kept, handed
}

// answer sorts out a slice of which something failed. Results are looked at in
// order, so that what is parked stays in order.
func (w *writer) answer(ctx context.Context, slice []*entry, results []error) {
	if ctx.Err() != nil {
		return // the run was ended by force: everything stays unfinished
	}
	parked := make(map[unitID][]*entry)
	var units []unitID
	answered := false
	for i, e := range slice {
		unit := e.record.lane()
		if results[i] == nil {
			answered = true
			w.written(e)
			continue
		}
		if !errors.Is(results[i], ErrHeldBack) {
			answered = answered || faultOf(results[i], FaultDestination) != FaultDestination
			if w.exhausted(e, results[i]) {
				continue
			}
		}
		if unit.gate == nil {
			w.park(unit, []*entry{e}, w.due(e), false)
			continue
		}
		if parked[unit] == nil {
			units = append(units, unit)
		}
		parked[unit] = append(parked[unit], e)
	}
	for _, unit := range units {
		head := parked[unit][0]
		alone := head.err != nil && faultOf(head.err, FaultDestination) == FaultRecord
		w.park(unit, parked[unit], w.due(head), alone)
	}
	if answered {
		w.awayTries = 0
		return
	}
	w.awayTries++
	w.away = w.rt.clock.Now().Add(w.backoff.after(w.awayTries))
}

// due is when an entry is tried again: at once where it was only held back.
func (w *writer) due(e *entry) time.Time {
	if e.err == nil {
		return time.Time{}
	}
	return w.rt.clock.Now().Add(w.backoff.after(e.tries))
}

// exhausted notes a failed write and says whether its tries have ended; then
// the policy was taken.
func (w *writer) exhausted(e *entry, err error) bool {
	now := w.rt.clock.Now()
	e.tries++
	e.err = err
	if e.tries == 1 {
		e.since = now
	}
	fault := faultOf(err, FaultDestination)
	if e.letter != nil {
		if fault == FaultDestination {
			w.again(e)
			return false
		}
		w.rt.letterRefused(w.node, e.letter, err)
		return true
	}
	policy := w.node.Policy
	over := fault == FaultExpression ||
		fault == FaultRecord && policy.Attempts > 0 && e.tries >= policy.Attempts ||
		policy.MaxElapsed > 0 && now.Sub(e.since) >= policy.MaxElapsed
	if w.node.aside {
		over = fault != FaultDestination
	}
	if !over {
		w.again(e)
		return false
	}
	w.giveUp(e)
	return true
}

// again blocks the entry's order unit until it was written.
func (w *writer) again(e *entry) {
	w.rt.stats[w.node.index].retried.Add(1)
	if e.tries == 1 {
		w.rt.log.Warn("write failed, will be tried again", "node", w.node.Name, "topic", e.record.Topic,
			"partition", e.record.Partition, "offset", e.record.Offset, "error", e.err)
	}
	if !e.blocked {
		e.blocked = true
		e.record.gate.block(e.record.unitKey, e.record.seq)
	}
}

// giveUp takes the node's policy for an entry. The order unit stays blocked by
// the failure until its policy has run.
func (w *writer) giveUp(e *entry) {
	w.counts.failed++
	if w.node.aside {
		w.rt.log.Warn("report refused", "node", w.node.Name, "error", e.err)
		return
	}
	w.rt.fail(w.node, e.record, e.err, e.tries)
	w.release(e)
	if e.healed != nil {
		e.healed.failed(e.err)
		w.rt.healed(e.healed)
	}
	e.record.release()
}

// written sees to an entry that the output has; with a [Syncer] it is
// acknowledged later.
func (w *writer) written(e *entry) {
	if _, ok := w.node.Output.(Syncer); !ok {
		w.acknowledged(e)
		return
	}
	if len(w.unsynced) == 0 {
		w.nextSync = w.rt.clock.Now().Add(w.node.SyncInterval)
	}
	w.unsynced = append(w.unsynced, e)
}

// acknowledged finishes this output's part of a record.
func (w *writer) acknowledged(e *entry) {
	w.counts.out++
	w.release(e)
	switch {
	case e.letter != nil:
		w.rt.stats[w.node.index].dead.Add(1)
		w.rt.settle(e.letter)
		return
	case w.node.aside:
		return
	}
	if e.healed != nil {
		w.rt.healed(e.healed)
	}
	e.record.release()
}

// release takes the entry's block back.
func (w *writer) release(e *entry) {
	if e.blocked {
		e.blocked = false
		e.record.gate.unblock(e.record.unitKey, e.record.seq)
		w.rt.wakeWriters()
	}
}

// drop forgets an entry whose claim is over; it stays unfinished.
func (w *writer) drop(e *entry) {
	w.release(e)
	if e.letter == nil && e.record.ack != nil {
		e.record.release()
	}
}

func (w *writer) drained() bool {
	return len(w.ready) == 0 && len(w.lineups) == 0 && len(w.unsynced) == 0 && w.queue.empty()
}
