package kafka

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"sync"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// shelf is the log of t/0 as a broker may have it, compaction and all, which
// takes the place of the embedded broker's own.
type shelf struct {
	batches      []shelved
	aborted      []abortedTxn
	high, stable int64
	records      []stored
	// scale is how many times smaller fetches are answered than they ask for, so
	// that small logs meet their bounds.
	scale int32
	// cut has the first batch of an answer cut off too, as brokers before 0.10.1 do.
	cut bool
	// damaged is the partition of which a bit has changed, nil is none.
	damaged *int32
}

type shelved struct {
	first, last int64
	raw         []byte
}

// stored is an offset that has a record, and the producer of its transaction, 0 for none.
type stored struct{ offset, producer int64 }

type abortedTxn struct{ producer, first, marker int64 }

// serve answers fetches of t/0, and questions for its ends.
func (s *shelf) serve(b *sharedBroker) {
	b.mu.Lock()
	b.shelf = s
	b.mu.Unlock()
}

// sharedBroker is a broker whose log is a shelf.
type sharedBroker struct {
	brokers
	mu    sync.Mutex
	shelf *shelf
}

func newSharedBroker(t *testing.T, partitions int32) *sharedBroker {
	t.Helper()
	b := sourceBroker(t, map[string]int32{"t": partitions})
	shared := &sharedBroker{brokers: b}
	current := func() *shelf {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		return shared.shelf
	}
	b.Cluster().ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.Cluster().KeepControl()
		return current().fetch(r.(*kmsg.FetchRequest)), nil, true
	})
	b.Cluster().ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.Cluster().KeepControl()
		return current().ends(r.(*kmsg.ListOffsetsRequest)), nil, true
	})
	return shared
}

func (s *shelf) fetch(request *kmsg.FetchRequest) kmsg.Response {
	response := request.ResponseKind().(*kmsg.FetchResponse)
	topic := kmsg.NewFetchResponseTopic()
	topic.Topic = "t"
	for _, asked := range request.Topics[0].Partitions {
		topic.Partitions = append(topic.Partitions, s.partition(request, asked))
	}
	response.Topics = append(response.Topics, topic)
	return response
}

// partition answers for one; all have the same log.
func (s *shelf) partition(request *kmsg.FetchRequest, asked kmsg.FetchRequestTopicPartition) kmsg.FetchResponseTopicPartition {
	block := kmsg.NewFetchResponseTopicPartition()
	block.Partition = asked.Partition
	block.HighWatermark, block.LastStableOffset = s.high, s.stable
	end := s.high
	if request.IsolationLevel == 1 {
		end = s.stable
	}
	room := int(asked.PartitionMaxBytes / s.scale)
	raw := []byte{}
	upper := int64(-1)
	for _, batch := range s.batches {
		if batch.last < asked.FetchOffset || batch.first >= end || len(raw) >= room {
			continue
		}
		more := batch.raw
		if left := room - len(raw); left < len(more) && (s.cut || len(raw) > 0) {
			more = more[:left]
		}
		raw = append(raw, more...)
		upper = batch.last + 1
	}
	if s.damaged != nil && *s.damaged == asked.Partition && len(raw) > 0 {
		raw[len(raw)-1]++
	}
	block.RecordBatches = raw
	if request.IsolationLevel == 1 {
		for _, a := range s.aborted {
			if a.marker >= asked.FetchOffset && a.first < upper {
				txn := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
				txn.ProducerID, txn.FirstOffset = a.producer, a.first
				block.AbortedTransactions = append(block.AbortedTransactions, txn)
			}
		}
	}
	return block
}

func (s *shelf) ends(request *kmsg.ListOffsetsRequest) kmsg.Response {
	response := request.ResponseKind().(*kmsg.ListOffsetsResponse)
	block := kmsg.NewListOffsetsResponseTopicPartition()
	if request.Topics[0].Partitions[0].Timestamp == sarama.OffsetNewest {
		block.Offset = s.high
	}
	topic := kmsg.NewListOffsetsResponseTopic()
	topic.Topic, topic.Partitions = "t", []kmsg.ListOffsetsResponseTopicPartition{block}
	response.Topics = append(response.Topics, topic)
	return response
}

// add puts a batch of format 2 on the shelf; kept are the records that compaction
// has left.
func (s *shelf) add(batch kmsg.RecordBatch, kept []kmsg.Record, n int, codec kgo.CompressionCodec) {
	batch.FirstOffset, batch.Magic, batch.LastOffsetDelta = s.high, 2, int32(n-1)
	batch.FirstSequence, batch.NumRecords = -1, int32(len(kept))
	var raw []byte
	for _, r := range kept {
		r.Length = int32(len(r.AppendTo(nil)) - 1) // without a length of its own, which is 0 in one byte
		raw = r.AppendTo(raw)
	}
	if compressor, err := kgo.DefaultCompressor(codec); err == nil && compressor != nil && len(kept) > 0 {
		var kind kgo.CompressionCodecType
		raw, kind = compressor.Compress(&bytes.Buffer{}, raw)
		batch.Attributes |= int16(kind)
	}
	batch.Records = bytes.Clone(raw)
	whole := batch.AppendTo(nil)
	binary.BigEndian.PutUint32(whole[8:], uint32(len(whole)-12))
	binary.BigEndian.PutUint32(whole[17:], crc32.Checksum(whole[21:], crc32.MakeTable(crc32.Castagnoli)))
	for _, r := range kept {
		if batch.Attributes&attributeControl == 0 {
			s.records = append(s.records, stored{s.high + int64(r.OffsetDelta), max(batch.ProducerID, 0)})
		}
	}
	s.batches = append(s.batches, shelved{first: s.high, last: s.high + int64(n) - 1, raw: whole})
	s.high += int64(n)
}

// oldMessage is one of format 1, as it is in the log or in a compressed one.
func oldMessage(offset, at int64, attributes int8, key, value []byte) []byte {
	m := kmsg.MessageV1{Offset: offset, Magic: 1, Attributes: attributes, Timestamp: at, Key: key, Value: value}
	raw := m.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-12))
	binary.BigEndian.PutUint32(raw[12:], crc32.ChecksumIEEE(raw[16:]))
	return raw
}

// addOld puts messages of format 1 on the shelf: compressed together, or each for itself.
func (s *shelf) addOld(messages []kmsg.Record, together bool) {
	var inner []byte
	for i, m := range messages {
		s.records = append(s.records, stored{offset: s.high + int64(i)})
		raw := oldMessage(s.high+int64(i), 1000+int64(i), 0, m.Key, m.Value)
		if !together {
			s.batches = append(s.batches, shelved{first: s.high + int64(i), last: s.high + int64(i), raw: raw})
		}
		inner = append(inner, oldMessage(int64(i), 1000+int64(i), 0, m.Key, m.Value)...)
	}
	last := s.high + int64(len(messages)) - 1
	if together {
		compressor, _ := kgo.DefaultCompressor(kgo.GzipCompression())
		packed, kind := compressor.Compress(&bytes.Buffer{}, inner)
		s.batches = append(s.batches, shelved{first: s.high, last: last, raw: oldMessage(last, 1000, int8(kind), nil, packed)})
	}
	s.high = last + 1
}

const (
	attributeTime    = 0x08
	attributeTxn     = 0x10
	attributeControl = 0x20
)

// drawShelf makes a log of all that there may be in one.
func drawShelf(t *rapid.T) *shelf {
	s := &shelf{scale: rapid.SampledFrom([]int32{1, 512, 4096}).Draw(t, "scale"), cut: rapid.Bool().Draw(t, "cut")}
	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	for range rapid.IntRange(0, 3).Draw(t, "old") {
		s.addOld(drawContents(t, rapid.IntRange(1, 4).Draw(t, "n")), rapid.Bool().Draw(t, "together"))
	}
	open := make(map[int64]int64) // since where each producer has a transaction
	for range rapid.IntRange(0, 40).Draw(t, "batches") {
		producer := rapid.Int64Range(1, 2).Draw(t, "producer")
		batch := kmsg.RecordBatch{ProducerID: -1, ProducerEpoch: -1, FirstTimestamp: 5000, MaxTimestamp: 6000}
		if rapid.IntRange(0, 4).Draw(t, "append time") == 0 {
			batch.Attributes |= attributeTime
		}
		since, in := open[producer]
		switch rapid.SampledFrom([]string{"plain", "transaction", "transaction", "end", "end", "gap"}).Draw(t, "what") {
		case "gap":
			s.high += rapid.Int64Range(1, 3).Draw(t, "gap")
			continue
		case "end":
			if !in {
				continue
			}
			abort := rapid.Bool().Draw(t, "abort")
			if abort {
				s.aborted = append(s.aborted, abortedTxn{producer: producer, first: since, marker: s.high})
			}
			delete(open, producer)
			s.mark(producer, abort)
			continue
		case "transaction":
			if !in {
				open[producer] = s.high
			}
			batch.ProducerID, batch.ProducerEpoch = producer, 0
			batch.Attributes |= attributeTxn
		}
		n := rapid.IntRange(1, 6).Draw(t, "records")
		var kept []kmsg.Record
		for i, r := range drawContents(t, n) {
			r.OffsetDelta, r.TimestampDelta64 = int32(i), int64(i)
			if rapid.IntRange(0, 3).Draw(t, "kept") > 0 {
				kept = append(kept, r)
			}
		}
		s.add(batch, kept, n, rapid.SampledFrom(codecs).Draw(t, "codec"))
	}
	s.stable = s.high
	for _, since := range open {
		s.stable = min(s.stable, since)
	}
	return s
}

// count is how many records are to be delivered.
func (s *shelf) count(isolation sarama.IsolationLevel, from, end int64) int {
	n := 0
	for _, r := range s.records {
		if r.offset >= from && r.offset < end && (isolation == sarama.ReadUncommitted || !s.isAborted(r)) {
			n++
		}
	}
	return n
}

func (s *shelf) isAborted(r stored) bool {
	for _, a := range s.aborted {
		if r.producer == a.producer && r.offset >= a.first && r.offset < a.marker {
			return true
		}
	}
	return false
}

// mark ends a transaction.
func (s *shelf) mark(producer int64, abort bool) {
	kind := byte(1)
	if abort {
		kind = 0
	}
	marker := kmsg.Record{Key: []byte{0, 0, 0, kind}, Value: []byte{0, 0, 0, 0, 0, 0}}
	s.add(kmsg.RecordBatch{ProducerID: producer, Attributes: attributeTxn | attributeControl, FirstTimestamp: 7000, MaxTimestamp: 7000},
		[]kmsg.Record{marker}, 1, kgo.NoCompression())
}

func drawContents(t *rapid.T, n int) []kmsg.Record {
	records := make([]kmsg.Record, n)
	for i := range records {
		records[i].Key = rapid.SampledFrom([][]byte{nil, {}, []byte("key")}).Draw(t, "key")
		records[i].Value = rapid.SampledFrom([][]byte{nil, {}, []byte("value"), bytes.Repeat([]byte("v"), 300)}).Draw(t, "value")
		if rapid.IntRange(0, 4).Draw(t, "header") == 0 {
			records[i].Headers = []kmsg.Header{{Key: "h", Value: []byte("v")}, {Key: "null"}}
		}
	}
	return records
}
