package engine

import (
	"sync/atomic"
	"time"
)

// counts are what one node did, kept by one goroutine and added to the node's
// [Stats] once per slice.
type counts struct{ in, out, dropped, failed int64 }

// Stats counts what a node did since the start.
type Stats struct {
	in, out, dropped, failed, retried, dead, skipped atomic.Int64
	held                                             atomic.Int64
}

func (s *Stats) add(c *counts) {
	if c.in != 0 {
		s.in.Add(c.in)
	}
	if c.out != 0 {
		s.out.Add(c.out)
	}
	if c.dropped != 0 {
		s.dropped.Add(c.dropped)
	}
	if c.failed != 0 {
		s.failed.Add(c.failed)
	}
	*c = counts{}
}

// NodeStats is a copy of a node's counts.
type NodeStats struct {
	Name, Kind, Sink string
	Role             Role
	// In and Out are records that came and left; Dropped were let go by an
	// operator on purpose; Failed counts failures that took `then`, Retried
	// further tries, Dead acknowledged dead letters, Skipped skips. Held is how
	// many records an operator holds now.
	In, Out, Dropped, Failed, Retried, Dead, Skipped, Held int64
	// Took is what Timed records took in the node itself, estimated from some of
	// them; 0 without [Options.Measures].
	Took  time.Duration
	Timed int64
}

func (s *Stats) copy(n *Node) NodeStats {
	return NodeStats{
		Name: n.Name, Kind: n.Kind, Sink: n.Sink, Role: n.Role,
		In: s.in.Load(), Out: s.out.Load(), Dropped: s.dropped.Load(), Failed: s.failed.Load(),
		Retried: s.retried.Load(), Dead: s.dead.Load(), Skipped: s.skipped.Load(), Held: s.held.Load(),
	}
}
