package engine

import (
	"context"

	"waterhealer/healer"
)

// Source reads records and keeps the claims on what it reads. One source may
// serve several source nodes, as the members of one consumer group do.
type Source interface {
	// Run takes records and pushes them until its input has ended (nil), ctx is
	// done (nil), or it cannot go on (an error, which halts the pipeline).
	// After it returned nothing more is pushed, but claims stay held and
	// finished offsets go on being committed until Close.
	Run(ctx context.Context, in Intake) error
	// Close commits what is finished, gives up all claims and releases
	// everything. It is called once, after the last record was settled or
	// given up, and also when Run failed.
	Close(ctx context.Context) error
}

// Intake is the engine as a source sees it. It is safe for concurrent use.
type Intake interface {
	// Claim begins a claim: a partition that this process may now read.
	Claim(ClaimOptions) *Claim
	// Push hands over records of one claim, in offset order. It never blocks
	// and takes the slice and the records over. Sources look at [Claim.Full]
	// and pause when it is true, and call [Claim.End] when a claim brings nothing
	// more before Run returns.
	Push(c *Claim, records []*Record)
	// Revoke evicts what waits anywhere of the claim and waits, at most until
	// ctx is done, for the writes already handed to outputs. Afterwards
	// nothing of the claim is newly handed to an output, and late results
	// change nothing.
	Revoke(ctx context.Context, c *Claim)
}

// ClaimOptions says what is claimed.
type ClaimOptions struct {
	Source    string // the source node's name
	Topic     string // "" for sources without topics
	Partition int32
	// Start is the first offset that will be pushed: the watermark until then.
	Start int64
	// Finished reports the offsets from Start on that an earlier claim had
	// finished, by the committed map; nil is none. Such records are counted as
	// finished on Push and reach no node.
	Finished func(offset int64) bool
	// Inherited are the same offsets as a set: they stay among the claim's
	// holes until they are pushed again, so that its first commits do not
	// forget them.
	Inherited healer.Holes
	// Uncommitted says that the source keeps no offsets anywhere: what waits
	// for a commit does not wait.
	Uncommitted bool
}
