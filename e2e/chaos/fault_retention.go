package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

func retentionFault() fault {
	return fault{
		name:    "retention",
		summary: "the log loses records that were not read yet: the program must say so, and nothing else may be lost",
		process: true,
		alone:   true,
		strike: func(ctx context.Context, r *run, random *rand.Rand) (mark, error) {
			partition := int32(random.IntN(inputPartitions))
			gone, err := r.expire(ctx, partition)
			if err != nil {
				return mark{}, err
			}
			r.say("%s/%d: the records before %d are gone", r.topics.in, partition, gone)
			if err := r.accept(ctx, partition, gone); err != nil {
				return mark{}, err
			}
			return r.mark(ctx), nil
		},
	}
}

// expire deletes a partition's records up to its end while nobody reads: the
// processes are stopped for a moment, less than a session.
func (r *run) expire(ctx context.Context, partition int32) (gone int64, err error) {
	living := r.fleet.living()
	for _, p := range living {
		p.isolate() // on a slow machine it may take longer
		p.forgive(fmt.Sprintf("%s/%d", r.topics.in, partition))
		if err := p.signal(syscall.SIGSTOP); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, p.signal(syscall.SIGCONT)) }()
	}
	// The first records answer the fetches that wait at the brokers; nobody
	// fetches the others.
	for _, n := range []int64{inputPartitions, 100 * inputPartitions} {
		if err := r.feeder.feed(ctx, n); err != nil {
			return 0, err
		}
		wait(ctx, 300*time.Millisecond)
	}
	ends, err := insist(ctx, func() ([]int64, error) { return r.poller.client.Ends(ctx, r.topics.in) })
	if err != nil {
		return 0, err
	}
	gone = ends[partition] - 10
	r.mu.Lock()
	r.gone[partition] = gone
	r.mu.Unlock()
	return gone, r.poller.client.DeleteRecords(ctx, r.topics.in, partition, gone)
}

// accept waits until the program has said what it lost, and does what it says:
// it halts, and goes on once somebody has accepted the loss.
func (r *run) accept(ctx context.Context, partition int32, gone int64) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	limit := time.After(processBound * time.Duration(r.slack))
	for len(r.fleet.living()) > 0 {
		if r.poller.committed(inputPartitions)[partition] >= gone {
			// They had been read after all; the judges find out whether that is so.
			r.say("nobody halts: %s/%d is committed beyond %d", r.topics.in, partition, gone)
			r.mu.Lock()
			delete(r.gone, partition)
			r.mu.Unlock()
			return nil
		}
		select {
		case <-ticker.C:
		case <-limit:
			return programError{fmt.Errorf("%s/%d: records before %d are gone, and the program does not halt", r.topics.in, partition, gone)}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	place := fmt.Sprintf("in/%s/%d=%d", r.topics.in, partition, gone)
	r.say("all processes have halted; accepting the loss: --set %s", place)
	set := exec.CommandContext(ctx, r.binary, "offsets", r.fleet.pipeline, "--set", place, "--yes")
	set.Env = append(os.Environ(), "WRITER=offsets")
	if output, err := set.CombinedOutput(); err != nil {
		return programError{fmt.Errorf("offsets --set %s: %w: %s", place, err, strings.TrimSpace(string(output)))}
	}
	for slot := range processes {
		if err := r.fleet.start(slot); err != nil {
			return err
		}
	}
	return nil
}
