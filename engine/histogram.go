package engine

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"time"
)

// histogram counts whole numbers by size: nanoseconds, bytes. It is safe for
// concurrent use.
type histogram struct {
	bounds []int64 // the upper ones, ascending; the last bucket has none
	counts []atomic.Int64
	sum    atomic.Int64
}

// Histogram is a copy of one: how many values fell between the bounds, in
// seconds or bytes.
type Histogram struct {
	Bounds []float64 // upper ones, included
	Counts []int64   // of each bucket alone; the last is beyond all bounds
	Sum    float64
}

// Count is how many values there were.
func (h *Histogram) Count() int64 {
	var total int64
	for _, n := range h.Counts {
		total += n
	}
	return total
}

// newTimes makes a histogram of times: from 100 ns, which is a cheap operator,
// to 100 s, which is a stuck one.
func newTimes() *histogram {
	var bounds []int64
	for decade := 100 * time.Nanosecond; decade < 100*time.Second; decade *= 10 {
		bounds = append(bounds, int64(decade), int64(decade*5/2), int64(decade*5))
	}
	return newHistogram(append(bounds, int64(100*time.Second)))
}

// The bounds of sizes are powers of 4, so that their bucket is counted and not
// searched: it is looked for with every record.
const (
	firstSize = 4 // 16 bytes, as a power of 2
	sizes     = 12
)

// newSizes makes a histogram of sizes, from 16 bytes to 64 MiB.
func newSizes() *histogram {
	bounds := make([]int64, sizes)
	for i := range bounds {
		bounds[i] = 1 << (firstSize + 2*i)
	}
	return newHistogram(bounds)
}

// sizeBucket is the place of a size among the bounds of newSizes.
func sizeBucket(size int64) int {
	return min(max((bits.Len64(uint64(max(size-1, 0)))+1)/2-firstSize/2, 0), sizes)
}

func newHistogram(bounds []int64) *histogram {
	return &histogram{bounds: bounds, counts: make([]atomic.Int64, len(bounds)+1)}
}

// observe adds a value that stands for n, whose sum is given.
func (h *histogram) observe(value, n, sum int64) {
	at, _ := slices.BinarySearch(h.bounds, value)
	h.counts[at].Add(n)
	h.sum.Add(sum)
}

// sizeTally counts sizes in one goroutine, which costs little for each.
type sizeTally struct {
	counts [sizes + 1]int64
	sum    int64
}

func (t *sizeTally) add(size int64) {
	t.counts[sizeBucket(size)]++
	t.sum += size
}

// addUp moves what was counted to a histogram of newSizes.
func (h *histogram) addUp(t *sizeTally) {
	for i, count := range t.counts {
		if count > 0 {
			h.counts[i].Add(count)
		}
	}
	h.sum.Add(t.sum)
	*t = sizeTally{}
}

// copy gives the numbers in another unit, of which each is so many.
func (h *histogram) copy(unit float64) Histogram {
	out := Histogram{Bounds: make([]float64, len(h.bounds)), Counts: make([]int64, len(h.counts)), Sum: float64(h.sum.Load()) / unit}
	for i, bound := range h.bounds {
		out.Bounds[i] = float64(bound) / unit
	}
	for i := range h.counts {
		out.Counts[i] = h.counts[i].Load()
	}
	return out
}

// total is the sum of a histogram of times, and how many they are.
func (h *histogram) total() (sum time.Duration, count int64) {
	for i := range h.counts {
		count += h.counts[i].Load()
	}
	return time.Duration(h.sum.Load()), count
}
