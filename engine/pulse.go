package engine

import "sync/atomic"

// pulse is what a goroutine of the pipeline is busy with, for those who watch
// it. Its owner sets it without a lock: once per record in lanes and stages,
// and once per call of an operator; once per slice in writers.
type pulse struct {
	what   atomic.Pointer[string] // nil while it is busy with nothing
	node   atomic.Pointer[Node]
	record atomic.Pointer[Record] // the first of what it is busy with
	beats  atomic.Int64           // counts what was begun, records of a slice apart
}

// What a goroutine is busy with, in words that follow a node's name.
//
//nolint:gochecknoglobals // constants that have an address
var (
	doingProcess = "processing"
	doingTimer   = "a timer"
	doingPause   = "a pause"
	doingEvict   = "evicting"
	doingFlush   = "the flush"
	doingWrite   = "writing"
	doingSync    = "syncing"
)

// begin says that something is begun. record may be nil.
func (p *pulse) begin(what *string, n *Node, record *Record) {
	p.beats.Add(1)
	p.node.Store(n)
	p.record.Store(record)
	p.what.Store(what)
}

// at says which node is at work. A store costs more than a look.
func (p *pulse) at(n *Node) {
	if p.node.Load() != n {
		p.node.Store(n)
	}
}

// end says that it returned.
func (p *pulse) end() {
	p.what.Store(nil)
	p.record.Store(nil)
}

// doing is what it is busy with, "" for nothing.
func (p *pulse) doing() string {
	if what := p.what.Load(); what != nil {
		return *what
	}
	return ""
}

// pulseMark tells two looks at a pulse apart.
type pulseMark struct {
	record *Record
	node   *Node
	beats  int64
}

func (p *pulse) mark() pulseMark {
	return pulseMark{record: p.record.Load(), node: p.node.Load(), beats: p.beats.Load()}
}

// stuck describes what it is busy with; false when that is nothing.
func (p *pulse) stuck() (Stuck, bool) {
	what, n, r := p.doing(), p.node.Load(), p.record.Load()
	if what == "" || n == nil {
		return Stuck{}, false
	}
	s := Stuck{Node: n.Name, Where: n.Where, Doing: what}
	s.at(r)
	return s, true
}
