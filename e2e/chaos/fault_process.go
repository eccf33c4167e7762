package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"time"
)

var errNobody = errors.New("no process is left to strike")

// striking makes a strike of what is done to one process: a living one that no
// other fault is at work on.
func striking(one func(context.Context, *run, *rand.Rand, *process) (mark, error)) func(context.Context, *run, *rand.Rand) (mark, error) {
	return func(ctx context.Context, r *run, random *rand.Rand) (mark, error) {
		victim, release, err := r.fleet.choose(random)
		if err != nil {
			return mark{}, err
		}
		defer release()
		return one(ctx, r, random, victim)
	}
}

func sigkillFault() fault {
	return fault{
		name:    "sigkill",
		summary: "a process is killed while dead letters are stuck, and starts again before or after its session has ended",
		process: true,
		strike: striking(func(ctx context.Context, r *run, random *rand.Rand, victim *process) (mark, error) {
			// What fails stays unfinished and what is behind it does not: there are
			// maps to be kept.
			heal := r.everywhere(trouble{topic: r.topics.dead})
			defer heal()
			stop := r.feeder.press(ctx, r.pressure())
			wait(ctx, between(random, 500*time.Millisecond, 2*time.Second))
			if err := stop(); err != nil {
				return mark{}, err
			}
			r.poller.fresh(ctx)
			r.say("SIGKILL %s; %d partitions have maps", victim.writer, r.poller.maps())
			victim.kill()
			m := r.mark(ctx)
			heal()
			wait(ctx, between(random, 0, sessionTimeout+2*time.Second))
			return m, r.fleet.start(victim.slot)
		}),
	}
}

func sigstopFault() fault {
	return fault{
		name:    "sigstop",
		summary: "a process is stopped for longer than its session, and goes on without knowing",
		process: true,
		strike: striking(func(ctx context.Context, r *run, random *rand.Rand, victim *process) (mark, error) {
			victim.isolate()
			pause := between(random, sessionTimeout+time.Second, sessionTimeout+5*time.Second)
			r.say("SIGSTOP %s for %.1f s", victim.writer, pause.Seconds())
			if err := victim.signal(syscall.SIGSTOP); err != nil {
				return mark{}, err
			}
			m := r.mark(ctx)
			wait(ctx, pause)
			return m, victim.signal(syscall.SIGCONT)
		}),
	}
}

func leaveFault() fault {
	return fault{
		name:    "leave",
		summary: "a process ends on SIGTERM, another joins, and sometimes a third, while outputs are slow",
		process: true,
		grace:   shutdownTimeout, // so long it may keep its partitions, to finish what is in flight
		strike: striking(func(ctx context.Context, r *run, random *rand.Rand, leaver *process) (mark, error) {
			heal := r.everywhere(trouble{delay: between(random, 20*time.Millisecond, 300*time.Millisecond)})
			defer heal()
			stop := r.feeder.press(ctx, r.pressure())
			m, err := r.replace(ctx, leaver, random)
			return m, errors.Join(err, stop())
		}),
	}
}

// pressure fits the size of a run.
func (r *run) pressure() int64 { return min(max(r.records/4000, 5), 25) }

// replace ends a process and starts another in its place, and for a while
// sometimes one more.
func (r *run) replace(ctx context.Context, leaver *process, random *rand.Rand) (mark, error) {
	limit := (shutdownTimeout + progressGrace) * time.Duration(r.slack)
	r.say("SIGTERM %s", leaver.writer)
	m := r.mark(ctx)
	if err := leaver.end(limit, true); err != nil {
		return m, programError{err}
	}
	wait(ctx, between(random, 0, 2*time.Second))
	if err := r.fleet.start(leaver.slot); err != nil {
		return m, err
	}
	wait(ctx, time.Second)
	if random.IntN(2) == 0 {
		return m, nil
	}
	if err := r.fleet.start(processes); err != nil {
		return m, err
	}
	wait(ctx, between(random, time.Second, 4*time.Second))
	for _, p := range r.fleet.living() {
		if p.slot != processes || p.isVictim() {
			continue
		}
		r.say("SIGTERM %s", p.writer)
		if err := p.end(limit, true); err != nil {
			return m, programError{err}
		}
	}
	return m, nil
}
