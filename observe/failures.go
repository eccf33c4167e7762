package observe

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

// failuresKept is how many records that failed last are told of.
const failuresKept = 50

// failures are the last records that failed.
type failures struct {
	show bool // with what they held

	mu   sync.Mutex
	last []Failure // the oldest first
}

// add notes a failure. It runs where the record failed, and copies what is
// shown of it, as its memory is the pipeline's.
func (f *failures) add(failed *engine.Failure) {
	one := Failure{
		At: failed.At.UTC(), Node: failed.Node, Where: failed.Where, Source: failed.Source, Topic: failed.Topic,
		Partition: failed.Partition, Offset: failed.Offset, Attempts: failed.Attempts, Then: failed.Then.String(),
	}
	if failed.Err != nil {
		one.Error = beginning(cut(failed.Err.Error(), shownError))
	}
	if failed.Source == "" { // a value that was made of nothing
		one.Partition, one.Offset = -1, -1
	} else {
		one.EmitID = engine.EmitID(failed.Topic, failed.Partition, failed.Offset)
	}
	if r := failed.Record(); r != nil && f.show {
		one.Key, one.Headers = keyOf(r), headersOf(r)
		one.Value = valueOf(r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.last) == failuresKept {
		f.last = slices.Delete(f.last, 0, 1)
	}
	f.last = append(f.last, one)
}

// shownPayload is how much of a payload is shown.
const shownPayload = 4 << 10

// valueOf is what a source record held: as JSON where that is what it is, else as
// a string.
func valueOf(r *engine.Record) json.RawMessage {
	payload := r.Raw
	if payload == nil && r.Value != nil { // a source that makes values
		payload, _ = value.Append(nil, r.Value)
	}
	switch {
	case payload == nil:
		return json.RawMessage("null")
	case len(payload) > shownPayload:
		return quoted(beginning(string(payload[:shownPayload])) + "… (" + strconv.Itoa(len(payload)) + " bytes)")
	case json.Valid(payload):
		return bytes.Clone(payload)
	}
	return quoted(string(payload))
}

// shownError is how many bytes of an error are shown.
const shownError = 2 << 10

func cut(text string, most int) string { return text[:min(len(text), most)] }

// list is the newest first.
func (f *failures) list() []Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.Clone(f.last)
	slices.Reverse(list)
	if list == nil {
		list = []Failure{}
	}
	return list
}
