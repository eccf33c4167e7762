package engine

import (
	"math"
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
	// first is the lowest blocked sequence number of any unit; a record before
	// it needs no lock.
	first atomic.Int64

	mu      sync.Mutex
	blocked map[uint64][]int64 // by unit key; a number may stand more than once
}

func newGate() *gate {
	g := &gate{}
	g.first.Store(math.MaxInt64)
	return g
}

// holds says whether a record of the unit stands behind a failed one.
func (g *gate) holds(key uint64, seq int64) bool {
	if g == nil || seq <= g.first.Load() {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, failed := range g.blocked[key] {
		if failed < seq {
			return true
		}
	}
	return false
}

// block holds whatever is behind seq in the unit.
func (g *gate) block(key uint64, seq int64) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.blocked == nil {
		g.blocked = make(map[uint64][]int64)
	}
	g.blocked[key] = append(g.blocked[key], seq)
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
	for i, failed := range numbers {
		if failed == seq {
			numbers = append(numbers[:i], numbers[i+1:]...)
			break
		}
	}
	g.blocked[key] = numbers
	if len(numbers) == 0 {
		delete(g.blocked, key)
	}
	first := int64(math.MaxInt64)
	for _, numbers := range g.blocked {
		for _, failed := range numbers {
			first = min(first, failed)
		}
	}
	g.first.Store(first)
}
