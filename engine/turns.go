package engine

import (
	"context"
	"sync"
	"time"
)

// bell tells the reader of a queue that something changed.
type bell struct {
	ready chan struct{} // capacity 1
	turns *turns        // nil where readers work at once
	place int           // among those that take turns
}

func newBell() bell { return bell{ready: make(chan struct{}, 1)} }

// wake lets the reader look again.
func (b *bell) wake() {
	if b.turns != nil {
		b.turns.ask(b)
		return
	}
	b.signal()
}

func (b *bell) signal() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// enter is called by the reader before it begins. Where readers take turns it
// waits for the first.
func (b *bell) enter(ctx context.Context) {
	if b.turns == nil {
		return
	}
	b.turns.begin()
	select {
	case <-b.ready:
	case <-ctx.Done():
	}
}

// rest is called by the reader before it waits; until is when a timer of it
// falls due, the zero time never.
func (b *bell) rest(until time.Time) {
	if b.turns != nil {
		b.turns.rest(b, until)
	}
}

// leave is called by the reader when it has ended.
func (b *bell) leave() {
	if b.turns != nil {
		b.turns.leave(b)
	}
}

// turns lets the goroutines of a run work one after another, in an order that
// does not depend on the machine: each source record is carried through the
// whole graph before the next one enters, and sources with records take turns
// record by record, in their order in the graph. So the same input gives the
// same output in the same order, also across several outputs.
//
// A queue that changed asks for a turn in place of waking its reader. While
// nobody has the turn, the first queue that asked gets it, in the order stages
// and writers of the graph, writers beside it, lanes. Its reader gives the turn
// back when it has nothing left to do.
//
// A nil turns is for goroutines that work at once.
type turns struct {
	mu      sync.Mutex
	changed *sync.Cond
	bells   []*bell // of the queues, in the order in which they get turns
	asked   []bool  // by the place in bells
	left    []bool  // the reader has ended
	running int     // the place of the reader whose turn it is, or nobody
	lanes   int     // the place of the first lane; all behind it are lanes
	closing bool    // the input has ended, and lanes are about to
	halted  bool    // by a halt

	played *playedTimers // nil where readers wait for their timers themselves

	sources []sourceState
	next    int // the source that is waited for
}

// sourceState is what is known of a source.
type sourceState int

const (
	sourceReads sourceState = iota // it may come with a record at any time
	sourceWaits                    // its claim is full
	sourceEnded
)

const nobody = -1

func newTurns(sources int) *turns {
	t := &turns{running: nobody, sources: make([]sourceState, sources)}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// join gives a queue's bell its place, behind those that have one. Its reader
// gets a first turn to begin.
func (t *turns) join(b *bell) {
	b.turns, b.place = t, len(t.bells)
	t.bells = append(t.bells, b)
	t.asked, t.left = append(t.asked, true), append(t.left, false)
	if t.played != nil {
		t.played.join()
	}
}

// begin lets the first turns be taken.
func (t *turns) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass()
}

// ask notes that a queue's reader has something to do.
func (t *turns) ask(b *bell) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked[b.place] = !t.left[b.place]
	t.pass()
}

// rest gives the turn back, if b's reader has it.
func (t *turns) rest(b *bell, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.played != nil {
		t.played.due[b.place] = until
	}
	if t.running == b.place {
		t.running = nobody
		t.pass()
	}
}

// leave is the end of b's reader.
func (t *turns) leave(b *bell) {
	t.mu.Lock()
	t.asked[b.place], t.left[b.place] = false, true
	t.changed.Broadcast()
	t.mu.Unlock()
	t.rest(b, time.Time{})
}

// pass gives the turn to the first that asked. The caller holds mu.
func (t *turns) pass() {
	if t.running != nobody {
		return
	}
	for place, asked := range t.asked {
		if asked {
			t.asked[place], t.running = false, place
			t.bells[place].signal()
			return
		}
	}
	t.changed.Broadcast() // all is quiet
}

// quiet says that no reader has anything to do. The caller holds mu.
func (t *turns) quiet() bool {
	if t.running != nobody {
		return false
	}
	for _, asked := range t.asked {
		if asked {
			return false
		}
	}
	return true
}

// take lets a source push one record when it is its turn, and returns when the
// record has gone as far as it can. After a halt nothing is pushed any more: the
// turn might never come, since another claim of the source may be full for good.
func (t *turns) take(source int, push func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources[source] = sourceReads
	for !t.halted && (t.source() != source || !t.quiet()) {
		t.changed.Wait()
	}
	if t.halted {
		return
	}
	t.mu.Unlock()
	push()
	t.mu.Lock()
	for !t.quiet() {
		t.changed.Wait()
	}
	t.next = source + 1
	t.changed.Broadcast()
}

// source is the source whose turn it is: the next one that neither ended nor
// waits for room. The caller holds mu.
func (t *turns) source() int {
	for i := range t.sources {
		if at := (t.next + i) % len(t.sources); t.sources[at] == sourceReads {
			return at
		}
	}
	return nobody
}

// set notes what a source does, so that nobody waits for it in vain.
func (t *turns) set(source int, state sourceState) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sources[source] != sourceEnded {
		t.sources[source] = state
	}
	t.changed.Broadcast()
}
