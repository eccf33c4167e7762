package engine

import (
	"strconv"

	"waterhealer/healer"
)

// EmitID names a source record wherever it is told of: in the log, in traces,
// on the page, in dead letters. It is topic/partition/offset, so that it is the
// same in every try and after a restart, can be searched for, and says where to
// find the record. Topics have no slash; the path of a file may.
func EmitID(topic string, partition int32, offset int64) string {
	b := make([]byte, 0, len(topic)+24)
	b = append(append(b, topic...), '/')
	b = append(strconv.AppendInt(b, int64(partition), 10), '/')
	return string(strconv.AppendInt(b, offset, 10))
}

// Attributes name a record in a log line: emit_id, topic, partition and offset.
// A batch is named by its first record. So is a value made of several, as their
// sum, with how many those are. The caller holds a reference.
func (r *Record) Attributes() []any {
	switch {
	case r.Known&KnownOffset != 0:
		return emitted(r.Topic, r.Partition, r.Offset)
	case len(r.Batch) > 0:
		return r.Batch[0].Attributes()
	case r.ack == nil:
		return nil // made of nothing
	}
	var first *Record
	count := 0
	r.ack.Leaves(func(leaf *healer.Ack) {
		if source, ok := leaf.Source.(*Record); ok {
			if first == nil {
				first = source
			}
			count++
		}
	})
	if first == nil {
		return nil
	}
	return append(emitted(first.Topic, first.Partition, first.Offset), "made_of", count)
}

func emitted(topic string, partition int32, offset int64) []any {
	return []any{"emit_id", EmitID(topic, partition, offset), "topic", topic, "partition", partition, "offset", offset}
}
