package main

import (
	"context"
	"math/rand/v2"
	"time"
)

func cutFault() fault {
	return fault{
		name:    "cut",
		summary: "connections are cut, of one process or to one broker or all, and refused for a moment",
		strike: func(ctx context.Context, r *run, random *rand.Rand) (mark, error) {
			for range 3 {
				heal, err := r.trouble(random, trouble{cut: true})
				if err != nil {
					return mark{}, err
				}
				wait(ctx, between(random, 0, 2*time.Second))
				heal()
			}
			return r.mark(ctx), nil
		},
	}
}

func slowFault() fault {
	return fault{
		name:    "slow",
		summary: "every write to an output takes up to 300 ms more",
		strike: func(ctx context.Context, r *run, random *rand.Rand) (mark, error) {
			t := trouble{delay: between(random, 50*time.Millisecond, 300*time.Millisecond)}
			r.say("outputs take %v more", t.delay)
			heal := r.everywhere(t)
			wait(ctx, 6*time.Second)
			heal()
			return r.mark(ctx), nil
		},
	}
}

func silenceFault() fault {
	return fault{
		name:    "silence",
		summary: "nothing comes through, either way, for longer than a session: a process or a broker is cut off and nobody is told",
		process: true,
		strike: func(ctx context.Context, r *run, random *rand.Rand) (mark, error) {
			heal, err := r.trouble(random, trouble{silent: true})
			if err != nil {
				return mark{}, err
			}
			defer heal()
			for _, p := range r.fleet.living() {
				p.isolate()
			}
			wait(ctx, between(random, sessionTimeout+time.Second, sessionTimeout+5*time.Second))
			heal()
			return r.mark(ctx), nil
		},
	}
}

// trouble makes trouble for one process, one broker, or everybody, until heal
// is called.
func (r *run) trouble(random *rand.Rand, t trouble) (heal func(), err error) {
	living := r.fleet.living()
	if len(living) == 0 {
		return nil, errNobody
	}
	fronts := r.cluster.proxies()
	whom := "everybody"
	switch random.IntN(5) {
	case 0, 1:
		t.client = pick(random, living).writer
		whom = t.client
	case 2, 3:
		i := random.IntN(len(fronts))
		fronts, whom = fronts[i:i+1], "broker "+fronts[i].target
	}
	r.say("%s: %s", t.name(), whom)
	return suffer(fronts, t), nil
}

// everywhere makes trouble before every broker.
func (r *run) everywhere(t trouble) (heal func()) { return suffer(r.cluster.proxies(), t) }

func suffer(fronts []*proxy, t trouble) (heal func()) {
	var heals []func()
	for _, p := range fronts {
		heals = append(heals, p.suffer(t))
	}
	return func() {
		for _, heal := range heals {
			heal()
		}
	}
}
