package engine

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"time"
)

// planOutput fails as its plan says and checks what it is given.
type planOutput struct {
	w       *world
	node    *Node
	plan    outputPlan
	random  *rand.Rand
	letters bool

	tries    map[string]int
	latest   map[string]int64 // by unit: the highest place that was written
	seen     map[string]bool
	waiting  map[any]map[int64]bool // by unit: letters that were tried and are to be tried again
	unsynced []*Record
	writes   int
}

var planSeed = maphash.MakeSeed()

func (o *planOutput) Open(context.Context) error {
	o.tries, o.latest, o.seen = make(map[string]int), make(map[string]int64), make(map[string]bool)
	o.waiting = make(map[any]map[int64]bool)
	return nil
}

func (o *planOutput) Close(context.Context) error { return nil }

func (o *planOutput) Write(ctx context.Context, records []*Record) []error {
	l := o.w.l
	l.check()
	o.checkGone(records)
	if o.random != nil && o.random.IntN(100) < o.plan.Lateness {
		timer := time.NewTimer(time.Duration(o.random.IntN(3000)) * time.Microsecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	errs := make([]error, len(records))
	failed := make(map[any]bool)
	bad := false
	for i, r := range records {
		unit := r.Unit()
		if unit != nil && failed[unit] {
			if errs[i] = ErrHeldBack; o.plan.Unheld {
				errs[i] = &FaultError{Fault: FaultDestination, Err: &failure{ids: o.ids(r), fault: FaultDestination}}
			}
			continue
		}
		if err := o.fails(r); err != nil {
			errs[i], bad = err, true
			failed[unit] = true
			o.wait(r)
			continue
		}
		if o.letters || o.plan.Sync {
			o.wrote(r)
			continue
		}
		l.mu.Lock()
		o.order(r)
		l.close(o.ids(r))
		l.mu.Unlock()
	}
	l.check()
	if bad {
		return errs
	}
	return nil
}

func (o *planOutput) ids(r *Record) []id {
	if o.letters {
		return []id{{r.Partition, r.Claim.Epoch, r.Offset}}
	}
	return idsOf(r)
}

// wrote takes a letter, or a record that is acknowledged by the next Sync.
func (o *planOutput) wrote(r *Record) {
	l := o.w.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if !o.letters {
		o.order(r)
		o.unsynced = append(o.unsynced, r)
		return
	}
	i := o.ids(r)[0]
	if l.letters[i]++; l.letters[i] > 1 {
		l.problem("%v has %d letters", i, l.letters[i])
	}
	if l.open[i] > 0 {
		l.problem("%v has a letter while %d of it are open", i, l.open[i])
	}
	o.letterOrder(r)
}

// wait notes a letter that will be tried again.
func (o *planOutput) wait(r *Record) {
	unit := r.Unit()
	if !o.letters || unit == nil {
		return
	}
	if o.waiting[unit] == nil {
		o.waiting[unit] = make(map[int64]bool)
	}
	o.waiting[unit][r.Offset] = true
}

// letterOrder checks a letter's place: no letter before it in its unit waits, and
// unless it failed in an output stream no failed record. The caller holds the
// ledger's lock.
func (o *planOutput) letterOrder(r *Record) {
	waiting := o.waiting[r.Unit()]
	delete(waiting, r.Offset)
	for offset := range waiting {
		if offset < r.Offset {
			o.w.l.problem("the letter of %d was written while that of %d, of the same unit, waits", r.Offset, offset)
		}
	}
	t, ok := r.Value.(*trace)
	if !ok || r.gate == nil || r.gate == r.Claim.letters || t.unit == "" {
		return
	}
	for _, failed := range o.w.l.blockers[t.unit] {
		if failed.offset < r.Offset && !o.w.l.settled(failed) {
			o.w.l.problem("the letter of %v was written while %v before it has failed and is not finished", t, failed)
		}
	}
}

// fails decides about one try.
func (o *planOutput) fails(r *Record) error {
	ids := o.ids(r)
	if o.plan.Every == 0 || maphash.String(planSeed, fmt.Sprint(o.node.Name, ids))%o.plan.Every != 0 {
		return nil
	}
	key := fmt.Sprint(ids, r.Value)
	o.tries[key]++
	if o.tries[key] > o.plan.Tries {
		return nil
	}
	return &FaultError{Fault: o.plan.Fault, Err: &failure{ids: ids, fault: o.plan.Fault}}
}

// checkGone looks for what must not be handed out any more.
func (o *planOutput) checkGone(records []*Record) {
	l := o.w.l
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		if ids := o.ids(r); len(ids) > 0 && !slices.ContainsFunc(ids, func(i id) bool { return !l.gone[i.epoch] }) {
			l.problem("%v came to %s after its claim was given up", ids, o.node.Name)
		}
	}
}

// order checks a record's place. The caller holds the ledger's lock.
func (o *planOutput) order(r *Record) {
	t := r.Value.(*trace)
	if o.w.plan.Order == OrderNone || t.unit == "" {
		return
	}
	for _, failed := range o.w.l.blockers[t.unit] {
		if t.unit[0] == 'p' && failed.offset < t.seq && !o.w.l.settled(failed) {
			o.w.l.problem("%s has %v while %v before it has failed and is not finished", o.node.Name, t, failed)
		}
	}
	place := fmt.Sprint(t.unit, " ", t.seq)
	if latest, ok := o.latest[t.unit]; ok && latest > t.seq && !o.seen[place] {
		o.w.l.problem("%s has %s %d after %d", o.node.Name, t.unit, t.seq, latest)
	}
	o.seen[place] = true
	o.latest[t.unit] = max(o.latest[t.unit], t.seq)
}

// planSyncOutput acknowledges with Sync.
type planSyncOutput struct{ *planOutput }

func (o *planSyncOutput) Sync(context.Context) error {
	l := o.w.l
	l.check()
	records := o.unsynced
	o.unsynced = nil
	if o.writes++; o.writes%4 == 3 {
		return fmt.Errorf("disk full")
	}
	l.mu.Lock()
	for _, r := range records {
		l.close(o.ids(r))
	}
	l.mu.Unlock()
	l.check()
	return nil
}
