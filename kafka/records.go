package kafka

import (
	"waterhealer/engine"
)

// A record that stays unfinished for long keeps in memory what was allocated
// together with it: the records of its slice, and the buffer of its answer, up to
// megabytes, which sarama's payloads share. Where one of 500 records
// waits, in a window or behind a failed one, all of them would stay, and
// max_in_flight would bound nothing. So once most of what was read is finished
// beyond a watermark that stands, further records are made in pieces of so many
// records or bytes, and their payloads are copied. That costs several times as
// much as making them without (BenchmarkRecords), and is not done while all goes
// well.
const (
	pieceRecords = 16
	pieceBytes   = 16 << 10
	// scatteredAt is how many more offsets than unfinished ones must lie beyond
	// the watermark.
	scatteredAt = 8192
)

// scattered says that most of what was read of a claim is finished, and a part
// of it is not.
func scattered(t tracker) bool {
	unfinished, _ := t.InFlight()
	return t.Span() > 2*unfinished+scatteredAt
}

// apart copies records, and their bytes, a piece at a time.
func apart(records []engine.Record) []*engine.Record {
	pointers := make([]*engine.Record, 0, len(records))
	for len(records) > 0 {
		n, bytes := piece(records)
		slab, buffer := make([]engine.Record, n), make([]byte, 0, bytes)
		copy(slab, records[:n])
		for i := range slab {
			buffer = own(&slab[i], buffer)
			pointers = append(pointers, &slab[i])
		}
		records = records[n:]
	}
	return pointers
}

// piece is how many records come into the next piece, and their bytes.
func piece(records []engine.Record) (n, bytes int) {
	for ; n < min(len(records), pieceRecords); n++ {
		size := payloadBytes(&records[n])
		if n > 0 && bytes+size > pieceBytes {
			break
		}
		bytes += size
	}
	return n, bytes
}

// payloadBytes is what of a record is copied.
func payloadBytes(r *engine.Record) int {
	n := len(r.Key) + len(r.Raw)
	for _, h := range r.Headers {
		n += len(h.Value)
	}
	return n
}

// own puts the record's bytes at the end of a buffer that has room for them.
func own(r *engine.Record, buffer []byte) []byte {
	move := func(b *[]byte) {
		if *b == nil {
			return // a null is no empty payload
		}
		at := len(buffer)
		buffer = append(buffer, *b...)
		*b = buffer[at:len(buffer):len(buffer)]
	}
	move(&r.Raw)
	move(&r.Key)
	for i := range r.Headers {
		move(&r.Headers[i].Value)
	}
	return buffer
}
