package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// disasters lets the faults strike one after another, each into a burst of new
// records, and waits after each for progress on every partition.
func (r *run) disasters(ctx context.Context) error {
	random := rand.New(rand.NewPCG(r.seed, 0))
	for slot := range processes {
		if err := r.fleet.start(slot); err != nil {
			return err
		}
	}
	if err := r.feeder.feed(ctx, inputPartitions); err != nil {
		return err
	}
	if err := r.resumed(ctx, r.mark(ctx), startLimit); err != nil {
		return err
	}
	burst := r.records * 8 / 10 / int64(max(r.strikes, 1))
	for i := range r.strikes {
		if err := r.disaster(ctx, random, i, burst); err != nil {
			return r.cause(ctx, err)
		}
	}
	return nil
}

// disaster is one strike of a run, or two at once where faults mix.
func (r *run) disaster(ctx context.Context, random *rand.Rand, i int, burst int64) error {
	striking := []fault{r.faults[i%len(r.faults)]}
	if len(r.faults) > 1 {
		striking[0] = pick(random, r.faults)
		if random.IntN(3) == 0 {
			striking = append(striking, pick(random, r.faults))
		}
	}
	work, workCtx := errgroup.WithContext(ctx)
	work.Go(func() error { return r.feeder.feed(workCtx, burst) })
	marks := make([]mark, len(striking))
	for n, f := range striking {
		own := rand.New(rand.NewPCG(random.Uint64(), uint64(n)))
		work.Go(func() (err error) {
			wait(workCtx, between(own, 0, time.Second))
			if marks[n], err = f.strike(workCtx, r, own); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	name, bound, last := "", time.Duration(0), marks[0]
	for n, f := range striking {
		name, bound = strings.TrimPrefix(name+" and "+f.name, " and "), max(bound, f.bound())
		if marks[n].at.After(last.at) {
			last = marks[n]
		}
	}
	if err := r.resumed(ctx, last, bound); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	took := r.poller.progress(last)
	r.say("%s: every partition moved on after %.1f s", name, took.Seconds())
	r.mu.Lock()
	r.recoveries = append(r.recoveries, recovery{fault: name, took: took})
	r.mu.Unlock()
	if bound *= time.Duration(r.slack); took > bound {
		r.fail("I8: %s: progress took %v, the bound is %v", name, took, bound)
	}
	return nil
}

// startLimit is how long the processes may take from their start to the first
// commits.
const startLimit = time.Minute

var errStandstill = errors.New("not every partition moved on")

// cause puts the reason why a context was cancelled before what came of it.
func (r *run) cause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// resumed waits until every partition has moved on since a mark. What takes far
// longer than its bound is a standstill.
func (r *run) resumed(ctx context.Context, m mark, bound time.Duration) error {
	limit := 3*bound*time.Duration(r.slack) + 30*time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errStandstill)
	defer cancel()
	now, err := r.poller.until(ctx, len(m.committed), limit, func(now []int64) bool {
		for p, before := range m.committed {
			if now[p] <= before {
				return false
			}
		}
		return true
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errStandstill) {
		return context.Cause(ctx)
	}
	for p, before := range m.committed {
		if now[p] <= before {
			r.fail("I8: %s/%d: still committed at %d, nothing since the fault", r.topics.in, p, before)
		}
	}
	return programError{fmt.Errorf("%w within %v", errStandstill, limit)}
}

// finish writes what is left to write, waits until all is committed, and ends
// the processes.
func (r *run) finish(ctx context.Context) error {
	fed, _ := r.feeder.ends()
	if err := r.feeder.feed(ctx, max(0, r.records-fed)); err != nil {
		return r.cause(ctx, err)
	}
	_, ends := r.feeder.ends()
	r.say("all %d records are written", sum(ends))
	patience := 30 * time.Second * time.Duration(r.slack)
	now, err := r.poller.until(ctx, len(ends), patience, func(now []int64) bool {
		for p, end := range ends {
			if now[p] < end {
				return false
			}
		}
		return true
	})
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for p, end := range ends {
			if now[p] < end {
				r.fail("I11: %s/%d: committed %d of %d, and %v", r.topics.in, p, now[p], end, err)
			}
		}
	}
	return r.end()
}

// end ends the processes, all as users do but for the one that has lived
// longest: it is the last, and tells how many goroutines it has (I9).
func (r *run) end() error {
	living := r.fleet.living()
	oldest := slices.MinFunc(living, func(a, b *process) int { return a.started.Compare(b.started) })
	var ending errgroup.Group
	for _, p := range living {
		if p != oldest {
			ending.Go(func() error { return p.end((shutdownTimeout+progressGrace)*time.Duration(r.slack), false) })
		}
	}
	if err := ending.Wait(); err != nil {
		r.fail("%v", err)
	}
	goroutines, err := oldest.census(progressGrace * time.Duration(r.slack))
	if err != nil {
		r.fail("I9: %v", err)
	}
	if goroutines > goroutineLimit {
		r.fail("I9: process %s had %d goroutines when all was done", oldest.writer, goroutines)
	}
	r.say("all processes have ended, the last of them with %d goroutines after %.0f s", goroutines, time.Since(oldest.started).Seconds())
	return nil
}
