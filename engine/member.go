package engine

import "time"

// Member is a [Source] that reads as the member of a group at brokers, and tells
// how that is. It answers from what it knows, without asking anybody.
type Member interface {
	Group() GroupStatus
}

// GroupStatus is a consumer group as its member sees it.
type GroupStatus struct {
	Name                     string
	Sources, Topics, Brokers []string

	Joined     bool
	ID         string // of the member
	Generation int32
	// Since is when it has joined or, if it has not, since when it tries.
	Since      time.Time
	Ever       bool // it has joined before
	Rebalances int64

	Commits, CommitErrors int64 // requests
	LastCommit            time.Time
	CommitsEvery          time.Duration
	// Uncommitted is since when something finished could not be committed; zero
	// where nothing waits for an answer.
	Uncommitted time.Time
	CommitError error // of the last commit, nil where it was acknowledged
	// Away is since when no broker has answered, AwayError why; zero while one does.
	Away      time.Time
	AwayError error

	Partitions []GroupPartition
}

// GroupPartition is what the brokers have said of a partition that is held. An
// offset that is not known is -1.
type GroupPartition struct {
	Source, Topic string
	Partition     int32
	Committed     int64
	End           int64
	MetadataBytes int // of the last commit
}

// Trying is an output that tries something again.
type Trying struct {
	Node  *Node
	Since time.Time // of the first error
	Err   error     // the last
	// Away is since when nothing that was written had an answer; zero where
	// something had, as when one record of many cannot be written.
	Away time.Time
}

// Trying are the outputs that try something again, in the graph's order.
func (rt *Runtime) Trying() []Trying {
	var list []Trying
	for _, w := range rt.allWriters() {
		if t := w.trying.Load(); t != nil {
			list = append(list, Trying{Node: w.node, Since: t.since, Err: t.err, Away: t.away})
		}
	}
	return list
}

// Remote is an [Output] that knows whether its destination is there, also while
// it has nothing to write.
type Remote interface {
	// Away is since when nothing has answered, and why; zero while something does.
	Away() (since time.Time, err error)
}
