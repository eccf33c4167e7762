package kafka

import (
	"sync/atomic"
	"time"
)

// pacing counts the claims that wait with a slice for the engine's pace. While it
// is crowded one of them goes on each time that the limit has passed: if all did,
// many partitions would not keep pace at all.
type pacing struct {
	limit   time.Duration // of one that waits alone
	waiting atomic.Int32
}

// pacingMost is how many claims are waited for, so that none waits for long.
const pacingMost = 20

// wait is one claim's part in it.
func (p *pacing) wait() *pacingWait { return &pacingWait{of: p} }

type pacingWait struct {
	of    *pacing
	under bool
}

// begin receives when the claim has waited long enough.
func (w *pacingWait) begin() <-chan time.Time {
	w.under = true
	return time.After(w.of.limit * time.Duration(min(w.of.waiting.Add(1), pacingMost)))
}

// end is called when the claim goes on; it may be called again.
func (w *pacingWait) end() {
	if w.under {
		w.under = false
		w.of.waiting.Add(-1)
	}
}
