package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// brokerAway is how long a killed broker stays away.
const brokerAway = 3 * time.Second

func brokersFault() fault {
	return fault{
		name:    "brokers",
		summary: "the brokers are killed, one after another, each back before the next",
		process: true, // the coordinator is one of them
		real:    true,
		strike: func(ctx context.Context, r *run, random *rand.Rand) (mark, error) {
			brokers := r.cluster.(*realCluster)
			for _, i := range random.Perm(len(brokers.fronts)) {
				r.say("kill broker %d", i)
				if err := brokers.bounce(ctx, i, between(random, time.Second, brokerAway)); err != nil {
					return mark{}, err
				}
			}
			return r.mark(ctx), nil
		},
	}
}

func coordinatorFault() fault {
	return fault{
		name:    "coordinator",
		summary: "the group's coordinator is killed; the embedded one moves",
		process: true,
		strike: func(ctx context.Context, r *run, _ *rand.Rand) (mark, error) {
			r.say("the coordinator moves")
			err := r.cluster.moveCoordinator(ctx, r.poller.client, r.topics.group)
			return r.mark(ctx), err
		},
	}
}

func metadataFault() fault {
	return fault{
		name:    "metadata",
		summary: "offset.metadata.max.bytes is lowered, so that no map fits into a commit any more; real brokers are killed one after another for that",
		process: true,
		alone:   true,
		strike: func(ctx context.Context, r *run, _ *rand.Rand) (mark, error) {
			r.say("offset.metadata.max.bytes is %d", mapless)
			r.unmapped()
			err := r.cluster.limitMetadata(ctx, mapless)
			if err != nil {
				return mark{}, err
			}
			if err := r.resumed(ctx, r.mark(ctx), processBound); err != nil {
				return mark{}, err
			}
			r.say("offset.metadata.max.bytes is %d again", metadataLimit)
			err = r.cluster.limitMetadata(ctx, metadataLimit)
			return r.mark(ctx), err
		},
	}
}
