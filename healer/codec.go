package healer

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Ground says on which log, and from which committed offset on, a map holds.
// It is written into the map, so that a map cannot be taken for another's.
type Ground struct {
	ClusterID string
	TopicID   [16]byte
	Partition int32
	Base      int64 // the committed offset that the map is kept with
}

// What DecodeMap and DecodeParallelConsumer may answer. None of them comes
// with holes.
var (
	ErrUnknownMap = errors.New("metadata is not a map of finished offsets")
	ErrMapVersion = errors.New("map of finished offsets has a version that is not known here")
	ErrCorruptMap = errors.New("map of finished offsets is corrupt")
	ErrGround     = errors.New("map of finished offsets belongs elsewhere")
)

// GroundError is the ErrGround of a map that is sound, but was written on
// another ground.
type GroundError struct{ Found, Want Ground }

// Error names the first thing that differs.
func (e *GroundError) Error() string {
	f, w := e.Found, e.Want
	switch {
	case f.ClusterID != w.ClusterID:
		return fmt.Sprintf("%v: written on cluster %q, this is %q", ErrGround, f.ClusterID, w.ClusterID)
	case f.TopicID != w.TopicID:
		return fmt.Sprintf("%v: written on topic id %s, this is %s", ErrGround, topicID(f.TopicID), topicID(w.TopicID))
	case f.Partition != w.Partition:
		return fmt.Sprintf("%v: written on partition %d, this is %d", ErrGround, f.Partition, w.Partition)
	}
	return fmt.Sprintf("%v: written beside committed offset %d, this is %d", ErrGround, f.Base, w.Base)
}

// Unwrap makes errors.Is(err, ErrGround) true.
func (e *GroundError) Unwrap() error { return ErrGround }

// topicID prints a topic id as Kafka's own tools do.
func topicID(id [16]byte) string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// A map is this text and base64 of: topic id, cluster id (length, bytes),
// partition, base, number of runs, the coded runs, checksum over all before it,
// the text included. Numbers are uvarints.
const (
	mapFamily    = "wh"
	mapPrefix    = mapFamily + "1:"
	checksumSize = 8
	countSize    = 3 // of maxRuns as an uvarint
)

func checksum(body []byte) []byte {
	h := sha256.New()
	h.Write([]byte(mapPrefix))
	h.Write(body)
	return h.Sum(nil)[:checksumSize]
}

// EncodeMap writes the holes from g.Base on as commit metadata of at most limit
// bytes. What does not fit is cut: the lowest offsets stay. It returns how many
// were kept, and "" where there are none or not even the first run fits.
func EncodeMap(g Ground, h Holes, limit int) (metadata string, kept int) {
	if h.Last() < g.Base || g.Base < 0 || g.Partition < 0 {
		return "", 0
	}
	head := binary.AppendUvarint(g.TopicID[:], uint64(len(g.ClusterID)))
	head = append(head, g.ClusterID...)
	head = binary.AppendUvarint(head, uint64(g.Partition))
	head = binary.AppendUvarint(head, uint64(g.Base))

	room := base64.RawStdEncoding.DecodedLen(limit - len(mapPrefix))
	room -= len(head) + countSize + checksumSize
	if room <= 0 {
		return "", 0
	}
	coded, runs, kept := encodeRuns(g.Base, h.Ranges(), room)
	if kept == 0 {
		return "", 0
	}
	body := append(binary.AppendUvarint(head, uint64(runs)), coded...)
	body = append(body, checksum(body)...)
	return mapPrefix + base64.RawStdEncoding.EncodeToString(body), kept
}

// DecodeMap reads what EncodeMap wrote. Empty metadata is an empty set. Errors
// wrap ErrUnknownMap, ErrMapVersion, ErrCorruptMap, or are a [*GroundError].
func DecodeMap(metadata string, g Ground) (Holes, error) {
	if metadata == "" {
		return Holes{}, nil
	}
	found, holes, err := readMap(metadata)
	if err != nil {
		return Holes{}, err
	}
	if found != g {
		return Holes{}, &GroundError{Found: found, Want: g}
	}
	return holes, nil
}

func readMap(metadata string) (Ground, Holes, error) {
	text, ok := strings.CutPrefix(metadata, mapPrefix)
	if !ok {
		return Ground{}, Holes{}, foreign(metadata)
	}
	body, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil {
		return Ground{}, Holes{}, fmt.Errorf("%w: %w", ErrCorruptMap, err)
	}
	end := len(body) - checksumSize
	if end < 0 || string(checksum(body[:end])) != string(body[end:]) {
		return Ground{}, Holes{}, fmt.Errorf("%w: its checksum does not fit", ErrCorruptMap)
	}
	g, holes, ok := parseMap(body[:end])
	if !ok {
		return Ground{}, Holes{}, fmt.Errorf("%w: its parts do not fit together", ErrCorruptMap)
	}
	return g, holes, nil
}

// foreign says why metadata that does not start like a map of this version is
// not read.
func foreign(metadata string) error {
	version, _, ok := strings.Cut(metadata, ":")
	digits, ours := strings.CutPrefix(version, mapFamily)
	if _, err := strconv.ParseUint(digits, 10, 32); ok && ours && err == nil {
		return fmt.Errorf("%w: %s", ErrMapVersion, version)
	}
	return ErrUnknownMap
}

// parseMap reads the body of a map whose checksum was right. It trusts nothing
// all the same.
func parseMap(body []byte) (g Ground, h Holes, ok bool) {
	if len(body) < len(g.TopicID) {
		return g, h, false
	}
	r := fields{rest: body[copy(g.TopicID[:], body):]}
	g.ClusterID = string(r.bytes(r.number(math.MaxInt32)))
	g.Partition = int32(r.number(math.MaxInt32))
	g.Base = int64(r.number(math.MaxInt64))
	runs := r.number(maxRuns)
	if r.bad {
		return g, h, false
	}
	h, ok = decodeRuns(g.Base, int(runs), r.rest)
	return g, h, ok
}

// fields reads a body from its start; once something is wrong it stays so.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) number(limit uint64) uint64 {
	n, size := binary.Uvarint(f.rest)
	if size <= 0 || n > limit {
		f.bad, f.rest = true, nil
		return 0
	}
	f.rest = f.rest[size:]
	return n
}

func (f *fields) bytes(n uint64) []byte {
	if n > uint64(len(f.rest)) {
		f.bad, f.rest = true, nil
		return nil
	}
	taken := f.rest[:n]
	f.rest = f.rest[n:]
	return taken
}
