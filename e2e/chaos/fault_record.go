package main

import (
	"context"
	"math/rand/v2"
	"time"
)

func poisonFault() fault {
	return fault{
		name:    "poison",
		summary: "one record in five fails every time",
		mix:     func(m *mix) { m.poison = 200 },
		strike:  busy,
	}
}

func refuseFault() fault {
	return fault{
		name:    "refuse",
		summary: "the output refuses one record in ten",
		mix:     func(m *mix) { m.refused = 100 },
		strike:  busy,
	}
}

// busy lets a run go on for a while: what it suffers from is in its records.
func busy(ctx context.Context, r *run, _ *rand.Rand) (mark, error) {
	wait(ctx, 3*time.Second)
	return r.mark(ctx), nil
}

func deadFault() fault {
	return fault{
		name:    "dead",
		summary: "the dead letters' topic cannot be written to: whoever tries is cut off",
		mix:     func(m *mix) { m.poison = 50 },
		strike: func(ctx context.Context, r *run, random *rand.Rand) (mark, error) {
			r.say("%s is away", r.topics.dead)
			heal := r.everywhere(trouble{topic: r.topics.dead})
			wait(ctx, between(random, 3*time.Second, 8*time.Second))
			heal()
			return r.mark(ctx), nil
		},
	}
}
