package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"waterhealer/healer"
)

// sliceLimit is how many records an output gets at once.
const sliceLimit = 4096

// Syncer is an output whose writes are only acknowledged by a later Sync, which
// the engine calls once per Node.SyncInterval, and earlier when sources wait
// for room or a claim is given up.
type Syncer interface {
	Sync(ctx context.Context) error
}

// entry is one message on its way to an output. It carries the reference of its
// item.
type entry struct {
	record *Record
	healed *healedElement
	letter *healer.Ack
	report *reportWeight
	// trouble is nil until a write of the entry has failed.
	trouble *trouble
}

// writer hands records to one output and waits for its answer: one slice at a
// time, so that nothing overtakes. What failed waits in lineups while the other
// order units go on.
type writer struct {
	rt     *Runtime
	node   *Node
	syncer Syncer // nil when a write is an acknowledgement
	queue  *queue
	counts counts
	pulse  pulse

	ready   []entry
	lineups []*lineup
	byUnit  map[unitID]*lineup
	slice   []entry // of the last write, to be used again
	backoff backoff
	// away is until when nothing is tried, because the destination answered
	// nothing at all; complained says that this was logged.
	away       time.Time
	awayTries  int
	awaySince  time.Time
	complained bool

	unsynced []entry
	handed   handedClaims // of unsynced
	nextSync time.Time

	revokes int64 // how many were looked at

	// For [Runtime.stuck]: how many entries can get on without another's help,
	// the last event that was looked at, and whether run has ended.
	moving atomic.Int64
	moved  bool // so it was at the end of the last look
	looked atomic.Int64
	done   atomic.Bool
	rest   rest

	// For the watchdog: how much was written or given up, and what waits for
	// another try, nil for nothing.
	progress int64
	trying   atomic.Pointer[trying]

	// For who asks where records are, see whereabouts.go: how many wait here, what
	// the output has in hand, what is looked for and what of that was held.
	waiting atomic.Int64
	inHand  atomic.Pointer[[]*Record]
	asked   atomic.Pointer[map[*healer.Ack]struct{}]
	holds   atomic.Pointer[located]
}

func newWriter(rt *Runtime, n *Node) *writer {
	syncer, _ := n.Output.(Syncer)
	w := &writer{
		rt: rt, node: n, syncer: syncer, queue: rt.queues[n.index],
		byUnit:  make(map[unitID]*lineup),
		backoff: newBackoff(n.Policy, rt.options.Seed+uint64(n.index)),
	}
	w.looked.Store(-1)
	return w
}

// run writes until its queue has ended and nothing is left that can be
// written, or ctx is done.
func (w *writer) run(ctx context.Context) {
	defer w.leave()
	for ctx.Err() == nil {
		event := w.rt.events.Load()
		slices, ended := w.queue.take()
		for _, slice := range slices {
			w.accept(slice)
		}
		revoked := w.prune()
		slice := w.choose()
		w.queue.keeps(len(w.ready))
		w.publish(len(slice))
		if len(slice) > 0 {
			w.write(ctx, slice)
			clear(slice)
		}
		w.sync(ctx, revoked || ended && len(slice) == 0)
		w.rt.stats[w.node.index].add(&w.counts)
		worked := len(slice) > 0 || len(slices) > 0
		w.look(event, worked)
		w.tellHolds()
		if worked {
			continue
		}
		if ended && (w.drained() || w.moving.Load() == 0 && w.rt.stuck()) {
			return
		}
		w.wait(ctx)
	}
}

func (w *writer) drained() bool {
	return len(w.ready) == 0 && len(w.lineups) == 0 && len(w.unsynced) == 0 && w.queue.empty()
}

// accept takes items apart into one entry per element.
func (w *writer) accept(items []item) {
	before := len(w.ready)
	for i := range items {
		it := &items[i]
		if it.letter != nil {
			w.acceptLetter(it)
			continue
		}
		if it.record.Batch == nil {
			w.ready = append(w.ready, entry{record: it.record, healed: it.healed, report: it.report})
			continue
		}
		it.record.Elements(func(element *Record) {
			w.ready = append(w.ready, entry{record: element})
		})
	}
	w.counts.in += int64(len(w.ready) - before)
}

// write hands a slice to the output and sees to the answers.
func (w *writer) write(ctx context.Context, slice []entry) {
	slice, handed := w.hand(slice)
	if len(slice) > 0 {
		records := make([]*Record, len(slice))
		for i := range slice {
			records[i] = slice[i].record
		}
		w.inHand.Store(&records)
		calls := w.traceWrite(slice)
		results := w.deliver(ctx, records)
		endWrite(calls, results)
		w.inHand.Store(nil)
		if results == nil {
			w.answered()
			for i := range slice {
				w.written(&slice[i])
			}
		} else {
			w.answer(ctx, slice, results)
		}
	}
	if w.syncer != nil { // what is not on disk yet is still handed out
		w.handed = append(w.handed, handed...)
		return
	}
	handed.takeBack()
}

// call writes; a panic of an output is an error of its records, and so is an
// answer that does not fit.
func (w *writer) call(ctx context.Context, records []*Record) (results []error) {
	all := func(err error) []error {
		results := make([]error, len(records))
		for i := range results {
			results[i] = Deterministic(err)
		}
		return results
	}
	defer func() {
		if p := recover(); p != nil {
			results = all(fmt.Errorf("internal error in an output: %v", p))
		}
	}()
	w.pulse.begin(&doingWrite, w.node, records[0])
	defer w.pulse.end()
	if w.rt.measures != nil {
		began := time.Now()
		defer func() { w.noteWrite(time.Since(began), int64(len(records))) }()
	}
	results = w.node.Output.Write(ctx, records)
	if results != nil && len(results) != len(records) {
		return all(fmt.Errorf("internal error in an output: %d answers for %d records", len(results), len(records)))
	}
	return results
}

// written sees to an entry that the output has; with a [Syncer] it is
// acknowledged later.
func (w *writer) written(e *entry) {
	w.progress++
	if w.syncer == nil {
		w.acknowledged(e)
		return
	}
	if len(w.unsynced) == 0 {
		w.nextSync = w.rt.clock.Now().Add(w.node.SyncInterval)
	}
	w.unsynced = append(w.unsynced, *e)
}

// sync makes an output with a [Syncer] acknowledge what it was given: when the
// interval is over, when sources wait for room, or now.
func (w *writer) sync(ctx context.Context, now bool) {
	if len(w.unsynced) == 0 {
		w.handed = w.handed.takeBack()
		return
	}
	if !now && w.rt.clock.Now().Before(w.nextSync) && !w.rt.pressed() {
		return
	}
	entries := w.unsynced
	w.unsynced = nil
	w.pulse.begin(&doingSync, w.node, entries[0].record)
	err := safely("an output", func() error { return w.syncer.Sync(ctx) })
	w.pulse.end()
	if err == nil {
		for i := range entries {
			w.acknowledged(&entries[i])
		}
	} else {
		results := make([]error, len(entries))
		for i := range results {
			results[i] = err
		}
		w.answer(ctx, entries, results)
	}
	w.handed = w.handed.takeBack()
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
		e.report.written()
		return
	}
	if e.healed != nil {
		w.rt.healed(e.healed)
	}
	e.record.release()
}

// release takes the entry's block back.
func (w *writer) release(e *entry) {
	if e.trouble != nil && e.trouble.blocked {
		e.trouble.blocked = false
		e.record.gate.unblock(e.record.unitKey, e.record.seq)
		w.rt.stir()
	}
}

// drop forgets an entry whose claim is over. Its reference stays, so that it is
// never finished.
func (w *writer) drop(e *entry) { w.release(e) }

// wait returns when something changed or is due.
func (w *writer) wait(ctx context.Context) {
	next := time.Time{}
	earlier := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if len(w.unsynced) > 0 {
		earlier(w.nextSync)
	}
	if len(w.lineups)+len(w.ready) > 0 {
		w.dues(w.rt.clock.Now(), earlier)
	}
	var due <-chan time.Time
	if !next.IsZero() {
		c, stop := w.rt.clock.Timer(next)
		defer stop()
		due = c
	}
	if w.moving.Load() == int64(len(w.unsynced)) {
		w.rest.begin()
		defer w.rest.end()
	}
	w.queue.rest(next)
	select {
	case <-w.queue.ready:
	case <-due:
	case <-ctx.Done():
	}
}

// dues are the times at which what waits is to be tried.
func (w *writer) dues(now time.Time, due func(time.Time)) {
	for _, l := range w.lineups {
		if !l.held() && !w.leaves(l, now) {
			due(laterOf(l.due(), w.away))
		}
	}
	if len(w.ready) > 0 && !w.gone(now) {
		due(w.away)
	}
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
