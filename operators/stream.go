package operators

import (
	"waterhealer/operators/expression"
	"waterhealer/operators/types"
)

// stream is what is known of the records that a node sends on: of those that are
// one value, and of those that are batches. It is always too much rather than too
// little. The zero stream has no records.
type stream struct {
	value types.Type // of records that are no batch; empty where there are none
	batch *stream    // the elements of batches; nil where there are none
	topic types.Type // which topics they come from; empty where that is not known
	// says is who knows it, for messages: "by the schema".
	says string
	// open says that nothing is known: any value may come, and any batch.
	open bool
}

// anything is a stream of which nothing is known.
func anything() stream { return stream{value: types.Any(), open: true} }

// values is a stream of single values, of which it is said who made them so.
func values(of types.Type, says string) stream {
	if of.Unknown() {
		says = ""
	}
	return stream{value: of, says: says}
}

// none says that no record can come.
func (s stream) none() bool { return s.value.Empty() && s.batch == nil && !s.open }

// elements are the elements of batches; false where there are no batches.
func (s stream) elements() (stream, bool) {
	switch {
	case s.open:
		return anything(), true
	case s.batch == nil:
		return stream{}, false
	}
	return *s.batch, true
}

// list is what expressions see as value: of a batch the list of its elements'
// values.
func (s stream) list() types.Type {
	if s.batch == nil || s.open {
		return s.value
	}
	return types.Union(s.value, types.ListOf(s.batch.list()))
}

// single is what the expressions of outputs see: elements of batches one by one.
func (s stream) single() stream {
	if s.batch == nil || s.open {
		return s
	}
	return either(stream{value: s.value, topic: s.topic, says: s.says}, s.batch.single())
}

// batches is a stream of batches of these records.
func (s stream) batches() stream {
	if s.none() {
		s = anything()
	}
	return stream{batch: &s, topic: shared(s.topic), says: s.says}
}

// shared is what is left of an origin when records become one: nil, unless they
// agree.
func shared(topic types.Type) types.Type {
	if topic.Empty() {
		return topic
	}
	return topic.With(types.Nil)
}

// made is what comes of each record when it gets another value. A batch becomes
// one value.
func (s stream) made(of types.Type, by string) stream {
	out := values(of, by)
	out.topic = s.topic
	if s.batch != nil {
		out.topic = shared(s.topic)
	}
	return out
}

// either are the records of two streams.
func either(a, b stream) stream {
	switch {
	case a.none():
		return b
	case b.none():
		return a
	case a.open || b.open:
		return anything()
	}
	s := stream{value: types.Union(a.value, b.value), batch: a.batch, says: types.BothSay(a.says, b.says)}
	if !a.topic.Empty() && !b.topic.Empty() {
		s.topic = types.Union(a.topic, b.topic)
	}
	switch {
	case a.batch == nil:
		s.batch = b.batch
	case b.batch != nil:
		both := either(*a.batch, *b.batch)
		s.batch = &both
	}
	return s
}

// known is what expressions know of such records.
func (s stream) known() expression.Known {
	known := expression.Known{"value": s.list()}
	if !s.topic.Empty() {
		known["topic"] = s.topic
	}
	return known
}
