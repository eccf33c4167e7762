package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"
)

// fault is one kind of disaster.
type fault struct {
	name string
	// summary says what it does, for -help.
	summary string
	// of a process: the group has to notice and share out anew before work goes
	// on, so the bound of I8 is another.
	process bool
	// mix changes what the records are; nil leaves it.
	mix func(*mix)
	// strike does it and undoes it. It returns the moment from which it is
	// measured how long progress took: of a process's fault its beginning, of
	// any other its end.
	strike func(ctx context.Context, r *run, random *rand.Rand) (mark, error)
}

// bound is how long progress may take to resume (I8).
func (f fault) bound() time.Duration {
	if f.process {
		return sessionTimeout + rebalanceTimeout + progressGrace
	}
	return maxBackoff + progressGrace
}

// faults is the list of all.
func faults() []fault {
	return []fault{
		sigkillFault(),
		sigstopFault(),
		leaveFault(),
		cutFault(),
		silenceFault(),
		slowFault(),
		partitionsFault(),
	}
}

// named are the faults of these names, all when there are none.
func named(names []string) []fault {
	return slices.DeleteFunc(faults(), func(f fault) bool {
		return len(names) > 0 && !slices.Contains(names, f.name)
	})
}

// wait lets time pass; a fault lasts as long as it lasts.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// between is a random time.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)+1))
}

// pick is one of several at random.
func pick[T any](random *rand.Rand, of []T) T { return of[random.IntN(len(of))] }
