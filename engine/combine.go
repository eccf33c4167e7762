package engine

import (
	"bytes"
	"slices"

	"waterhealer/healer"
)

// NewJoined is one value made of several records.
func NewJoined(v any, parents ...*Record) *Record {
	joined := agree(parents)
	joined.Value = v
	joined.entry = &entrance{joined: true, parents: parents}
	return joined
}

// For is the record itself, made also of others: it keeps its value and origin,
// and they are finished and fail with it. A batch stands for them with its first
// element; an empty one cannot.
func (r *Record) For(others []*Record) *Record {
	if len(others) == 0 || r.Batch != nil && len(r.Batch) == 0 {
		return r
	}
	child := *r
	for _, other := range others {
		if other.Claim != child.Claim {
			child.Claim = nil
		}
	}
	if r.Batch != nil {
		child.Batch = slices.Clone(r.Batch)
		child.Batch[0] = r.Batch[0].For(others)
		return &child
	}
	child.entry = &entrance{parents: append([]*Record{r}, others...), joined: true}
	return &child
}

// NewBatch is a batch of elements, each of which keeps its own lineage.
func NewBatch(elements []*Record) *Record {
	batch := agree(elements)
	batch.Batch = elements
	if elements == nil {
		batch.Batch = []*Record{}
	}
	return batch
}

// agree makes a record that has those fields of origin on which all agree.
func agree(records []*Record) *Record {
	if len(records) == 0 {
		return &Record{}
	}
	first := records[0]
	out := &Record{
		Key: first.Key, Headers: first.Headers, Timestamp: first.Timestamp,
		Topic: first.Topic, Partition: first.Partition, Offset: first.Offset, Line: first.Line,
		Known: first.Known, Claim: first.Claim,
	}
	for _, r := range records[1:] {
		out.narrow(r)
	}
	return out
}

// narrow forgets what the other record does not share.
func (r *Record) narrow(other *Record) {
	known := r.Known & other.Known
	if known&KnownKey != 0 && ((r.Key == nil) != (other.Key == nil) || !bytes.Equal(r.Key, other.Key)) {
		known &^= KnownKey
	}
	if known&KnownHeaders != 0 && !sameHeaders(r.Headers, other.Headers) {
		known &^= KnownHeaders
	}
	if r.Topic != other.Topic {
		known &^= KnownTopic
	}
	if r.Partition != other.Partition {
		known &^= KnownPartition
	}
	if r.Offset != other.Offset {
		known &^= KnownOffset
	}
	if !r.Timestamp.Equal(other.Timestamp) {
		known &^= KnownTimestamp
	}
	if r.Claim != other.Claim {
		r.Claim = nil
	}
	if r.Line != other.Line {
		r.Line = 0
	}
	r.Known = known
	if known&KnownKey == 0 {
		r.Key = nil
	}
	if known&KnownHeaders == 0 {
		r.Headers = nil
	}
}

func sameHeaders(a, b []Header) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Key != b[i].Key || !bytes.Equal(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// join gives a joined value that is emitted its node in the lineage, with one
// reference, which the caller releases.
func (r *Record) join() {
	var acks []*healer.Ack
	for _, parent := range r.entry.parents {
		parent.Elements(func(element *Record) { acks = append(acks, element.ack) })
	}
	r.entry = nil
	r.ack = healer.Join(acks...)
}
