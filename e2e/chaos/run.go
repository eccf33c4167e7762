package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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
	var ending errgroup.Group
	for _, p := range r.fleet.living() {
		ending.Go(func() error { return p.end((shutdownTimeout+progressGrace)*time.Duration(r.slack), false) })
	}
	if err := ending.Wait(); err != nil {
		r.fail("%v", err)
	}
	r.say("all processes have ended")
	return nil
}
