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
	// real faults need brokers that can be killed.
	real bool
	// alone faults stay out of mixed runs.
	alone bool
	// grace is what it may take longer for another reason.
	grace time.Duration
	// mix changes what the records are; nil leaves it.
	mix func(*mix)
	// strike does it and undoes it. It returns the moment from which it is
	// measured how long progress took: of a process's fault its beginning, of
	// any other its end.
	strike func(ctx context.Context, r *run, random *rand.Rand) (mark, error)
}

// processBound is how long the group may take to notice that a process is gone,
// and to go on without it.
const processBound = sessionTimeout + rebalanceTimeout + progressGrace

// bound is how long progress may take to resume (I8).
func (f fault) bound() time.Duration {
	if f.process {
		return processBound + f.grace
	}
	return maxBackoff + progressGrace + f.grace
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
		refuseFault(),
		poisonFault(),
		deadFault(),
		partitionsFault(),
		coordinatorFault(),
		retentionFault(),
		brokersFault(),
		metadataFault(),
	}
}

// named are the faults of these names that a cluster can suffer; all, when no
// names are given.
func named(names []string, killable bool) []fault {
	return slices.DeleteFunc(faults(), func(f fault) bool {
		return f.real && !killable || len(names) > 0 && !slices.Contains(names, f.name)
	})
}

// mixing are the faults of a list that may strike together.
func mixing(list []fault) []fault {
	return slices.DeleteFunc(slices.Clone(list), func(f fault) bool { return f.alone })
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
