package engine

import (
	"context"
	"math/rand/v2"
	"time"
)

// Two looks at the clock per node and record would cost more than most
// operators do. So of the records that enter a lane or a stage some are timed,
// at random, on their whole way through it, and each stands for those that were
// not timed since the last one: counts and sums are right on the whole, and a
// record that is not timed costs one comparison.

const (
	// timingShare is how much of the time of records looking at the clock may take.
	timingShare = 1.0 / 400
	// timingSpan is over how many timed records their time is averaged.
	timingSpan = 8
	// timingMost is how many records apart timed ones are at most, on average.
	timingMost = 1024
)

// timing times what enters one executor. It is used by one goroutine.
type timing struct {
	nodes []*measure    // by node index
	look  time.Duration // what one look at the clock costs
	// left is how many records pass until one is timed, which stands for weight.
	left, weight int64
	looks        int64
	began        time.Time
	took         float64 // nanoseconds of a timed record lately
	// inner is the time that calls inside the innermost one took; calls are those
	// that are under way.
	inner time.Duration
	calls []timedCall
}

type timedCall struct {
	began time.Time
	inner time.Duration // of the call around it, until then
}

// clockCost is what one look at the clock costs here: a few nanoseconds on most
// machines, and a microsecond on some.
func clockCost() time.Duration {
	const looks = 64
	began := time.Now()
	for range looks - 1 {
		_ = time.Now()
	}
	return max(time.Since(began)/looks, 1)
}

// enter says whether the record that enters is timed.
func (t *timing) enter() bool {
	if t.left--; t.left > 0 {
		return false
	}
	t.looks, t.inner, t.weight = 1, 0, max(t.weight, 1)
	t.began = time.Now()
	return true
}

// leave ends a timed record and chooses the next one: the cheaper records are,
// the fewer are timed.
func (t *timing) leave() {
	t.took += (float64(time.Since(t.began)) - t.took) / timingSpan
	cost := float64(time.Duration(t.looks+1) * t.look)
	gap := int64(min(max(cost/(max(t.took, 1)*timingShare), 1), timingMost))
	t.weight = 1 + rand.Int64N(2*gap-1) // gap on average, and no rhythm that the data could share
	t.left = t.weight
}

// begin is the begin of a node's call.
func (t *timing) begin() {
	t.looks += 2
	t.calls = append(t.calls, timedCall{began: time.Now(), inner: t.inner})
	t.inner = 0
}

// end is its end. What it took itself, without the nodes that it called, is of
// so many records.
func (t *timing) end(n *Node, records int64) {
	last := len(t.calls) - 1
	call := t.calls[last]
	t.calls = t.calls[:last]
	took := time.Since(call.began)
	if records > 0 {
		own := int64(max(took-t.inner, 0))
		t.nodes[n.index].times.observe(own/records, records*t.weight, own*t.weight)
	}
	t.inner = call.inner + took
}

// times begins to time what enters, if it is its turn.
func (x *executor) times() bool {
	if x.timing == nil || !x.timing.enter() {
		return false
	}
	x.timed = x.timing
	return true
}

// timesEnd ends what times began.
func (x *executor) timesEnd() {
	x.timed = nil
	x.timing.leave()
}

// timedDecode is decode, which is all that a source does with a record.
func (x *executor) timedDecode(n *Node, r *Record, records int64) *Record {
	if x.timed == nil {
		return x.decode(n, r)
	}
	x.timed.begin()
	decoded := x.decode(n, r)
	x.timed.end(n, records)
	return decoded
}

// timedCall calls an operator.
func (x *executor) timedCall(ctx context.Context, n *Node, port int, r *Record, out *Out) error {
	if x.timed == nil {
		return n.call(ctx, port, r, out)
	}
	x.timed.begin()
	err := n.call(ctx, port, r, out)
	x.timed.end(n, r.count())
	return err
}
