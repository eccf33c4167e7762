package kafka

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"waterhealer/engine"
	"waterhealer/healer"
)

// world knows what was really finished, whoever did it, and compares it with
// what the group has committed, seen from outside.
type world struct {
	t      *testing.T
	broker brokers
	topic  string
	admin  *cluster // asks for what is committed
	ground func(place, int64) healer.Ground

	mu       sync.Mutex
	finished map[place]map[int64]bool
	marked   map[place]map[int64]bool // seen below a committed offset, or in its map
	seen     map[place]int64          // the committed offset at the last look
	claims   int
}

func newWorld(t *testing.T, b brokers, group, topic string, partitions int32) *world {
	t.Helper()
	w := &world{
		t: t, broker: b, topic: topic, admin: control(t, b, group),
		finished: make(map[place]map[int64]bool), marked: make(map[place]map[int64]bool), seen: make(map[place]int64),
	}
	ground := groundOf(t, w.admin, topic, 0, 0)
	w.ground = func(p place, base int64) healer.Ground {
		g := ground
		g.Partition, g.Base = p.partition, base
		return g
	}
	for p := range partitions {
		w.finished[place{topic, p}], w.marked[place{topic, p}] = make(map[int64]bool), make(map[int64]bool)
	}
	return w
}

// watch looks at what is committed until ctx is done.
func (w *world) watch(ctx context.Context) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.look(ctx)
		<-ticker.C
	}
}

func (w *world) look(ctx context.Context) {
	places := make([]place, 0, len(w.finished))
	for p := range w.finished {
		places = append(places, p)
	}
	found, err := w.admin.committedOffsets(ctx, places)
	if err != nil {
		return // asked again soon
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for p, c := range found {
		w.compare(p, c)
	}
}

// compare holds the invariants I2 and I3 against one commit.
func (w *world) compare(p place, c committed) {
	if c.offset < w.seen[p] {
		w.t.Errorf("%s: the committed offset went back from %d to %d", p, w.seen[p], c.offset)
	}
	mark := func(offset int64) {
		w.marked[p][offset] = true
		if !w.finished[p][offset] {
			w.t.Errorf("%s: offset %d is not finished, and %d is committed with %s", p, offset, c.offset, healer.Describe(c.metadata))
		}
	}
	for offset := w.seen[p]; offset < c.offset; offset++ {
		mark(offset)
	}
	w.seen[p] = max(w.seen[p], c.offset)
	holes, err := decodeMetadata(c.metadata, w.ground(p, c.offset))
	if err != nil {
		w.t.Errorf("%s: the metadata of %d: %v", p, c.offset, err)
	}
	for r := range holes.Ranges() {
		for offset := r.First; offset <= r.Last; offset++ {
			mark(offset)
		}
	}
}

// done says whether n offsets of each partition are finished and committed.
func (w *world) done(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p, finished := range w.finished {
		if len(finished) < n || w.seen[p] < int64(n) {
			return false
		}
	}
	return true
}

// begun counts the claims of all members.
func (w *world) begun() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.claims
}

// worker is the engine of one member: it finishes records out of order, some
// much later than others, so that there are holes at any moment.
type worker struct {
	*fakeIntake
	world *world

	mu      sync.Mutex
	pending []*healer.Ack
	places  map[*healer.Ack]place
}

func (w *world) worker() *worker {
	return &worker{fakeIntake: newIntake(never), world: w, places: make(map[*healer.Ack]place)}
}

// Claim checks that a new claim does nothing again that was seen as finished.
func (m *worker) Claim(o engine.ClaimOptions) tracker {
	w, p := m.world, place{o.Topic, o.Partition}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.claims++
	for offset := range w.marked[p] {
		if offset >= o.Start && (o.Finished == nil || !o.Finished(offset)) {
			w.t.Errorf("%s: the claim from %d on does offset %d again, which was committed as finished", p, o.Start, offset)
		}
	}
	return m.fakeIntake.Claim(o)
}

func (m *worker) Push(t tracker, records []*engine.Record) {
	m.fakeIntake.Push(t, records)
	c := t.(*fakeClaim)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		c.mu.Lock()
		ack := c.acks[r.Offset]
		c.mu.Unlock()
		if !ack.Finished() {
			m.pending = append(m.pending, ack)
			m.places[ack] = place{r.Topic, r.Partition}
		}
	}
}

// work finishes a random part of what there is, until ctx is done.
func (m *worker) work(ctx context.Context) {
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for ctx.Err() == nil {
		m.mu.Lock()
		kept := m.pending[:0]
		for _, ack := range m.pending {
			if rand.N(8) > 0 {
				kept = append(kept, ack)
				continue
			}
			if !ack.Closed() {
				m.world.mu.Lock()
				m.world.finished[m.places[ack]][ack.Offset] = true
				m.world.mu.Unlock()
				ack.Release() // only now may it be committed
			}
			delete(m.places, ack)
		}
		m.pending = kept
		m.mu.Unlock()
		<-ticker.C
	}
}

// member is a process of the group.
type member struct {
	*running
	*worker
	stop func()
}

// join starts a member; leave ends it.
func (w *world) join(change func(*sourceTest)) *member {
	w.t.Helper()
	in := w.worker()
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { in.work(ctx) })
	m := &member{worker: in, stop: sync.OnceFunc(func() { cancel(); working.Wait() })}
	w.t.Cleanup(m.stop)
	m.running = runSource(w.t, newSource(w.t, w.broker, change, w.topic), in)
	eventually(w.t, "the member has partitions", func() bool { return len(in.held()) > 0 })
	return m
}

func (m *member) leave() {
	t := m.world.t
	t.Helper()
	if err := m.close(t); err != nil {
		t.Error(err)
	}
	m.stop()
}

// load writes records to each partition, in small steps, and watches, until the
// function that it returns is called, which waits until all are committed. It
// returns how many each partition has.
func (w *world) load() (finish func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	watching, over := context.WithCancel(context.Background())
	var writing, running sync.WaitGroup
	running.Go(func() { w.watch(watching) })
	written := 0
	writing.Go(func() {
		const step = 20
		ticker := time.NewTicker(50 * time.Millisecond) // the members need the processor more
		defer ticker.Stop()
		for ; ctx.Err() == nil; written += step {
			<-ticker.C
			for p := range int32(len(w.finished)) {
				produceValues(w.t, w.broker, w.topic, p, numbered("v", step)...)
			}
		}
	})
	stop := sync.OnceFunc(func() { cancel(); writing.Wait(); over(); running.Wait() })
	w.t.Cleanup(stop)
	return func() int {
		w.t.Helper()
		cancel()
		writing.Wait()
		eventuallyWithin(w.t, 3*longEnough, "everything is finished and committed", func() bool { return w.done(written) })
		stop()
		return written
	}
}
