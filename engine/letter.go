package engine

import (
	"strconv"
	"time"
)

// letterValueLimit bounds the values of a dead letter's headers.
const letterValueLimit = 1024

// letter is the dead letter of a source record: its own bytes, with headers
// that tell what happened.
func letter(source *Record, f *Failure) *Record {
	out := *source
	out.Batch = nil
	out.Intact = source.Intact || source.Raw != nil
	out.gate, out.unitKey, out.seq = nil, 0, 0
	out.Headers = append([]Header(nil), source.Headers...)
	for _, h := range [][2]string{
		{"error", f.Err.Error()}, {"node", f.Node}, {"source", f.Source}, {"topic", f.Topic},
		{"partition", strconv.Itoa(int(f.Partition))}, {"offset", strconv.FormatInt(f.Offset, 10)},
		{"attempts", strconv.Itoa(f.Attempts)}, {"time", f.At.UTC().Format(time.RFC3339Nano)},
	} {
		v := h[1]
		if len(v) > letterValueLimit {
			v = v[:letterValueLimit]
		}
		out.Headers = append(out.Headers, Header{Key: "waterhealer-" + h[0], Value: []byte(v)})
	}
	return &out
}
