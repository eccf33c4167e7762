package kafka

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// A claim that has taken every record can still be short of the end: what is
// left are transaction markers, aborted records, or nothing at all where
// compaction has been. Sarama skips those without a word and hides its
// position. So claims that stand still before the end are looked at with a
// fetch of our own, and told how far nothing will be delivered.

// Times of the look at tails.
const (
	tailInterval      = time.Second
	tailIntervalToEnd = 100 * time.Millisecond // someone waits for the end
	tailRest          = 5 * time.Second        // after a look that found a record, which sarama will deliver
)

// Sizes of a fetch behind the last record. Most looks find a record, which the
// first batch shows, and that one comes whole. The last size is not a multiple of
// the size of an empty batch, so that a run of those never fills it without a
// partial one at its end.
const (
	tailFetchFirst = 16 << 10
	tailFetch      = 1 << 20
	tailFetchMax   = 48<<20 + 7
)

// standing is what a look remembers of a claim.
type standing struct {
	next int64
	rest time.Time // no further look before
}

// followTails looks at claims that stand still until ctx is done.
func (g *group) followTails(ctx context.Context) {
	interval := tailInterval
	if g.settings.UntilEnd {
		interval = tailIntervalToEnd
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	seen := make(map[*claim]standing)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if g.isStopped() {
			return // nothing more is taken, so nothing may be counted
		}
		g.lookAtTails(ctx, seen)
	}
}

// lookAtTails moves the claims on that have had nothing since the last look.
func (g *group) lookAtTails(ctx context.Context, seen map[*claim]standing) {
	still := g.standStill(seen)
	if len(still) == 0 {
		return
	}
	places := make([]place, len(still))
	for i, c := range still {
		places[i] = c.place
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	ends, err := g.cluster.ends(ctx, places)
	if err != nil {
		g.logger.Debug("the ends of partitions are not known", "error", err)
		return
	}
	for _, c := range still {
		from, end := seen[c].next, ends[c.place]
		if from >= end {
			continue
		}
		empty, err := g.cluster.emptyUntil(ctx, c.place, from, end)
		switch {
		case err != nil:
			g.logger.Debug("the tail of a partition is not known", "topic", c.topic, "partition", c.partition, "error", err)
		case empty < end:
			seen[c] = standing{next: from, rest: time.Now().Add(tailRest)}
		}
		if empty > from {
			c.nothingBelow(empty)
		}
	}
}

// standStill lists the claims that have taken nothing since the last look,
// though there is something behind what they have.
func (g *group) standStill(seen map[*claim]standing) []*claim {
	var still []*claim
	live := g.live()
	now := time.Now()
	for _, c := range live {
		next := c.next.Load()
		was, known := seen[c]
		if !known || was.next != next {
			seen[c] = standing{next: next}
			continue
		}
		waiting := len(c.messages.Messages()) > 0 // and will be taken
		if waiting || now.Before(was.rest) || c.atEnd.Load() || c.holding.Load() || next >= c.messages.HighWaterMarkOffset() {
			continue
		}
		still = append(still, c)
	}
	for c := range seen {
		if !slices.Contains(live, c) {
			delete(seen, c)
		}
	}
	return still
}

// nothingBelow tells the claim's loop; a message that it has not read yet is
// replaced.
func (c *claim) nothingBelow(offset int64) {
	select {
	case <-c.advance:
	default:
	}
	select {
	case c.advance <- offset:
	default: // only followTails sends, so there is room
	}
}

// emptyUntil says up to where, from an offset on and at most to end, no record
// will ever be delivered.
func (c *cluster) emptyUntil(ctx context.Context, p place, from, end int64) (int64, error) {
	at, size := from, int32(tailFetchFirst)
	for at < end {
		if ctx.Err() != nil {
			return at, ctx.Err()
		}
		block, err := c.fetch(p, at, size)
		if err != nil {
			return at, err
		}
		next, found := c.skip(block, at)
		switch {
		case found:
			return min(next, end), nil
		case next > at:
			at, size = next, tailFetch
		case size < tailFetchMax:
			size = tailFetchMax // a batch that is larger than the first try
		case block.Partial || len(block.RecordsSet) > 0:
			return at, nil // a batch of that size holds records
		default:
			return end, nil // the log has nothing here any more
		}
	}
	return min(at, end), nil
}

// fetch asks the leader for what is there at this moment.
func (c *cluster) fetch(p place, from int64, size int32) (*sarama.FetchResponseBlock, error) {
	leader, err := c.client.Leader(p.topic, p.partition)
	if err != nil {
		return nil, err
	}
	request := &sarama.FetchRequest{
		Version: 12, MaxBytes: size, Isolation: c.isolation,
		SessionEpoch: -1, // no fetch session
	}
	request.AddBlock(p.topic, p.partition, from, size, -1)
	response, err := leader.Fetch(request)
	if err != nil {
		_ = leader.Close() // so that the next try connects anew
		return nil, err
	}
	block := response.GetBlock(p.topic, p.partition)
	if block == nil {
		return nil, sarama.ErrIncompleteResponse
	}
	if block.Err != sarama.ErrNoError {
		_ = c.client.RefreshMetadata(p.topic) // it may have another leader
		return nil, block.Err
	}
	return block, nil
}

// skip goes over batches of which nothing is delivered, as sarama's consumer
// does, and returns where the first record is or where the batches end.
func (c *cluster) skip(block *sarama.FetchResponseBlock, from int64) (next int64, found bool) {
	aborted := slices.Clone(block.AbortedTransactions)
	slices.SortFunc(aborted, func(a, b *sarama.AbortedTransaction) int {
		return int(min(max(a.FirstOffset-b.FirstOffset, -1), 1))
	})
	open := make(map[int64]bool) // producers inside of an aborted transaction
	next = from
	for _, set := range block.RecordsSet {
		batch := set.RecordBatch
		if batch == nil {
			return next, true // the old format knows no transactions: these are records
		}
		if batch.PartialTrailingRecord {
			break
		}
		for len(aborted) > 0 && aborted[0].FirstOffset <= batch.LastOffset() {
			open[aborted[0].ProducerID] = true
			aborted = aborted[1:]
		}
		switch {
		case batch.Control:
			if endsAborted(batch) {
				delete(open, batch.ProducerID)
			}
		case c.isolation == sarama.ReadCommitted && batch.IsTransactional && open[batch.ProducerID]:
		default:
			for _, record := range batch.Records {
				if offset := batch.FirstOffset + record.OffsetDelta; offset >= from {
					return max(next, offset), true
				}
			}
		}
		next = max(next, batch.LastOffset()+1)
	}
	return next, false
}

// endsAborted says that a control batch is the marker of an abort. Its key is a
// version and a type, 16 bits each.
func endsAborted(batch *sarama.RecordBatch) bool {
	if len(batch.Records) == 0 || len(batch.Records[0].Key) < 4 {
		return false
	}
	return binary.BigEndian.Uint16(batch.Records[0].Key[2:]) == 0
}
