package engine

import "strconv"

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
// A batch is named by its first record; a value of several records that do not
// agree has no offset of its own, and no name.
func (r *Record) Attributes() []any {
	switch {
	case r.Known&KnownOffset != 0:
		return emitted(r.Topic, r.Partition, r.Offset)
	case len(r.Batch) > 0:
		return r.Batch[0].Attributes()
	}
	return nil
}

func emitted(topic string, partition int32, offset int64) []any {
	return []any{"emit_id", EmitID(topic, partition, offset), "topic", topic, "partition", partition, "offset", offset}
}
