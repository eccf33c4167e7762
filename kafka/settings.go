package kafka

import (
	"log/slog"
	"time"
)

// SourceSettings are what a pipeline says of a source outside of its node.
type SourceSettings struct {
	// CommitInterval is how often finished offsets are committed; 0 is 1 s. Of
	// the nodes of one group the shortest counts.
	CommitInterval time.Duration
	// IgnoreCommitErrors logs a commit that fails for good instead of halting.
	// It counts when all nodes of a group say so.
	IgnoreCommitErrors bool
	// NoMap says that a path meets an operator that pairs neighbours: finished
	// offsets beyond the watermark are neither kept nor skipped.
	NoMap bool
	// UntilEnd ends the source when what was there at the start has been taken.
	UntilEnd bool
	// DrainTimeout bounds how long a revoked claim waits for outputs; 0 is half
	// the rebalance timeout, which is also the most.
	DrainTimeout time.Duration
	// ConnectTimeout bounds how long brokers may be away at the start; 0 is
	// [DefaultConnectTimeout].
	ConnectTimeout time.Duration
	// Connection replaces the one that the node describes, for a broker that
	// stands in for it; nil does not.
	Connection *Connection
	Logger     *slog.Logger // nil logs nothing
	// OnCommit is told of each partition of each commit that was acknowledged
	// or failed for good. It must be quick.
	OnCommit func(Commit)
}

// Commit is one partition of a commit.
type Commit struct {
	Source    string // the source node's name
	Topic     string
	Partition int32
	Offset    int64 // the committed offset
	Holes     int   // finished offsets beyond it
	Kept      int   // of those, how many the metadata holds
	Err       error // nil when the broker has acknowledged it
}

// defaultCommitInterval is used where no sink says one.
const defaultCommitInterval = time.Second

// merge makes the settings of a group out of those of its nodes.
func merge(all []SourceSettings) SourceSettings {
	merged := SourceSettings{IgnoreCommitErrors: true}
	for _, s := range all {
		if s.CommitInterval > 0 && (merged.CommitInterval == 0 || s.CommitInterval < merged.CommitInterval) {
			merged.CommitInterval = s.CommitInterval
		}
		merged.IgnoreCommitErrors = merged.IgnoreCommitErrors && s.IgnoreCommitErrors
		merged.UntilEnd = merged.UntilEnd || s.UntilEnd
		merged.DrainTimeout = max(merged.DrainTimeout, s.DrainTimeout)
		merged.ConnectTimeout = max(merged.ConnectTimeout, s.ConnectTimeout)
		if merged.Logger == nil {
			merged.Logger = s.Logger
		}
		if merged.OnCommit == nil {
			merged.OnCommit = s.OnCommit
		}
	}
	if merged.CommitInterval == 0 {
		merged.CommitInterval = defaultCommitInterval
	}
	if merged.Logger == nil {
		merged.Logger = slog.New(slog.DiscardHandler)
	}
	return merged
}
