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
