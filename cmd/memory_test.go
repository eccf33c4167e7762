package cmd

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercentFor(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{
		{0, 1600}, {1 << 20, 1600}, {8 << 20, 800}, {64 << 20, 100}, {1 << 30, 100},
	} {
		if got := percentFor(test.live); got != test.want {
			t.Errorf("with %d bytes live it is %d, want %d", test.live, got, test.want)
		}
	}
}

// TestFloorHeap sees that the percentage falls when much is in memory, rises when it
// has gone, and is what it was when the run has ended.
func TestFloorHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	percent := func() int {
		now := debug.SetGCPercent(100)
		debug.SetGCPercent(now)
		return now
	}
	settles := func(what string, like func(int) bool) {
		t.Helper()
		for range 1000 { // the finalizer runs some time after the collection
			runtime.GC()
			if like(percent()) {
				return
			}
		}
		t.Errorf("%s the percentage is %d", what, percent())
	}
	before := percent()
	release := floorHeap()
	block := make([]byte, 200<<20)
	settles("with 200 MiB", func(p int) bool { return p == defaultPercent })
	runtime.KeepAlive(block)
	settles("without them", func(p int) bool { return p > defaultPercent })
	release()
	runtime.GC()
	if now := percent(); now != before {
		t.Errorf("afterwards the percentage is %d, want %d", now, before)
	}
}
