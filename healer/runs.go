package healer

import (
	"iter"
	"math"
	"math/bits"
)

// A map is coded as alternating lengths: how many offsets are not in it, how
// many are. An adaptive binary arithmetic coder learns how long they usually
// are, so that any shape that comes up costs close to what it must: a stuck
// head, one straggler in a hundred, every second offset, transaction markers at
// a fixed distance. It writes from the lowest offset up and can stop anywhere,
// which is how a map is cut to what fits. See BenchmarkCodecs for what it was
// measured against.

const (
	maxRuns    = 1 << 17 // bounds the time that coding takes
	maxOffsets = 1 << 24 // bounds the memory that a decoded map takes, and the time to walk it
)

// encodeRuns codes as many of ranges, from base up, as fit into size bytes, and
// returns how many runs and offsets these are.
func encodeRuns(base int64, ranges iter.Seq[Range], size int) (coded []byte, runs, offsets int) {
	var (
		lengths = newLengths()
		out     = newEncoder(size)
		next    = base - 1 // the first length may be 0, and 0 has no code
	)
	for r := range ranges {
		r.First = max(r.First, base)
		if r.First > r.Last {
			continue
		}
		run := min(r.Last-r.First+1, maxOffsets-int64(offsets))
		if runs == maxRuns || run == 0 {
			break
		}
		before := out.mark()
		lengths.encode(out, gap, uint64(r.First-next))
		lengths.encode(out, filled, uint64(run))
		if out.size() > size {
			out.reset(before)
			break
		}
		next = r.Last + 1
		runs++
		offsets += int(run)
	}
	return out.finish(), runs, offsets
}

// decodeRuns reads what encodeRuns wrote; ok is false for anything else that it
// can tell.
func decodeRuns(base int64, runs int, coded []byte) (h Holes, ok bool) {
	var (
		lengths = newLengths()
		in      = newDecoder(coded)
		found   marks
		offsets uint64
		next    = base - 1
	)
	for range runs {
		missing, run := lengths.decode(in, gap), lengths.decode(in, filled)
		left := uint64(math.MaxInt64 - 1 - next)
		if missing == 0 || run == 0 || run > maxOffsets-offsets || missing > left || run > left-missing {
			return Holes{}, false
		}
		offsets += run
		first := next + int64(missing)
		next = first + int64(run)
		found.flush()
		found.run, found.open = Range{First: first, Last: next - 1}, true
	}
	found.flush()
	if found.bits == nil {
		return Holes{}, in.whole()
	}
	return Holes{bits: found.bits}, in.whole()
}

// The two kinds of lengths, which are learned apart.
const (
	gap = iota
	filled
)

// lengths codes numbers from 1 up: first how many bits the number has, given
// how many the last of its kind had; then those bits, the highest first. The
// first six of them are learned, those that follow are coded as they come.
type lengths struct {
	last  [2]int
	sizes [2][lastSizes][64]chance
	bits  [2][64][learned]chance
}

const (
	lastSizes = 20
	learned   = 1 << 6
)

func newLengths() *lengths {
	l := &lengths{}
	for kind := range 2 {
		for i := range l.sizes[kind] {
			fill(l.sizes[kind][i][:])
		}
		for i := range l.bits[kind] {
			fill(l.bits[kind][i][:])
		}
	}
	return l
}

func fill(chances []chance) {
	for i := range chances {
		chances[i] = chance{one: half}
	}
}

func (l *lengths) encode(e *encoder, kind int, n uint64) {
	size := bits.Len64(n) // 1..63
	tree := &l.sizes[kind][l.last[kind]]
	l.last[kind] = min(size, lastSizes-1)
	node := 1
	for i := 5; i >= 0; i-- {
		bit := size >> i & 1
		e.encode(&tree[node], bit)
		node = node<<1 | bit
	}
	digits := &l.bits[kind][size]
	node = 1
	for i := size - 2; i >= 0; i-- {
		bit := int(n >> i & 1)
		if node >= learned {
			e.encode(&chance{one: half}, bit)
			continue
		}
		e.encode(&digits[node], bit)
		node = node<<1 | bit
	}
}

func (l *lengths) decode(d *decoder, kind int) uint64 {
	tree := &l.sizes[kind][l.last[kind]]
	node := 1
	for range 6 {
		node = node<<1 | d.decode(&tree[node])
	}
	size := node - 64
	if size == 0 {
		return 0 // never written
	}
	l.last[kind] = min(size, lastSizes-1)
	digits := &l.bits[kind][size]
	n := uint64(1)
	node = 1
	for range size - 1 {
		bit := 0
		if node >= learned {
			bit = d.decode(&chance{one: half})
		} else {
			bit = d.decode(&digits[node])
			node = node<<1 | bit
		}
		n = n<<1 | uint64(bit)
	}
	return n
}
