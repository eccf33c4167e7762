package engine

import (
	"errors"
	"fmt"
	"slices"
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
	File     string // the input file, "" where there is none
	Line     int    // in File, from 1
	Attempts int
	Err      error
	Then     Then
	At       time.Time

	Partition int32
	node      *Node
	source    *Record // see Record
}

// Record is the source record, as [Options.OnFailure] may look at it; nil at any
// other time, so that a failure does not keep its memory.
func (f *Failure) Record() *Record { return f.source }

func (f *Failure) Error() string {
	return fmt.Sprintf("%s: record %s failed at node %s: %v", f.Where, f.Origin(), f.Node, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// Origin names the record as a user finds it: topic/partition/offset, or
// file:line.
func (f *Failure) Origin() string {
	if f.Line > 0 {
		return f.File + ":" + strconv.Itoa(f.Line)
	}
	return EmitID(f.Topic, f.Partition, f.Offset)
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
	decided  bool // nothing else of it is open: its policy runs
	lettered bool // its letter is in line at a writer
	streamed bool // it failed, or something else made of it, in an output stream
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

// fail takes the policy of a node for a record whose tries have ended. The
// caller keeps its reference, then drops it and loosens the block, which is nil
// when the failure changes nothing any more.
func (rt *Runtime) fail(n *Node, r *Record, err error, attempts int) *block {
	b := &block{gate: r.gate, unitKey: r.unitKey, seq: r.seq, halts: n.Policy.Then == ThenHalt}
	failures, late := rt.note(n, r, b, err, attempts)
	if late {
		return nil
	}
	first := failures[0]
	rt.log.Error("record failed", append(namesOf(failures), "node", n.Name, "where", n.Where,
		"records", len(failures), "attempts", attempts, "then", n.Policy.Then.String(), "error", err)...)
	if rt.options.OnFailure != nil {
		for _, f := range failures {
			rt.options.OnFailure(f)
		}
	}
	rt.supervisor.Load().failed(first)
	for _, f := range failures {
		f.source = nil
	}
	switch {
	case !b.halts:
	case rt.options.ListFailures:
		rt.end.list(first)
	default:
		b.gate.stop(b.unitKey, b.seq)
		rt.halt(first)
	}
	return b
}

// note marks all source records of a failed value and blocks its order unit.
// late is true when all their claims are over.
func (rt *Runtime) note(n *Node, r *Record, b *block, err error, attempts int) (failures []*Failure, late bool) {
	rt.failMutex.Lock()
	defer rt.failMutex.Unlock()
	none := true
	r.leaves(func(leaf *healer.Ack) {
		none = false
		known := rt.failed[leaf]
		if leaf.Closed() || known != nil && slices.Contains(known.blocks, b) {
			return
		}
		if known == nil {
			known = &failed{}
			rt.failed[leaf] = known
		}
		f := rt.describe(n, leaf, err, attempts)
		failures = append(failures, f)
		known.failures = append(known.failures, f)
		known.blocks = append(known.blocks, b)
		b.leaves = append(b.leaves, leaf)
		known.streamed = known.streamed || b.gate != nil && b.gate.stream
		if b.gate != nil && !b.gate.stream {
			b.seq = max(b.seq, leaf.Offset) // what it was made of does not stand behind it
		}
		leaf.Fail(f)
	})
	if none { // it was made of nothing: nothing is held, nothing can be put aside
		return []*Failure{{Node: n.Name, Where: n.Where, Err: err, Attempts: attempts, Then: n.Policy.Then, At: rt.clock.Now(), node: n}}, false
	}
	b.open = len(b.leaves)
	if b.open > 0 && !(b.halts && rt.options.ListFailures) {
		b.gate.block(b.unitKey, b.seq)
	}
	return failures, b.open == 0
}

// namedFailures is how many of the records that fail together a line names.
const namedFailures = 20

// namesOf are the names of records that fail together: those of the first, and the
// emit_id of others.
func namesOf(failures []*Failure) []any {
	if failures[0].source == nil {
		return nil // made of nothing
	}
	list := emitted(failures[0].Topic, failures[0].Partition, failures[0].Offset)
	var also []string
	for _, f := range failures[1:min(len(failures), namedFailures)] {
		also = append(also, EmitID(f.Topic, f.Partition, f.Offset))
	}
	if also != nil {
		list = append(list, "also", also)
	}
	return list
}

// describe makes the failure of one source record.
func (rt *Runtime) describe(n *Node, leaf *healer.Ack, err error, attempts int) *Failure {
	f := &Failure{
		Node: n.Name, Where: n.Where, Offset: leaf.Offset, Attempts: attempts,
		Err: err, Then: n.Policy.Then, At: rt.clock.Now(), node: n,
	}
	if source, ok := leaf.Source.(*Record); ok {
		f.Topic, f.Partition, f.Offset, f.Line = source.Topic, source.Partition, source.Offset, source.Line
		f.Source, f.source = source.sourceName(), source
		if source.Line > 0 {
			f.File = source.Claim.Topic // the record's own topic may be the one that the file stands in for
		}
	}
	return f
}

// onFailed is called by the tracker when nothing of a failed source record is
// open any more: now its policy runs.
func (rt *Runtime) onFailed(ack *healer.Ack) {
	rt.failMutex.Lock()
	known := rt.failed[ack]
	if known == nil {
		rt.failMutex.Unlock()
		return // its claim is over
	}
	known.decided = true
	f, streamed := known.worst(), known.streamed
	rt.failMutex.Unlock()
	switch f.Then {
	case ThenSkip:
		rt.stats[f.node.index].skipped.Add(1)
		rt.settle(ack)
	case ThenDeadLetter:
		if source, ok := ack.Source.(*Record); ok && rt.mayDie(ack, source, f) {
			rt.push(f.node.Policy.DeadLetter, item{record: letter(source, f, streamed), letter: ack})
		}
	case ThenHalt: // stays unfinished: the next run starts at it
		if source, ok := ack.Source.(*Record); ok && rt.options.ListFailures {
			source.Claim.list(source)
		}
	}
}

// settle finishes a failed source record whose policy has run, and lets go of
// what waited behind it.
func (rt *Runtime) settle(ack *healer.Ack) {
	ack.Settle()
	rt.failMutex.Lock()
	rt.unblock(ack)
	rt.failMutex.Unlock()
	rt.stir()
}

// forgetFailures drops the failed records of a claim that is over.
func (rt *Runtime) forgetFailures(c *Claim) {
	rt.failMutex.Lock()
	defer rt.failMutex.Unlock()
	for ack := range rt.failed {
		if ack.Partition() == c.tracker {
			rt.unblock(ack)
		}
	}
}

// letterRefused halts the pipeline: the record could be neither processed nor
// put aside.
func (rt *Runtime) letterRefused(n *Node, ack *healer.Ack, refusal error) {
	var f *Failure
	if !errors.As(ack.Failure(), &f) {
		return
	}
	rt.stopBehind(ack)
	both := *f
	both.Err = fmt.Errorf("%w; and its dead letter was refused by %s: %w", f.Err, n.Name, refusal)
	both.Then = ThenHalt
	rt.halt(&both)
}
