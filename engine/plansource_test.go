package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
)

// planSource pushes the records of each partition, and revokes now and then.
type planSource struct {
	w    *world
	node *Node

	mu      sync.Mutex
	current map[int32]*Claim
}

func (s *planSource) Run(ctx context.Context, in Intake) error {
	s.current = make(map[int32]*Claim)
	var wg sync.WaitGroup
	for p := range int32(s.w.plan.Partitions) {
		wg.Go(func() { s.partition(ctx, in, p) })
	}
	wg.Wait()
	return nil
}

func (s *planSource) partition(ctx context.Context, in Intake, p int32) {
	random := rand.New(rand.NewPCG(s.w.plan.Seed, uint64(p)))
	c := s.claim(in, ClaimOptions{Source: "in", Topic: "t", Partition: p})
	finished := func(int64) bool { return false }
	revokes := s.w.plan.Revokes
	for at := int64(0); at < int64(s.w.plan.Records) && ctx.Err() == nil; {
		if c.Full() {
			select {
			case <-c.Room():
			case <-ctx.Done():
				return
			}
		}
		var records []*Record
		first := at
		for range 1 + random.IntN(s.w.plan.Slice) {
			if at < int64(s.w.plan.Records) {
				r := s.record(c, at, finished(at))
				if s.w.plan.Batched && s.w.plan.joins() {
					r.Value.(*trace).seq = first
				}
				records = append(records, r)
				at++
			}
		}
		if s.w.plan.Batched {
			records = []*Record{NewBatch(records)}
		}
		in.Push(c, records)
		if revokes > 0 && random.IntN(3) == 0 {
			revokes--
			c, at, finished = s.revoke(ctx, in, c, random.IntN(3) == 0)
		}
	}
}

// revoke gives a claim up and takes the partition again where it ended.
func (s *planSource) revoke(ctx context.Context, in Intake, c *Claim, lost bool) (next *Claim, at int64, finished func(int64) bool) {
	drain, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if lost {
		cancel()
	}
	in.Revoke(drain, c)
	if !lost {
		s.w.l.mu.Lock()
		s.w.l.gone[c.Epoch] = true
		s.w.l.mu.Unlock()
	}
	at, holes := c.Progress()
	next = s.claim(in, ClaimOptions{Source: "in", Topic: "t", Partition: c.Partition, Start: at, Finished: holes.Contains})
	return next, at, holes.Contains
}

func (s *planSource) claim(in Intake, o ClaimOptions) *Claim {
	c := in.Claim(o)
	s.mu.Lock()
	s.current[o.Partition] = c
	s.mu.Unlock()
	s.w.l.mu.Lock()
	s.w.l.claims = append(s.w.l.claims, &watched{claim: c, start: o.Start, checked: o.Start, holes: make(map[int64]bool)})
	s.w.l.mu.Unlock()
	return c
}

func (s *planSource) record(c *Claim, offset int64, finished bool) *Record {
	i := id{c.Partition, c.Epoch, offset}
	unit := fmt.Sprintf("p%d/%d", c.Partition, c.Epoch)
	r := &Record{
		Raw: []byte("x"), Intact: true, Topic: "t", Partition: c.Partition, Offset: offset, Known: KnownAll,
		Key: fmt.Append(nil, offset%3),
	}
	if s.w.plan.Order == OrderKey && !s.w.plan.Batched {
		unit += "/" + string(r.Key)
	}
	r.SetValue(&trace{ids: []id{i}, unit: unit, seq: offset})
	if finished {
		return r // the engine leaves it out
	}
	if early := int64(s.w.plan.Early); early > 0 && offset%early == 3 {
		r.FailEarly(errors.New("unreadable"))
		s.w.l.mu.Lock()
		s.w.l.failed([]id{i}, s.node.Policy.Then)
		s.w.l.mu.Unlock()
		return r
	}
	s.w.l.opened([]id{i}, fanout(s.node))
	return r
}

func (s *planSource) Close(context.Context) error { return nil }
