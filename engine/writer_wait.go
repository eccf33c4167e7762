package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// sync makes an output with a [Syncer] acknowledge what it was given: when the
// interval is over, when sources wait for room, or at the end.
func (w *writer) sync(ctx context.Context, end bool) {
	if len(w.unsynced) == 0 {
		return
	}
	if !end && w.rt.clock.Now().Before(w.nextSync) && !w.rt.pressed() {
		return
	}
	entries := w.unsynced
	w.unsynced = nil
	err := w.node.Output.(Syncer).Sync(ctx)
	if err == nil {
		for _, e := range entries {
			w.acknowledged(e)
		}
		return
	}
	results := make([]error, len(entries))
	for i := range results {
		results[i] = err
	}
	w.answer(ctx, entries, results)
}

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
	for _, l := range w.lineups {
		if !l.held() {
			earlier(laterOf(l.due, w.away))
		}
	}
	if len(w.ready) > 0 {
		earlier(w.away)
	}
	var due <-chan time.Time
	if !next.IsZero() {
		c, stop := w.rt.clock.Timer(next)
		defer stop()
		due = c
	}
	select {
	case <-w.queue.ready:
	case <-due:
	case <-ctx.Done():
	}
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// prune drops what belongs to revoked claims from where it waits.
func (w *writer) prune() {
	if w.rt.revokes.Load() == 0 {
		return
	}
	alive := func(entries []*entry) []*entry {
		kept := entries[:0]
		for _, e := range entries {
			if e.record.ack != nil && e.record.gone() || e.letter != nil && e.letter.Closed() {
				w.drop(e)
				continue
			}
			kept = append(kept, e)
		}
		clear(entries[len(kept):])
		return kept
	}
	w.ready = alive(w.ready)
	lineups := w.lineups[:0]
	for _, l := range w.lineups {
		if l.entries = alive(l.entries); len(l.entries) > 0 {
			lineups = append(lineups, l)
			continue
		}
		delete(w.byUnit, l.unit)
	}
	clear(w.lineups[len(lineups):])
	w.lineups = lineups
}

// publish says how many entries of this writer can get on by themselves, so
// that writers whose rest waits for others know when nobody will help.
func (w *writer) publish(inHand int) {
	n := int64(inHand + len(w.ready) + len(w.unsynced))
	for _, l := range w.lineups {
		if !l.held() {
			n += int64(len(l.entries))
		}
	}
	before := w.moving.Swap(n)
	if before > 0 && n == 0 {
		w.rt.wakeWriters()
	}
}

// handedClaims counts the records of a slice per claim, in runs.
type handedClaims []handedClaim

type handedClaim struct {
	claim *Claim
	n     int64
}

// add counts a record for each claim it was read from; false when a claim of
// it, of a joined value all, were revoked.
func (h *handedClaims) add(r *Record) bool {
	if r.Claim != nil {
		return h.count(r.Claim)
	}
	if r.ack == nil {
		return true
	}
	any := false
	for _, claim := range claimsOf(r) {
		if h.count(claim) {
			any = true
		}
	}
	return any
}

func (h *handedClaims) count(c *Claim) bool {
	if !c.hand(1) {
		return false
	}
	if last := len(*h) - 1; last >= 0 && (*h)[last].claim == c {
		(*h)[last].n++
		return true
	}
	*h = append(*h, handedClaim{claim: c, n: 1})
	return true
}

func (h handedClaims) takeBack() {
	for _, run := range h {
		run.claim.takeBack(run.n)
	}
}

// writeSafely turns a panic of an output into an error of its records.
func writeSafely(ctx context.Context, output Output, records []*Record) (results []error) {
	defer func() {
		if p := recover(); p != nil {
			results = make([]error, len(records))
			for i := range results {
				results[i] = Deterministic(fmt.Errorf("internal error in an output: %v", p))
			}
		}
	}()
	return output.Write(ctx, records)
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
