package kafka

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// answered are records as a fetch brings them: their bytes are those of one buffer.
func answered(n, size int) []*sarama.Record {
	buffer := make([]byte, n*size)
	records := make([]*sarama.Record, n)
	for i := range records {
		records[i] = &sarama.Record{OffsetDelta: int64(i), Value: buffer[i*size:][:size]}
	}
	return records
}

// taken are the engine's records of those.
func taken(records []*sarama.Record, pieces bool) []*engine.Record {
	f := fetched{parts: []part{{rest: records}}}
	return f.take(place{"t", 0}, len(records), -1, pieces)
}

// A record that stays keeps only its own piece in memory, and not the batch that
// it came in.
func TestRecordKeepsOnlyItsPiece(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const slices, size = 100, 1000
	stuck := make([]*engine.Record, 0, slices)
	before := heap()
	for range slices {
		stuck = append(stuck, taken(answered(sliceSize, size), true)[sliceSize/2])
	}
	grown := heap() - before
	if most := int64(slices) * 2 * pieceBytes; grown > most {
		t.Errorf("%d records of %d bytes keep %d bytes, more than %d", slices, size, grown, most)
	}
	runtime.KeepAlive(stuck)
}

// A large record does not share its piece with small ones, and no record is left out.
func TestPieces(t *testing.T) {
	messages := answered(3, 10)
	messages = append(messages, answered(1, 2*pieceBytes)...)
	messages = append(messages, answered(40, 1000)...)
	messages[1].Value, messages[2].Value = nil, []byte{}
	messages[0].Key = []byte("key")
	messages[0].Headers = []*sarama.RecordHeader{{Key: []byte("h"), Value: []byte("v")}, {Key: []byte("null")}}
	for i, m := range messages {
		m.OffsetDelta = int64(i)
	}
	got := taken(messages, true)
	if len(got) != len(messages) {
		t.Fatalf("%d records of %d", len(got), len(messages))
	}
	for i, r := range got {
		m := messages[i]
		if !bytes.Equal(r.Raw, m.Value) || (r.Raw == nil) != (m.Value == nil) || !bytes.Equal(r.Key, m.Key) || (r.Key == nil) != (m.Key == nil) || r.Offset != m.OffsetDelta {
			t.Errorf("record %d is another", i)
		}
		if len(r.Raw) > 0 && &r.Raw[0] == &m.Value[0] {
			t.Errorf("record %d shares its bytes", i)
		}
		if cap(r.Raw) > len(r.Raw) {
			t.Errorf("record %d reaches into its neighbour", i)
		}
	}
	if h := got[0].Headers; len(h) != 2 || h[0].Key != "h" || string(h[0].Value) != "v" || h[1].Value != nil {
		t.Errorf("headers: %v", h)
	}
}

func BenchmarkRecords(b *testing.B) {
	for _, pieces := range []bool{false, true} {
		for _, size := range []int{100, 1000} {
			b.Run(fmt.Sprintf("pieces=%v/%d", pieces, size), func(b *testing.B) {
				b.ReportAllocs()
				messages := answered(sliceSize, size)
				for i := 0; i < b.N; i += sliceSize {
					taken(messages, pieces)
				}
			})
		}
	}
}
