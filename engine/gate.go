package engine

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// gate keeps order behind failures. Each order unit has a place in a gate: a
// partition has one of its own, the keys of a partition share its gate with
// their hash as key, and so has the output stream of an operator with state.
//
// A record that failed blocks its unit at its sequence number; writers hold
// whatever is behind it. Nothing is looked up as long as nothing failed.
type gate struct {
	// stream says that it is of an operator's output and not of a claim, where
	// sequence numbers are offsets.
	stream bool

	// first is the lowest blocked sequence number of any unit, last the lowest
	// stopped one; a record before them needs no lock.
	first, last atomic.Int64

	// whole is the unit without a key, made once: see [Record.Unit].
	whole any

	mu      sync.Mutex
	blocked map[uint64][]int64 // by unit key, ascending; a number may stand more than once
	stopped map[uint64]int64   // by unit key: nothing behind it is processed in this run
}

func newGate() *gate {
	g := &gate{blocked: make(map[uint64][]int64)}
	g.whole = unitID{gate: g}
	g.first.Store(math.MaxInt64)
	g.last.Store(math.MaxInt64)
	return g
}

// holds says whether a record of the unit stands behind a failed one.
func (g *gate) holds(key uint64, seq int64) bool { return g.before(key, seq) > 0 }

// before counts the failed records of the unit that stand before seq.
func (g *gate) before(key uint64, seq int64) int {
	if g == nil || seq <= g.first.Load() {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n, _ := slices.BinarySearch(g.blocked[key], seq)
	return n
}

// block holds whatever is behind seq in the unit.
func (g *gate) block(key uint64, seq int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	numbers := g.blocked[key]
	at, _ := slices.BinarySearch(numbers, seq)
	g.blocked[key] = slices.Insert(numbers, at, seq)
	if seq < g.first.Load() {
		g.first.Store(seq)
	}
}

// unblock takes one block back. Whoever waits must be woken by the caller.
func (g *gate) unblock(key uint64, seq int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	numbers := g.blocked[key]
	at, found := slices.BinarySearch(numbers, seq)
	if !found {
		return
	}
	numbers = slices.Delete(numbers, at, at+1)
	g.blocked[key] = numbers
	if len(numbers) == 0 {
		delete(g.blocked, key)
	}
	if seq > g.first.Load() {
		return
	}
	first := int64(math.MaxInt64)
	for _, numbers := range g.blocked {
		first = min(first, numbers[0])
	}
	g.first.Store(first)
}

// stop ends the unit behind seq for the rest of the run: the record there
// halts the pipeline.
func (g *gate) stop(key uint64, seq int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped == nil {
		g.stopped = make(map[uint64]int64)
	}
	if before, ok := g.stopped[key]; !ok || seq < before {
		g.stopped[key] = seq
	}
	g.last.Store(min(seq, g.last.Load()))
}

// ended says whether a record of the unit stands behind one that halts the
// pipeline.
func (g *gate) ended(key uint64, seq int64) bool {
	if g == nil || seq <= g.last.Load() {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	stop, ok := g.stopped[key]
	return ok && seq > stop
}
