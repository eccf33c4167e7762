package engine

import (
	"slices"
	"time"

	"waterhealer/healer"
)

// Header is one Kafka record header. Names may repeat.
type Header struct {
	Key   string
	Value []byte
}

// Known says which of a record's origin fields hold. A batch or a joined
// value keeps only those on which all its parents agree.
type Known uint8

// The fields of a record's origin.
const (
	KnownKey Known = 1 << iota
	KnownHeaders
	KnownTopic
	KnownPartition
	KnownOffset
	KnownTimestamp

	KnownAll = KnownKey | KnownHeaders | KnownTopic | KnownPartition | KnownOffset | KnownTimestamp
)

// Record is what flows through a graph. A record that has been emitted is
// never changed again: operators make new ones with [Record.With], [NewBatch]
// and [NewJoined].
type Record struct {
	// Value is the decoded value, of the kinds that package value lists. A
	// batch has none of its own: see [Record.List].
	Value any
	// Raw is the payload as it came from the source. It is what outputs write
	// while Intact is true; nil is a null payload.
	Raw []byte

	Key       []byte // nil is a null key
	Headers   []Header
	Timestamp time.Time
	Topic     string
	Offset    int64
	Line      int // the line in the input file, from 1; 0 where there is none
	Partition int32
	Known     Known
	// Intact is true as long as no operator changed the value.
	Intact  bool
	decoded bool // Decode ran already

	// Claim is where the record was read, nil for a value of several claims.
	Claim *Claim
	// Batch holds the elements of a batch, each with its own lineage; nil for
	// any other value. An empty batch is not nil.
	Batch []*Record

	// entry is what some records bring with them; nil for all others.
	entry   *entrance
	ack     *healer.Ack
	gate    *gate // of its order unit, nil where nothing is kept in order
	unitKey uint64
	seq     int64
}

// entrance is what a record is told before it is first emitted.
type entrance struct {
	err     error     // why it fails as soon as it enters the graph
	joined  bool      // it is one value made of parents
	parents []*Record // what a joined value was made from
	number  int64     // of a source record: how many were taken until then; 0 where nobody counts
	letter  *Letter   // what the dead letter said that is put back as this record
	node    *Node     // the source node of letter
	trace   Trace     // what follows a source record, nil where nothing does
}

// With is the record with another value and the same lineage and origin. On a
// batch it makes one value of all its elements and joins their lineages.
func (r *Record) With(v any) *Record {
	if r.Batch != nil {
		return NewJoined(v, r)
	}
	child := *r
	child.Value, child.Raw, child.Intact = v, nil, false
	return &child
}

// List is the record's value as an expression sees it: of a batch the list of
// its elements' values, nested as the batches are.
func (r *Record) List() any {
	if r.Batch == nil {
		return r.Value
	}
	values := make([]any, len(r.Batch))
	for i, element := range r.Batch {
		values[i] = element.List()
	}
	return values
}

// Elements calls yield for the record itself or, of a batch, for each element
// of it and of the batches in it, in order.
func (r *Record) Elements(yield func(*Record)) {
	if r.Batch == nil {
		yield(r)
		return
	}
	for _, element := range r.Batch {
		element.Elements(yield)
	}
}

// size is the payload that a source record keeps in memory.
func (r *Record) size() int64 { return int64(len(r.Raw) + len(r.Key)) }

// Unit is what identifies the record's order unit, comparable with ==; nil
// where nothing has to be kept in order.
func (r *Record) Unit() any {
	switch {
	case r.gate == nil:
		return nil
	case r.unitKey == 0:
		return r.gate.whole
	}
	return r.lane()
}

// unitID identifies an order unit.
type unitID struct {
	gate *gate
	key  uint64
}

func (r *Record) lane() unitID { return unitID{gate: r.gate, key: r.unitKey} }

// retain adds n references to all that the record was made from.
func (r *Record) retain(n int) {
	if r.Batch == nil {
		r.ack.Retain(n)
		return
	}
	for _, element := range r.Batch {
		element.retain(n)
	}
}

// release drops one reference of all that the record was made from.
func (r *Record) release() {
	if r.Batch == nil {
		r.ack.Release()
		return
	}
	for _, element := range r.Batch {
		element.release()
	}
}

// leaves calls yield for the source acks below the record.
func (r *Record) leaves(yield func(*healer.Ack)) {
	r.Elements(func(element *Record) { element.ack.Leaves(yield) })
}

// gone says that all claims the record was read from are revoked. What was made
// of nothing is never gone.
func (r *Record) gone() bool {
	if r.Batch != nil {
		for _, element := range r.Batch {
			if !element.gone() {
				return false
			}
		}
		return len(r.Batch) > 0
	}
	if r.Claim != nil {
		return r.Claim.revoked.Load()
	}
	if r.ack == nil {
		return false
	}
	some, all := false, true
	r.ack.Leaves(func(leaf *healer.Ack) {
		some = true
		if source, ok := leaf.Source.(*Record); !ok || !source.Claim.revoked.Load() {
			all = false
		}
	})
	return some && all
}

// ended says that the record stands behind one that halts the pipeline. It must
// not be processed any more, and stays unfinished.
func (r *Record) ended() bool { return r.gate.ended(r.unitKey, r.seq) }

// Claims are the distinct claims below a record.
func (r *Record) Claims() []*Claim {
	if r.Batch == nil && r.Claim != nil {
		return []*Claim{r.Claim}
	}
	return r.claims()
}

// claims are the distinct claims below a record.
func (r *Record) claims() []*Claim {
	var out []*Claim
	r.leaves(func(leaf *healer.Ack) {
		if source, ok := leaf.Source.(*Record); ok && !slices.Contains(out, source.Claim) {
			out = append(out, source.Claim)
		}
	})
	return out
}

// count is how many records a batch holds, nested ones included; 1 for any
// other record.
func (r *Record) count() int64 {
	if r.Batch == nil {
		return 1
	}
	n := int64(0)
	for _, element := range r.Batch {
		n += element.count()
	}
	return n
}

// FailEarly makes the record fail as soon as it enters the graph: a source
// could not read it, and the pipeline's policy decides what becomes of it.
func (r *Record) FailEarly(err error) {
	entry := entrance{err: err}
	if r.entry != nil {
		entry = *r.entry
		entry.err = err
	}
	r.entry = &entry
}

// early is why the record fails as soon as it enters the graph, nil if it does
// not.
func (r *Record) early() error {
	if r.entry == nil {
		return nil
	}
	return r.entry.err
}

// SetValue gives a source record its value where there is no payload to decode.
func (r *Record) SetValue(v any) { r.Value, r.decoded = v, true }
