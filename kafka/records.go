package kafka

import (
	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// A record that stays unfinished for long keeps in memory what was allocated
// together with it: the records of its slice, and the buffer of its batch in the
// log, up to a megabyte, which sarama's payloads share. Where one of 500 records
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

// records makes the engine's records of a slice: all at once, or a piece at a
// time.
func records(messages []*sarama.ConsumerMessage, pieces bool) []*engine.Record {
	pointers := make([]*engine.Record, 0, len(messages))
	for len(messages) > 0 {
		n, bytes := len(messages), 0
		var buffer []byte
		if pieces {
			n, bytes = piece(messages)
			buffer = make([]byte, 0, bytes)
		}
		slab := make([]engine.Record, n)
		for i, m := range messages[:n] {
			fill(&slab[i], m)
			if pieces {
				buffer = own(&slab[i], buffer)
			}
			pointers = append(pointers, &slab[i])
		}
		messages = messages[n:]
	}
	return pointers
}

// piece is how many messages come into the next piece, and their bytes.
func piece(messages []*sarama.ConsumerMessage) (n, bytes int) {
	for ; n < min(len(messages), pieceRecords); n++ {
		size := payloadBytes(messages[n])
		if n > 0 && bytes+size > pieceBytes {
			break
		}
		bytes += size
	}
	return n, bytes
}

// payloadBytes is what of a message is copied.
func payloadBytes(m *sarama.ConsumerMessage) int {
	n := len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += len(h.Value)
	}
	return n
}

// fill makes a record of a message, whose bytes it shares.
func fill(r *engine.Record, m *sarama.ConsumerMessage) {
	r.Raw, r.Intact, r.Key, r.Timestamp = m.Value, true, m.Key, m.Timestamp
	r.Topic, r.Partition, r.Offset, r.Known = m.Topic, m.Partition, m.Offset, engine.KnownAll
	if len(m.Headers) > 0 {
		r.Headers = make([]engine.Header, len(m.Headers))
		for j, h := range m.Headers {
			r.Headers[j] = engine.Header{Key: string(h.Key), Value: h.Value}
		}
	}
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
