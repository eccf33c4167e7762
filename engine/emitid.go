package engine

import (
	"log/slog"
	"strconv"
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
// A batch is named by its first record; a value of several records that do not
// agree has no offset of its own, and no name.
func (r *Record) Attributes() slog.Attr {
	if r.Known&KnownOffset == 0 && len(r.Batch) > 0 {
		return r.Batch[0].Attributes()
	}
	if r.Known&KnownOffset == 0 {
		return slog.Attr{}
	}
	return emitted(r.Topic, r.Partition, r.Offset)
}

// emitted is a group without a name, so that its attributes stand in the line
// itself.
func emitted(topic string, partition int32, offset int64) slog.Attr {
	return slog.Group("", "emit_id", EmitID(topic, partition, offset), "topic", topic, "partition", partition, "offset", offset)
}
