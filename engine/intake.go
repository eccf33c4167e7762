package engine

import (
	"context"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"waterhealer/healer"
)

// hashKey maps a key to its place in a gate. Two keys that share a hash keep
// each other's order too, which costs time but no rule.
func hashKey(key string) uint64 {
	if key == "" {
		return 0
	}
	return xxhash.Sum64String(key)
}

// sourceIntake is the runtime as one source sees it.
type sourceIntake struct {
	*Runtime
	source int
}

// Claim begins a claim of a partition.
func (in sourceIntake) Claim(o ClaimOptions) *Claim {
	c := in.newClaim(o)
	c.source = in.source
	in.claimMutex.Lock()
	defer in.claimMutex.Unlock()
	in.claims[c], in.sorted = struct{}{}, nil
	c.revive()
	return c
}

// Push takes records of one claim over, in offset order. With [Options.InTurn]
// it returns when they have gone as far as they can.
func (rt *Runtime) Push(c *Claim, records []*Record) {
	if rt.turns == nil {
		rt.admit(c, records)
		return
	}
	for i := range records {
		rt.turns.take(c.source, func() { rt.admit(c, records[i:i+1:i+1]) })
	}
}

func (rt *Runtime) admit(c *Claim, records []*Record) {
	rt.intakeMutex.RLock()
	defer rt.intakeMutex.RUnlock()
	if rt.intakeEnded {
		return
	}
	c.beginning.Lock()
	defer c.beginning.Unlock()
	if c.revoked.Load() {
		return
	}
	records, err := rt.begin(c, records)
	if err != nil {
		rt.halt(fmt.Errorf("source %s, %s/%d: %w", c.Source, c.Topic, c.Partition, err))
		return
	}
	if len(records) == 0 {
		return
	}
	cells := make([]cell, len(records))
	for i, r := range records {
		cells[i] = cell{record: r, strand: c.strands.of(r)}
	}
	rt.pushed.Add(int64(len(records)))
	rt.dispatch.push(cells)
	if len(c.strands.byKey) >= c.strands.review && c.strands.byKey != nil {
		rt.dispatch.prune(&c.strands)
	}
}

// begin gives each source record its ack and its order unit. Records that an
// earlier claim had finished are left out.
func (rt *Runtime) begin(c *Claim, records []*Record) ([]*Record, error) {
	used, _ := rt.entries.Get().(*[]healer.Entry)
	if used == nil {
		used = new([]healer.Entry)
	}
	entries := (*used)[:0]
	for _, r := range records {
		r.Elements(func(element *Record) {
			element.Claim = c
			entries = append(entries, healer.Entry{Offset: element.ClaimOffset(), Size: int(element.size()), Source: element})
		})
	}
	acks, err := c.tracker.Begin(entries)
	if len(entries) > 0 {
		c.ages.note(entries[0].Offset, rt.clock.Now())
	}
	rt.noteSizes(c.node, entries)
	defer func() {
		clear(entries)
		*used = entries
		rt.entries.Put(used)
	}()
	if err != nil {
		return nil, err
	}
	at, bytes, numbers := 0, 0, rt.numbers(len(entries))
	start := func(r *Record) bool {
		ack := &acks[at]
		r.ack, r.gate, r.seq = ack, c.gate, r.ClaimOffset()
		if !ack.Finished() {
			bytes += entries[at].Size
			rt.enter(r, numbers, at)
		}
		at++
		return !ack.Finished()
	}
	kept := records[:0]
	for _, r := range records {
		r.Claim = c
		if r.Batch == nil {
			if start(r) {
				rt.assignKey(r)
				kept = append(kept, r)
			}
			continue
		}
		elements := r.Batch[:0]
		for _, element := range r.Batch {
			if start(element) {
				elements = append(elements, element)
			}
		}
		r.Batch = elements
		if len(elements) > 0 {
			r.gate, r.seq = c.gate, elements[0].seq
			rt.placeLetter(r)
			kept = append(kept, r)
		}
	}
	rt.budget.take(int64(bytes))
	return kept, nil
}

// assignKey finds the order unit of a record under `order: key`. A record
// without a key keeps the order of its partition.
func (rt *Runtime) assignKey(r *Record) {
	switch {
	case rt.graph.Order != OrderKey:
	case rt.graph.Key != nil:
		if r.early() == nil { // else there is nothing to make it of
			rt.computeKey(r)
		}
	case r.Key != nil:
		r.unitKey = max(xxhash.Sum64(r.Key), 1)
	}
}

// computeKey is for a key that the pipeline makes of the record.
func (rt *Runtime) computeKey(r *Record) {
	err := r.sourceNode().decode(r)
	if err == nil {
		r.decoded = true
		err = safely("the key of the order", func() error {
			key, ok, err := rt.graph.Key(r)
			if ok && err == nil {
				r.unitKey = max(hashKey(key), 1)
			}
			return err
		})
	}
	if err != nil {
		r.FailEarly(err)
	}
}

// Revoke evicts a claim: what waits anywhere is dropped unfinished, and the
// writes already handed to outputs are awaited until ctx is done.
func (rt *Runtime) Revoke(ctx context.Context, c *Claim) {
	rt.upstream.Add(1) // until the writers have been told
	defer rt.upstreamDone()
	c.revoked.Store(true)
	c.End()
	rt.revokes.Add(1)
	rt.wakeAll()
	if c.handed.Load() > 0 {
		select {
		case <-c.settled:
		case <-rt.end.abandoned:
		case <-ctx.Done():
		}
	}
	rt.release(c)
}

// release ends a claim's tracker: whatever comes later changes nothing.
func (rt *Runtime) release(c *Claim) {
	c.beginning.Lock()
	c.tracker.Close()
	rt.budget.take(c.listedBytes.Swap(0)) // it was given back before
	c.beginning.Unlock()
	rt.budget.leave(c)
	rt.forgetFailures(c)
	c.traces.giveUp()
	rt.claimMutex.Lock()
	delete(rt.claims, c)
	rt.sorted = nil
	rt.claimMutex.Unlock()
	rt.wakeAll()
}
