package engine

import (
	"context"

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

// Claim begins a claim of a partition.
func (rt *Runtime) Claim(o ClaimOptions) *Claim {
	c := newClaim(o, rt.epochs.Add(1), rt.graph.Limits, rt.budget, rt.onFailed, func(err error) { rt.halt(err) })
	c.node = rt.sourceNodes[o.Source]
	c.commits = !o.Uncommitted
	c.onCommitted = rt.committed
	if rt.graph.Order == OrderNone {
		c.gate = nil
	}
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	c.lane = rt.quietestLane()
	rt.claims[c] = struct{}{}
	return c
}

// quietestLane is the lane with the fewest claims. The caller holds claimMutex.
func (rt *Runtime) quietestLane() int {
	load := make([]int, len(rt.lanes))
	for c := range rt.claims {
		load[c.lane]++
	}
	best := 0
	for i, n := range load {
		if n < load[best] {
			best = i
		}
	}
	return best
}

// Push takes records of one claim over, in offset order.
func (rt *Runtime) Push(c *Claim, records []*Record) {
	rt.intakeMutex.RLock()
	defer rt.intakeMutex.RUnlock()
	if rt.intakeEnded || c.revoked.Load() {
		return
	}
	records, err := rt.begin(c, records)
	if err != nil {
		rt.halt(err)
		return
	}
	if len(records) == 0 {
		return
	}
	if rt.graph.Order == OrderPartition || len(rt.lanes) == 1 && rt.graph.Order != OrderKey {
		rt.lanes[c.lane].queue.push(itemsOf(records))
		return
	}
	perLane := make([][]item, len(rt.lanes))
	for _, r := range records {
		to := c.lane
		switch {
		case rt.graph.Order == OrderNone:
			to = int(uint64(r.Offset) / 64 % uint64(len(rt.lanes)))
		case r.unitKey != 0:
			to = int(r.unitKey % uint64(len(rt.lanes)))
		}
		perLane[to] = append(perLane[to], item{record: r})
	}
	for i, items := range perLane {
		if len(items) > 0 {
			rt.lanes[i].queue.push(items)
		}
	}
}

func itemsOf(records []*Record) []item {
	items := make([]item, len(records))
	for i, r := range records {
		items[i].record = r
	}
	return items
}

// begin gives each source record its ack and its order unit. Records that an
// earlier claim had finished are left out.
func (rt *Runtime) begin(c *Claim, records []*Record) ([]*Record, error) {
	entries := make([]healer.Entry, 0, len(records))
	total := int64(0)
	for _, r := range records {
		r.Elements(func(element *Record) {
			size := len(element.Raw) + len(element.Key)
			total += int64(size)
			element.Claim = c
			entries = append(entries, healer.Entry{Offset: element.Offset, Size: size, Source: element})
		})
	}
	rt.budget.take(total)
	acks, err := c.tracker.Begin(entries)
	if err != nil {
		rt.budget.give(total)
		return nil, err
	}
	at := 0
	start := func(r *Record) bool {
		ack := &acks[at]
		at++
		r.ack, r.gate, r.seq = ack, c.gate, r.Offset
		return !ack.Finished()
	}
	kept := records[:0]
	for _, r := range records {
		r.Claim = c
		if r.Batch == nil {
			if start(r) {
				rt.assignKey(c, r)
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
			r.gate, r.seq = c.gate, elements[0].Offset
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// assignKey finds the order unit of a record under `order: key`. A record
// without a key keeps the order of its partition.
func (rt *Runtime) assignKey(c *Claim, r *Record) {
	if rt.graph.Order != OrderKey {
		return
	}
	if rt.graph.Key == nil {
		if r.Key != nil {
			r.unitKey = max(hashKey(string(r.Key)), 1)
		}
		return
	}
	if c.node.Decode != nil {
		if err := c.node.Decode(r); err != nil {
			r.early = err
			return
		}
	}
	r.decoded = true
	key, ok, err := rt.graph.Key(r)
	if err != nil {
		r.early = err
		return
	}
	if ok {
		r.unitKey = max(hashKey(key), 1)
	}
}

// Revoke evicts a claim: what waits anywhere is dropped unfinished, and the
// writes already handed to outputs are awaited until ctx is done.
func (rt *Runtime) Revoke(ctx context.Context, c *Claim) {
	c.revoked.Store(true)
	rt.revokes.Add(1)
	rt.wakeAll()
	for c.handed.Load() > 0 {
		select {
		case <-c.settled:
		case <-ctx.Done():
			rt.release(c)
			return
		}
	}
	rt.release(c)
}

// release ends a claim's tracker: whatever comes later changes nothing.
func (rt *Runtime) release(c *Claim) {
	c.tracker.Close()
	rt.budget.leave(c)
	rt.forgetFailures(c)
	rt.claimMutex.Lock()
	delete(rt.claims, c)
	rt.claimMutex.Unlock()
	rt.wakeAll()
}
