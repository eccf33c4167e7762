package cmd

import "runtime"

// heapFloor is how much a run may allocate between two garbage collections at
// least. With little in memory Go collects each time the heap has doubled from
// a few MiB, which is over a third of the work of a fast pipeline.
const heapFloor = 48 << 20

// floorHeap lets Go's collector wait for heapFloor, until the returned function is
// called. The block counts as part of the heap; no byte of it is ever touched,
// so that it takes addresses and no memory. (A higher GOGC would cost memory in
// proportion when much is in flight.)
func floorHeap() (release func()) {
	block := make([]byte, heapFloor)
	return func() { runtime.KeepAlive(block) }
}
