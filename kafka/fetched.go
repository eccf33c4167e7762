package kafka

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// fetched is what one fetch brought of a partition: records in the order of
// their offsets, and how far there is nothing else.
type fetched struct {
	parts []part
	next  int64 // no record below it is delivered later
}

// part is a batch of the log, or the rest of one. Its records share its bytes.
type part struct {
	first int64 // the offset that the records' count from
	base  time.Time
	fixed bool // base is the time of all of them
	rest  []*sarama.Record
}

// unpack takes an answer apart: records below from, control records and, where
// the isolation says so, records of aborted transactions are left out. next is
// from where the answer holds no whole batch.
func unpack(block *sarama.FetchResponseBlock, from int64, isolation sarama.IsolationLevel) (fetched, error) {
	f := fetched{next: from}
	aborted := slices.Clone(block.AbortedTransactions)
	slices.SortFunc(aborted, func(a, b *sarama.AbortedTransaction) int {
		return int(min(max(a.FirstOffset-b.FirstOffset, -1), 1))
	})
	open := make(map[int64]bool) // producers inside of an aborted transaction
	for _, set := range block.RecordsSet {
		if set.MsgSet != nil {
			f.takeMessages(set.MsgSet, from)
			continue
		}
		batch := set.RecordBatch
		if batch == nil {
			return f, fmt.Errorf("at offset %d: records of an unknown kind", f.next)
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
			abort, err := endsAborted(batch)
			if err != nil {
				return f, err
			}
			if abort {
				delete(open, batch.ProducerID)
			}
		case isolation == sarama.ReadCommitted && batch.IsTransactional && open[batch.ProducerID]:
		default:
			f.takeBatch(batch, from)
		}
		f.next = max(f.next, batch.LastOffset()+1)
	}
	return f, nil
}

// takeBatch adds what lies at from or behind it.
func (f *fetched) takeBatch(batch *sarama.RecordBatch, from int64) {
	p := part{first: batch.FirstOffset, base: batch.FirstTimestamp, rest: batch.Records}
	if batch.LogAppendTime {
		p.base, p.fixed = batch.MaxTimestamp, true
	}
	for len(p.rest) > 0 && p.first+p.rest[0].OffsetDelta < from {
		p.rest = p.rest[1:]
	}
	if len(p.rest) > 0 {
		f.parts = append(f.parts, p)
	}
}

// takeMessages does the same with messages of the formats before Kafka 0.11.
// In a compressed one of format 1 offsets count from that of the last, which
// the wrapper has.
func (f *fetched) takeMessages(set *sarama.MessageSet, from int64) {
	for _, block := range set.Messages {
		messages := block.Messages()
		for _, m := range messages {
			offset, at := m.Offset, m.Msg.Timestamp
			if m.Msg.Version >= 1 {
				offset += block.Offset - messages[len(messages)-1].Offset
				if m.Msg.LogAppendTime {
					at = block.Msg.Timestamp
				}
			}
			if offset < from {
				continue
			}
			f.parts = append(f.parts, part{first: offset, base: at, fixed: true, rest: []*sarama.Record{{Key: m.Msg.Key, Value: m.Msg.Value}}})
		}
		f.next = max(f.next, block.Offset+1)
	}
}

// endsAborted says that a control batch is the marker of an abort. Its key is a
// version and a type, 16 bits each.
func endsAborted(batch *sarama.RecordBatch) (bool, error) {
	if len(batch.Records) == 0 || len(batch.Records[0].Key) < 4 {
		return false, fmt.Errorf("at offset %d: a control record that cannot be read", batch.FirstOffset)
	}
	return binary.BigEndian.Uint16(batch.Records[0].Key[2:]) == 0, nil
}

// take makes engine's records of the next ones, at most n, and none at or behind
// an offset unless that is negative. In pieces they share nothing, see [apart].
func (f *fetched) take(p place, n int, below int64, pieces bool) []*engine.Record {
	slab := make([]engine.Record, 0, min(n, f.count(n)))
	for len(f.parts) > 0 && len(slab) < n {
		b := &f.parts[0]
		for len(b.rest) > 0 && len(slab) < n {
			m := b.rest[0]
			offset := b.first + m.OffsetDelta
			if below >= 0 && offset >= below {
				f.parts = nil
				break
			}
			slab = append(slab, engine.Record{
				Raw: m.Value, Intact: true, Key: m.Key, Timestamp: b.base, Headers: headers(m.Headers),
				Topic: p.topic, Partition: p.partition, Offset: offset, Known: engine.KnownAll,
			})
			if !b.fixed {
				slab[len(slab)-1].Timestamp = b.base.Add(m.TimestampDelta)
			}
			b.rest = b.rest[1:]
		}
		if len(f.parts) > 0 && len(b.rest) == 0 {
			*b, f.parts = part{}, f.parts[1:] // what lies before is not kept in memory
		}
	}
	if pieces {
		return apart(slab)
	}
	pointers := make([]*engine.Record, len(slab))
	for i := range slab {
		pointers[i] = &slab[i]
	}
	return pointers
}

// count is how many records are left, if they are fewer than n.
func (f *fetched) count(n int) int {
	sum := 0
	for _, p := range f.parts {
		if sum += len(p.rest); sum >= n {
			return n
		}
	}
	return sum
}

func headers(all []*sarama.RecordHeader) []engine.Header {
	if len(all) == 0 {
		return nil
	}
	made := make([]engine.Header, len(all))
	for i, h := range all {
		made[i] = engine.Header{Key: string(h.Key), Value: h.Value}
	}
	return made
}
