package engine

import (
	"cmp"
	"slices"
	"time"

	"waterhealer/healer"
)

// Phase is how far a run has come.
type Phase int

// The phases.
const (
	PhaseStarting Phase = iota // outputs open
	PhaseRunning
	PhaseStopping // drains after a signal, the end of its input or a halt
	PhaseEnded
)

// Phase is how far the run has come, and why it halts; nil where nothing is wrong.
func (rt *Runtime) Phase() (Phase, error) {
	rt.end.mu.Lock()
	defer rt.end.mu.Unlock()
	switch {
	case rt.finished.Load():
		return PhaseEnded, rt.end.reason
	case rt.end.mode != endNone, !rt.end.deadline.IsZero():
		return PhaseStopping, rt.end.reason
	case rt.opened.Load():
		return PhaseRunning, nil
	}
	return PhaseStarting, nil
}

// Way is where records go from a node.
type Way struct {
	From, To *Node
	Branch   int // from 1; 0 where there is none
	// DeadLetters and Reports go beside the graph.
	DeadLetters, Reports bool
}

// Ways are all ways in a graph, those of records first.
func (g *Graph) Ways() []Way {
	var ways, aside []Way
	for _, n := range g.Nodes {
		for _, e := range n.edges {
			ways = append(ways, Way{From: n, To: e.to, Branch: e.branch})
		}
		passes := n.Role == RoleHealing && len(n.edges) > 0 // what fails is its outputs
		if n.Policy.DeadLetter != nil && n.Policy.Then == ThenDeadLetter && !passes {
			aside = append(aside, Way{From: n, To: n.Policy.DeadLetter, DeadLetters: true})
		}
		if n.Report != nil {
			aside = append(aside, Way{From: n, To: n.Report, Reports: true})
		}
	}
	return append(ways, aside...)
}

// Queues are how many records wait in front of each node, in the graph's order.
func (rt *Runtime) Queues() []int64 {
	out := make([]int64, len(rt.queues))
	for i, q := range rt.queues {
		if q != nil {
			out[i] = q.waiting()
		}
	}
	for _, w := range rt.allWriters() {
		out[w.node.index] += w.waiting.Load()
	}
	return out
}

// waiting is how many items are queued.
func (q *queue) waiting() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int64(q.length)
}

// Progress is how far a claim has come.
type Progress struct {
	Source, Topic string
	Partition     int32
	Epoch         int64

	Watermark int64 // the first offset that is not finished
	Position  int64 // the next that can be taken
	// InFlight are the records that are taken and not finished, Bytes their payload.
	InFlight, Bytes int64
	Full            bool // no more is taken until something finishes
	// Holes are how many offsets beyond the watermark are finished, Finished the
	// first runs of them.
	Holes    int64
	Finished []healer.Range
	// Head is what is known of the record at the watermark, nil where nothing is
	// unfinished.
	Head *Head
}

// Head is the first record of a claim that is not finished.
type Head struct {
	Offset int64
	// Since is when it was taken, as far as that is remembered: of a claim that is
	// stuck for long it may be said too early by a small part of that.
	Since time.Time
	// Where it is, as far as that is known: see [Runtime.Locate].
	Whereabouts
}

// Progress is how far all claims have come that are held now, sorted; of their
// holes the first ranges are listed.
func (rt *Runtime) Progress(ranges int) []Progress {
	claims := rt.held()
	out := make([]Progress, 0, len(claims))
	for _, c := range claims {
		out = append(out, c.status(ranges))
	}
	return out
}

// held are the claims, sorted. The list is kept until claims come or go.
func (rt *Runtime) held() []*Claim {
	rt.claimMutex.Lock()
	defer rt.claimMutex.Unlock()
	if rt.sorted != nil {
		return rt.sorted
	}
	claims := make([]*Claim, 0, len(rt.claims))
	for c := range rt.claims {
		claims = append(claims, c)
	}
	slices.SortFunc(claims, func(a, b *Claim) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Topic, b.Topic),
			cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Epoch, b.Epoch))
	})
	rt.sorted = claims
	return claims
}

func (c *Claim) status(ranges int) Progress {
	look := c.tracker.Look()
	p := Progress{
		Source: c.Source, Topic: c.Topic, Partition: c.Partition, Epoch: c.Epoch,
		Watermark: look.Watermark, Position: look.Position, InFlight: look.Records, Bytes: look.Bytes,
		Full: c.waiting.Load(),
	}
	listed := c.listHoles(look.Holes, ranges)
	p.Holes, p.Finished = listed.count, listed.ranges
	if look.Head != nil {
		p.Head = &Head{Offset: look.Head.Offset}
		p.Head.Since = c.ages.of(look.Head.Offset)
		if found := c.rt.found.Load(); found != nil {
			p.Head.Whereabouts = (*found)[look.Head]
		}
	}
	return p
}

// listedHoles are the first ranges of a claim's holes, which is much work to
// list again where nothing has changed.
type listedHoles struct {
	holes  healer.Holes
	limit  int
	count  int64
	ranges []healer.Range
}

func (c *Claim) listHoles(holes healer.Holes, limit int) *listedHoles {
	before := c.holes.Load()
	if before != nil && before.holes == holes && before.limit >= limit {
		if before.limit == limit {
			return before
		}
		return &listedHoles{count: before.count, ranges: before.ranges[:min(limit, len(before.ranges))]}
	}
	listed := &listedHoles{holes: holes, limit: limit, count: int64(holes.Len())}
	for r := range holes.Ranges() {
		if len(listed.ranges) == limit {
			break
		}
		listed.ranges = append(listed.ranges, r)
	}
	if before == nil || limit >= before.limit {
		c.holes.Store(listed)
	}
	return listed
}
