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
	covered map[cover][]int64  // those of blocked that hold no letter in line at a writer
	stopped map[uint64]int64   // by unit key: nothing behind it is processed in this run
}

// cover says where a block does not hold: at the writer of dead letters that has
// those in line which the block waits for. Letters behind them go with them.
type cover struct {
	key uint64
	at  *Node
}

func newGate() *gate {
	g := &gate{blocked: make(map[uint64][]int64)}
	g.whole = unitID{gate: g}
	g.first.Store(math.MaxInt64)
	g.last.Store(math.MaxInt64)
	return g
}

// before counts the failed records of the unit that stand before seq, but for
// those that hold nothing at the writer of a node.
func (g *gate) before(key uint64, seq int64, at *Node) int {
	if g == nil || seq <= g.first.Load() {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n, _ := slices.BinarySearch(g.blocked[key], seq)
	if len(g.covered) > 0 {
		covered, _ := slices.BinarySearch(g.covered[cover{key, at}], seq)
		n -= covered
	}
	return n
}

// block holds whatever is behind seq in the unit.
func (g *gate) block(key uint64, seq int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	insert(g.blocked, key, seq)
	if seq < g.first.Load() {
		g.first.Store(seq)
	}
}

// cover lets a block hold nothing any more at the writer of a node.
func (g *gate) cover(key uint64, seq int64, at *Node) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.covered == nil {
		g.covered = make(map[cover][]int64)
	}
	insert(g.covered, cover{key, at}, seq)
}

// uncover takes back what cover did.
func (g *gate) uncover(key uint64, seq int64, at *Node) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	remove(g.covered, cover{key, at}, seq)
}

// insert puts a number into its list.
func insert[K comparable](lists map[K][]int64, key K, seq int64) {
	numbers := lists[key]
	at, _ := slices.BinarySearch(numbers, seq)
	lists[key] = slices.Insert(numbers, at, seq)
}

// remove takes a number out of its list once; false when it is not there.
func remove[K comparable](lists map[K][]int64, key K, seq int64) bool {
	numbers := lists[key]
	at, found := slices.BinarySearch(numbers, seq)
	if !found {
		return false
	}
	if numbers = slices.Delete(numbers, at, at+1); len(numbers) == 0 {
		delete(lists, key)
		return true
	}
	lists[key] = numbers
	return true
}

// unblock takes one block back. Whoever waits must be woken by the caller.
func (g *gate) unblock(key uint64, seq int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !remove(g.blocked, key, seq) || seq > g.first.Load() {
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
