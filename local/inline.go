package local

import (
	"context"
	"fmt"
	"time"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

// inlineSource emits values that are computed or stand in the pipeline file.
type inlineSource struct {
	node  string
	next  func(index int64) (any, error)
	count int64         // negative is without end
	every time.Duration // between two records; 0 is as fast as there is room
	clock engine.Clock
	held  claims
}

// listed makes the values of a list's items, given as JSON.
func listed(items [][]byte) (func(int64) (any, error), error) {
	values := make([]any, len(items))
	for i, item := range items {
		v, err := value.Decode(item)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
		values[i] = v
	}
	return func(index int64) (any, error) { return values[index], nil }, nil
}

// Run emits the values to their end. Nothing but a done ctx ends it earlier.
func (s *inlineSource) Run(ctx context.Context, in engine.Intake) error {
	if err := s.emit(ctx, in); err != nil && ctx.Err() == nil {
		return sourceError(s.node, "", err)
	}
	return nil
}

func (s *inlineSource) emit(ctx context.Context, in engine.Intake) error {
	claim := s.held.claim(in, s.node, s.node)
	slice := slicer{topic: s.node, now: s.clock.Now, give: func(records []*engine.Record) error {
		if !push(ctx, in, claim, records) {
			return ctx.Err()
		}
		return nil
	}}
	due := s.clock.Now()
	for i := int64(0); (s.count < 0 || i < s.count) && ctx.Err() == nil; i++ {
		if s.every > 0 && i > 0 {
			if err := slice.flush(); err != nil {
				return err
			}
			due = laterOf(due.Add(s.every), s.clock.Now())
			if !s.wait(ctx, due) {
				return ctx.Err()
			}
		}
		if err := slice.add(s.record(i)); err != nil {
			return err
		}
	}
	return slice.flush()
}

// Close gives up the claim.
func (s *inlineSource) Close(ctx context.Context) error {
	s.held.revoke(ctx)
	return nil
}

// wait returns when at has come; false when ctx is done. A clock that stands
// still, as that of a dry run, lets no one wait.
func (s *inlineSource) wait(ctx context.Context, at time.Time) bool {
	due, stop := s.clock.Timer(at)
	defer stop()
	if due == nil {
		return ctx.Err() == nil
	}
	select {
	case <-due:
		return true
	case <-ctx.Done():
		return false
	}
}

// record makes one record. Its JSON is there for a dead letter, and is counted
// as what the record holds in memory; outputs write the value.
func (s *inlineSource) record(index int64) (engine.Record, error) {
	v, err := s.next(index)
	if err != nil {
		return engine.Record{}, err
	}
	raw, err := value.Append(nil, v)
	rec := engine.Record{Raw: raw}
	rec.SetValue(v)
	return rec, err
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
