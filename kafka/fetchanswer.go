package kafka

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// answer takes what a fetch says of one partition, nil is nothing, and says
// whether that are records.
func (l *fetchLoop) answer(s asked, block *sarama.FetchResponseBlock) bool {
	switch {
	case block == nil: // no room in the answer, or too many requests
		return false
	case elsewhere(block.Err):
		l.away(s)
		return false
	}
	var got fetched
	err := error(block.Err)
	if block.Err == sarama.ErrNoError {
		if got, err = unpack(block, s.from, l.reader.isolation); err == nil {
			err = l.take(s, block, got)
		}
	}
	switch {
	case err == nil:
		return len(got.parts) > 0
	case errors.Is(err, errWithheld):
		l.away(s)
	case l.reader.tryOn(s.place, err):
		l.away(s)
	default:
		l.reader.giveUp(s.stream)
	}
	return false
}

// elsewhere says that another broker, or this one a moment later, has the
// partition.
func elsewhere(code sarama.KError) bool {
	switch code {
	case sarama.ErrUnknownTopicOrPartition, sarama.ErrNotLeaderForPartition, sarama.ErrLeaderNotAvailable,
		sarama.ErrReplicaNotAvailable, sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch:
		return true
	}
	return false
}

// away has a stream look for its leader.
func (l *fetchLoop) away(s asked) {
	r := l.reader
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return
	}
	s.leave()
	s.wait()
	r.look()
}

// take moves a stream on, and hands over what was read.
func (l *fetchLoop) take(s asked, block *sarama.FetchResponseBlock, got fetched) error {
	r := l.reader
	stable := block.HighWaterMarkOffset
	if r.isolation == sarama.ReadCommitted && block.LastStableOffset >= 0 {
		stable = block.LastStableOffset
	}
	size, alone := int32(0), false
	if got.next == s.from && s.from < stable {
		// Nothing, though there is something.
		switch {
		case partial(block) && s.room >= fetchMost:
			return fmt.Errorf("%w: it is damaged, or larger than %d MiB", errBatch, fetchMost>>20)
		case partial(block):
			size, alone = int32(min(2*int64(s.room), fetchMost)), true
		case !s.single: // the answer may have been full
			size, alone = s.room, true
		case s.room < fetchEmpty: // sarama leaves out batches that compaction has emptied
			size, alone = min(8*s.room, fetchEmpty), true
		case !r.compacts(s.topic):
			r.miss(s, stable)
			return errWithheld
		default: // compaction has left nothing up to the end
			got.next = stable
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return nil
	}
	s.high.Store(block.HighWaterMarkOffset)
	s.stable, s.size, s.alone = stable, size, alone
	s.backoff, s.stale = 0, false
	s.missed = s.missed && got.next == s.from
	if got.next > s.from {
		s.next, s.busy = got.next, true
		s.blocks <- got // it has room, since the stream was not busy
	}
	return nil
}

// errWithheld is that brokers give nothing of a log that goes on. Where no
// compaction has been there is something: a broker that has to get it from another
// store, and is not in time, answers as if there were not.
var errWithheld = errors.New("there must be records, but none come")

// miss says once that records of a partition do not come.
func (r *reader) miss(s asked, end int64) {
	r.mu.Lock()
	said := s.missed
	s.missed = true
	r.mu.Unlock()
	if !said {
		r.logger.Warn("brokers give no records although the log goes on, and no compaction is known that could have taken them: they are asked again until they do",
			"topic", s.topic, "partition", s.partition, "offset", s.from, "end", end)
	}
}

// errBatch is about a batch that does not come whole, however much is asked for.
var errBatch = errors.New("a batch cannot be read")

// partial says that an answer ends in its first batch.
func partial(block *sarama.FetchResponseBlock) bool {
	if block.Partial {
		return true
	}
	if len(block.RecordsSet) != 1 {
		return false
	}
	set := block.RecordsSet[0]
	return set.RecordBatch != nil && set.RecordBatch.PartialTrailingRecord || set.MsgSet != nil && set.MsgSet.PartialTrailingMessage
}
