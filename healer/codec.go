package healer

import "errors"

// Ground says on which log, and from which committed offset on, a map holds.
type Ground struct {
	ClusterID string
	TopicID   [16]byte
	Partition int32
	Base      int64 // the committed offset that the map is kept with
}

// What DecodeMap may answer. None of them comes with holes.
var (
	ErrUnknownMap = errors.New("metadata is not a map of finished offsets that this version can read")
	ErrCorruptMap = errors.New("map of finished offsets is corrupt")
	ErrGround     = errors.New("map of finished offsets belongs to another log or offset")
)

// EncodeMap is not written yet.
func EncodeMap(g Ground, h Holes, limit int) (metadata string, kept int) { return "", 0 }

// DecodeMap is not written yet.
func DecodeMap(metadata string, g Ground) (Holes, error) { return Holes{}, ErrUnknownMap }

// Describe is not written yet.
func Describe(metadata string) string { return metadata }

// DecodeParallelConsumer is not written yet.
func DecodeParallelConsumer(metadata string, committed, end int64) (Holes, error) {
	return Holes{}, ErrUnknownMap
}
