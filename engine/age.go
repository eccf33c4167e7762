package engine

import (
	"slices"
	"sort"
	"sync"
	"time"
)

const (
	// ageStep is how exact it is remembered when records were taken.
	ageStep = 100 * time.Millisecond
	// ageStamps is how many moments are remembered. A claim that is stuck for
	// longer remembers its past less exactly.
	ageStamps = 512
)

// ages remember when the records of a claim were taken: the first offset of
// each step of time. The zero value is ready.
type ages struct {
	mu     sync.Mutex
	stamps []stamp // ascending
	step   time.Duration
}

type stamp struct {
	offset int64
	at     time.Time
}

// note says that records from an offset on are taken now; nothing before
// watermark is asked for any more. It is called once per slice.
func (a *ages) note(offset int64, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.stamps); n > 0 && now.Sub(a.stamps[n-1].at) < max(a.step, ageStep) {
		return
	}
	if len(a.stamps) == ageStamps {
		a.thin()
	}
	a.stamps = append(a.stamps, stamp{offset: offset, at: now})
}

// thin forgets every second moment but the last ones.
func (a *ages) thin() {
	kept := a.stamps[:0]
	for i := 0; i < len(a.stamps); i += 2 {
		kept = append(kept, a.stamps[i])
	}
	a.stamps, a.step = kept, 2*max(a.step, ageStep)
}

// of is when a record was taken that is the first of its claim which is not
// finished; what came before it is forgotten. The zero time is not known.
func (a *ages) of(head int64) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := sort.Search(len(a.stamps), func(i int) bool { return a.stamps[i].offset > head })
	if i == 0 {
		return time.Time{}
	}
	if i > 1 {
		a.stamps = slices.Delete(a.stamps, 0, i-1)
		if len(a.stamps) < ageStamps/4 {
			a.step = ageStep
		}
	}
	return a.stamps[0].at
}
