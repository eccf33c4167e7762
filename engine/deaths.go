package engine

import (
	"fmt"
	"slices"
	"sync"

	"waterhealer/healer"
)

// StopRule halts the pipeline when more than Max of the last Window records
// died. A record is one that a source has brought to this process, of all
// sources; it dies when its dead letter is about to be written. The one that
// breaks the rule is not written: it stays unfinished, as one that halts.
type StopRule struct {
	Max    int64
	Window int64 // 0 is no rule
}

// deathsKept is how many more numbers of deaths are kept than the rule looks at,
// for those that come late.
const deathsKept = 4096

// deaths are the numbers of the records that died, among all that were taken.
// Records are counted as they are taken and not as they are finished, because
// those that die often do before those before them are acknowledged.
type deaths struct {
	rule StopRule

	mu      sync.Mutex
	numbers []int64 // ascending; the oldest are forgotten
	broken  bool
}

// countDeaths begins to count where there is a rule.
func (rt *Runtime) countDeaths() {
	for _, n := range rt.graph.Nodes {
		if n.aside && !n.reports && n.StopRule.Window > 0 {
			if rt.deaths == nil {
				rt.deaths = make(map[*Node]*deaths)
			}
			rt.deaths[n] = &deaths{rule: n.StopRule}
		}
	}
}

// numbers is room for what n records are told as they are taken; nil where
// nothing is counted.
func (rt *Runtime) numbers(n int) []entrance {
	if rt.deaths == nil {
		return nil
	}
	return make([]entrance, n)
}

// enter tells a source record its number and its source node.
func (rt *Runtime) enter(r *Record, numbers []entrance, at int) {
	if numbers != nil {
		number := &numbers[at]
		if r.entry != nil {
			*number = *r.entry
		}
		number.number = rt.taken.Add(1)
		r.entry = number
	}
	rt.placeLetter(r)
	if rt.options.Tracer != nil {
		rt.follow(r)
	}
}

// placeLetter tells a letter that is put back its source node.
func (rt *Runtime) placeLetter(r *Record) {
	if l := r.letter(); l != nil {
		r.entry.node = rt.sourceNodes[l.Source]
	}
}

// add notes a death and says whether the rule still holds. Once it is broken
// nothing mends it.
func (d *deaths) add(number int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return false
	}
	at, _ := slices.BinarySearch(d.numbers, number)
	d.numbers = slices.Insert(d.numbers, at, number)
	// Max+1 in a row, the new one among them, that lie within the window.
	most := int(min(d.rule.Max, int64(len(d.numbers))))
	for first := max(0, at-most); first <= at && first+most < len(d.numbers); first++ {
		if d.numbers[first+most]-d.numbers[first] < d.rule.Window {
			d.broken = true
			return false
		}
	}
	if keep := 2*most + deathsKept; len(d.numbers) > 2*keep {
		d.numbers = slices.Delete(d.numbers, 0, len(d.numbers)-keep)
	}
	return true
}

// mayDie says whether the dead letter of a failed record may be written. Where
// a stop rule says no, the pipeline halts at the record.
func (rt *Runtime) mayDie(ack *healer.Ack, source *Record, f *Failure) bool {
	d := rt.deaths[f.node.Policy.DeadLetter]
	if d == nil || source.entry == nil || d.add(source.entry.number) {
		return true
	}
	last := *f
	last.Then = ThenHalt
	last.Err = fmt.Errorf("%w; with it more than %d of the last %d records have died, at which dead_letter halts (max: %d, window: %d)",
		f.Err, d.rule.Max, d.rule.Window, d.rule.Max, d.rule.Window)
	if rt.options.ListFailures {
		rt.end.list(&last)
		return true
	}
	rt.stopBehind(ack)
	rt.halt(&last)
	return false
}
