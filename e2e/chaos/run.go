package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"waterhealer/kafka/kafkatest"
)

const (
	inputPartitions = 24
	outPartitions   = 12
	deadPartitions  = 4
	processes       = 4
)

// plan is what a run is to be.
type plan struct {
	number  int // gives topics and group their names
	name    string
	faults  []fault // one, or several that mix
	strikes int
	records int64
	order   string
	seed    uint64
	// slack multiplies every bound on time; a slow machine needs more.
	slack  int
	binary string
	dir    string    // keeps the logs of a run that failed
	log    io.Writer // what happens, as it happens
	// witness reads the outputs and, once more, the committed offsets; nil is
	// the poller's client.
	witness kafkatest.Witness
}

// run is one run on a cluster.
type run struct {
	plan
	cluster  cluster
	topics   topics
	workload workload
	lanes    *lanes
	fleet    *fleet
	feeder   *feeder
	poller   *poller
	began    time.Time

	mu         sync.Mutex
	partitions int // of the input
	recoveries []recovery
	failures   failures
	gone       map[int32]int64 // partition -> below it the log has lost its records
	broken     bool            // it was broken off: what is missing may still have come
	// lowered is when commits could carry maps no more; zero is never.
	lowered time.Time
}

// recovery is one strike and how long it took until all partitions moved on.
type recovery struct {
	fault string
	took  time.Duration
}

// say prints what happens.
func (r *run) say(format string, args ...any) {
	fmt.Fprintf(r.log, "  %6.1fs  %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, args...))
}

// unmapped notes that from now on commits may come without maps.
func (r *run) unmapped() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lowered.IsZero() {
		r.lowered = time.Now()
	}
}

// mark is this moment, with what is committed as of a look that began after it.
func (r *run) mark(ctx context.Context) mark {
	at := time.Now()
	r.poller.fresh(ctx)
	r.mu.Lock()
	partitions := r.partitions
	r.mu.Unlock()
	return mark{at: at, committed: r.poller.committed(partitions)}
}

// execute carries a plan out and judges it. The error is of the suite itself;
// what is wrong with the program is in the report.
func execute(ctx context.Context, c cluster, p plan) (report, error) {
	r := &run{plan: p, cluster: c, topics: topicsOf(p.number), lanes: newLanes(), partitions: inputPartitions,
		gone: make(map[int32]int64), began: time.Now()}
	r.workload = workload{seed: p.seed, order: p.order, mix: mix{dropped: 100, poison: 10, refused: 5}}
	for _, f := range p.faults {
		if f.mix != nil && len(p.faults) == 1 {
			f.mix(&r.workload.mix)
		}
	}
	if len(p.faults) > 1 {
		r.workload.mix = mix{dropped: 100, poison: 30, refused: 10}
	}
	fmt.Fprintf(p.log, "%s on %s: seed %d, %d records, order %s\n", p.name, c.name(), p.seed, p.records, p.order)
	if err := r.prepare(ctx); err != nil {
		return report{}, err
	}
	defer r.feeder.close()
	defer r.poller.client.Close()
	defer r.fleet.killAll()
	if err := r.play(ctx); err != nil {
		return report{}, err
	}
	rep, err := r.judge(ctx)
	if err == nil && rep.failures.count == 0 {
		err = os.RemoveAll(r.fleet.dir)
	}
	return rep, err
}

// prepare makes topics, the pipeline's file, and the judges' clients.
func (r *run) prepare(ctx context.Context) error {
	client, err := r.cluster.connect()
	if err != nil {
		return err
	}
	for _, t := range []struct {
		name       string
		partitions int32
		settings   map[string]string
	}{
		{r.topics.in, inputPartitions, nil},
		{r.topics.out, outPartitions, nil},
		{r.topics.dead, deadPartitions, nil},
		{r.topics.small, 1, map[string]string{"max.message.bytes": fmt.Sprint(refusedLimit)}},
	} {
		if err := client.CreateTopic(ctx, t.name, t.partitions, t.settings); err != nil {
			client.Close()
			return err
		}
		if t.name != r.topics.in {
			r.lanes.add(t.name, int(t.partitions))
		}
	}
	if r.witness == nil {
		r.witness = client
	}
	r.poller = &poller{client: client, topics: r.topics, lanes: r.lanes, changed: make(chan struct{})}
	r.feeder = &feeder{workload: r.workload, topic: r.topics.in, connect: r.cluster.connect, next: make([]int64, inputPartitions)}

	dir, err := os.MkdirTemp(r.dir, r.name+"-")
	if err != nil {
		return err
	}
	r.fleet = &fleet{binary: r.binary, dir: dir, pipeline: filepath.Join(dir, "chaos.yaml"), born: make(map[int]int)}
	return os.WriteFile(r.fleet.pipeline, []byte(r.workload.pipeline(r.topics, addresses(r.cluster))), 0o600)
}

// play runs the processes, the faults and the poller, until all records are
// finished and the processes have ended.
func (r *run) play(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.fleet.died = func(err error) { cancel(programError{err}) }

	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatching()
	background, watching := errgroup.WithContext(watching)
	background.Go(func() error { return r.poller.watch(watching) })
	background.Go(func() error { r.measure(watching); return nil })

	stopTrickle := make(chan struct{})
	background.Go(func() error { return r.feeder.trickle(watching, stopTrickle) })

	err := r.disasters(ctx)
	close(stopTrickle)
	if err == nil {
		err = r.finish(ctx)
	}
	var broken programError
	if errors.As(err, &broken) {
		r.fail("%v", broken.error)
		r.broken, err = true, nil
	}
	stopWatching()
	return errors.Join(err, background.Wait())
}

// programError is an error of the program under test.
type programError struct{ error }

func (r *run) measure(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.fleet.measure()
		case <-ctx.Done():
			return
		}
	}
}
