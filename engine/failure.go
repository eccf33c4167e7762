package engine

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"waterhealer/healer"
)

// Failure is a record whose tries have ended: what it was, where it failed and
// what is done about it.
type Failure struct {
	Node     string
	Where    string // position in the pipeline file
	Source   string
	Topic    string
	Offset   int64
	Line     int // in the input file, 0 where there is none
	Attempts int
	Err      error
	Then     Then
	At       time.Time

	Partition int32
	node      *Node
}

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: record %s failed at node %s: %v", f.Where, f.Origin(), f.Node, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// Origin names the record as a user finds it: topic/partition/offset, or
// file:line.
func (f *Failure) Origin() string {
	if f.Line > 0 {
		return f.Topic + ":" + strconv.Itoa(f.Line)
	}
	return fmt.Sprintf("%s/%d/%d", f.Topic, f.Partition, f.Offset)
}

// NodeError is an error of a node that is not about one record.
type NodeError struct {
	Node  string
	Where string
	Err   error
}

func (e *NodeError) Error() string {
	return fmt.Sprintf("%s: node %s: %v", e.Where, e.Node, e.Err)
}

func (e *NodeError) Unwrap() error { return e.Err }

// failed is what is known of a source record that has failed somewhere.
type failed struct {
	failures []*Failure
	blocks   []*block
}

// worst is the failure whose `then` counts: halt before dead letter before
// skip, and among equals the first.
func (f *failed) worst() *Failure {
	rank := map[Then]int{ThenHalt: 0, ThenDeadLetter: 1, ThenSkip: 2}
	worst := f.failures[0]
	for _, other := range f.failures[1:] {
		if rank[other.Then] < rank[worst.Then] {
			worst = other
		}
	}
	return worst
}

// block holds an order unit until all source records of a failed value are settled.
type block struct {
	gate      *gate
	unitKey   uint64
	seq       int64
	remaining int
}

// fail takes the policy of a node for a record whose tries have ended. The
// caller keeps, and then drops, its reference.
func (rt *Runtime) fail(n *Node, r *Record, err error, attempts int) {
	policy := n.Policy
	b := &block{gate: r.gate, unitKey: r.unitKey, seq: r.seq}
	halting := policy.Then == ThenHalt
	if !halting || !rt.options.ListFailures {
		r.gate.block(r.unitKey, r.seq)
	}
	rt.failMutex.Lock()
	var first *Failure
	r.leaves(func(leaf *healer.Ack) {
		f := rt.describe(n, leaf, err, attempts)
		if first == nil {
			first = f
		}
		known := rt.failed[leaf]
		if known == nil {
			known = &failed{}
			rt.failed[leaf] = known
		}
		known.failures = append(known.failures, f)
		known.blocks = append(known.blocks, b)
		b.remaining++
		leaf.Fail(f)
	})
	rt.failMutex.Unlock()
	if first == nil {
		return
	}
	rt.log.Error("record failed", "node", n.Name, "where", n.Where, "topic", first.Topic, "partition", first.Partition,
		"offset", first.Offset, "attempts", attempts, "then", policy.Then.String(), "error", err)
	if rt.options.OnFailure != nil {
		rt.options.OnFailure(first)
	}
	if halting && !rt.options.ListFailures {
		rt.halt(first)
	}
}

// describe makes the failure of one source record.
func (rt *Runtime) describe(n *Node, leaf *healer.Ack, err error, attempts int) *Failure {
	f := &Failure{
		Node: n.Name, Where: n.Where, Offset: leaf.Offset, Attempts: attempts,
		Err: err, Then: n.Policy.Then, At: rt.clock.Now(), node: n,
	}
	if source, ok := leaf.Source.(*Record); ok {
		f.Topic, f.Partition, f.Line, f.Source = source.Topic, source.Partition, source.Line, source.Claim.Source
	}
	return f
}

// onFailed is called by the tracker when nothing of a failed source record is
// open any more: now its policy runs.
func (rt *Runtime) onFailed(ack *healer.Ack) {
	rt.failMutex.Lock()
	known := rt.failed[ack]
	rt.failMutex.Unlock()
	if known == nil {
		return
	}
	f := known.worst()
	switch f.Then {
	case ThenSkip:
		rt.stats[f.node.index].skipped.Add(1)
		rt.settle(ack)
	case ThenDeadLetter:
		source, ok := ack.Source.(*Record)
		if !ok {
			return
		}
		dead := f.node.Policy.DeadLetter
		rt.queues[dead.index].push([]item{{record: letter(source, f), letter: ack}})
	case ThenHalt: // stays unfinished: the next run starts at it
	}
}

// settle finishes a failed source record whose policy has run, and lets go of
// what waited behind it.
func (rt *Runtime) settle(ack *healer.Ack) {
	ack.Settle()
	rt.failMutex.Lock()
	rt.unblock(ack)
	rt.failMutex.Unlock()
	rt.wakeWriters()
}

// unblock forgets a failed source record and takes back the blocks that only
// it upheld. The caller holds failMutex.
func (rt *Runtime) unblock(ack *healer.Ack) {
	known := rt.failed[ack]
	if known == nil {
		return
	}
	delete(rt.failed, ack)
	for _, b := range known.blocks {
		b.remaining--
		if b.remaining == 0 {
			b.gate.unblock(b.unitKey, b.seq)
		}
	}
}

// forgetFailures drops the failed records of a revoked claim.
func (rt *Runtime) forgetFailures(c *Claim) {
	rt.failMutex.Lock()
	defer rt.failMutex.Unlock()
	for ack := range rt.failed {
		if ack.Partition() == c.tracker {
			rt.unblock(ack)
		}
	}
}

// letterValueLimit bounds the values of a dead letter's headers.
const letterValueLimit = 1024

// letter is the dead letter of a source record: its own bytes, with headers
// that tell what happened.
func letter(source *Record, f *Failure) *Record {
	out := *source
	out.Batch, out.Intact = nil, true
	out.gate, out.unitKey, out.seq = nil, 0, 0
	out.Headers = append([]Header(nil), source.Headers...)
	for _, h := range [][2]string{
		{"error", f.Err.Error()}, {"node", f.Node}, {"source", f.Source}, {"topic", f.Topic},
		{"partition", strconv.Itoa(int(f.Partition))}, {"offset", strconv.FormatInt(f.Offset, 10)},
		{"attempts", strconv.Itoa(f.Attempts)}, {"time", f.At.UTC().Format(time.RFC3339Nano)},
	} {
		v := h[1]
		if len(v) > letterValueLimit {
			v = v[:letterValueLimit]
		}
		out.Headers = append(out.Headers, Header{Key: "waterhealer-" + h[0], Value: []byte(v)})
	}
	return &out
}

// letterRefused halts the pipeline: the record could be neither processed nor
// put aside.
func (rt *Runtime) letterRefused(n *Node, ack *healer.Ack, refusal error) {
	var f *Failure
	if !errors.As(ack.Failure(), &f) {
		return
	}
	both := *f
	both.Err = fmt.Errorf("%w; and its dead letter was refused by %s: %w", f.Err, n.Name, refusal)
	both.Then = ThenHalt
	rt.halt(&both)
}
