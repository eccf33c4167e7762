package cmd

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// heapFloor is how much a run may allocate between two garbage collections at
// least. With little in memory Go collects each time the heap has doubled from
// a few MiB, which is over a third of the work of a fast pipeline.
const heapFloor = 64 << 20

// defaultPercent is Go's own: with more in memory than heapFloor it collects when
// the heap has doubled.
const defaultPercent = 100

// floorHeap lets Go's collector wait for heapFloor, until the returned function is
// called. After each collection the percentage is set by what is still in memory: a
// higher one for good would cost memory in proportion when much is in flight.
// Who sets GOGC is obeyed.
func floorHeap() (release func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	f := &floor{}
	before := f.set()
	runtime.SetFinalizer(&sentinel{}, f.collected)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.released = true
		debug.SetGCPercent(before)
	}
}

// floor sets the percentage after each collection, until it is released.
type floor struct {
	mu       sync.Mutex
	released bool
}

// sentinel is in nobody's use, so that each collection finds it.
type sentinel struct{ _ [16]byte }

// collected is called by the runtime after a collection.
func (f *floor) collected(s *sentinel) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.released {
		return
	}
	f.set()
	runtime.SetFinalizer(s, f.collected) // for the next one
}

func (*floor) set() (before int) { return debug.SetGCPercent(percentFor(liveHeap())) }

// leastHeap is what Go takes to be live at least: the first collection comes when
// the heap is the percentage of that.
const leastHeap = 4 << 20

// percentFor is by which percentage the heap may grow over what was live.
func percentFor(live uint64) int {
	return int(max(defaultPercent, 100*heapFloor/max(live, leastHeap)))
}

// liveHeap is what the last collection found in use.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
