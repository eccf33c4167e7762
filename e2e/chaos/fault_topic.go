package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// morePartitions are added by each strike.
const morePartitions = 4

// notice is how soon the program sees that there are more partitions.
const notice = 6 * time.Second

func partitionsFault() fault {
	return fault{
		name:    "partitions",
		summary: "the input gets more partitions while it is read",
		process: true,
		grace:   notice,
		strike: func(ctx context.Context, r *run, _ *rand.Rand) (mark, error) {
			r.mu.Lock()
			r.partitions += morePartitions
			partitions := r.partitions
			r.mu.Unlock()
			r.say("%s gets %d partitions", r.topics.in, partitions)
			if err := r.poller.client.AddPartitions(ctx, r.topics.in, int32(partitions)); err != nil {
				return mark{}, err
			}
			m := r.mark(ctx)
			r.feeder.widen(partitions)
			return m, nil
		},
	}
}
