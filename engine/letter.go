package engine

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// LetterPrefix begins the names of the headers of a dead letter.
const LetterPrefix = "waterhealer-"

// The headers of a dead letter, without [LetterPrefix].
const (
	LetterError     = "error"
	LetterNode      = "node"
	LetterSource    = "source"
	LetterTopic     = "topic"
	LetterPartition = "partition"
	LetterOffset    = "offset"
	LetterAttempts  = "attempts"
	LetterTime      = "time"
)

// letterValueLimit bounds the values of a dead letter's headers.
const letterValueLimit = 1024

// Letter is what a dead letter says of the record that it is put back as.
type Letter struct {
	Source   string // the source node where the record enters the graph
	Offset   int64  // the letter's own, in the claim that it is read in
	Attempts int    // that had failed when it was written
}

// PutBack makes a source record of what was read as a dead letter. The record
// has the origin of the one that died; what it finishes is the letter.
func (r *Record) PutBack(l Letter) { r.entry = &entrance{letter: &l} }

// ClaimOffset is the offset by which the claim tracks the record: its own, or
// that of the letter that it was put back from.
func (r *Record) ClaimOffset() int64 {
	if l := r.letter(); l != nil {
		return l.Offset
	}
	return r.Offset
}

// letter is what the dead letter said that is put back as this source record,
// nil where there was none.
func (r *Record) letter() *Letter {
	if r.entry == nil {
		return nil
	}
	return r.entry.letter
}

// sourceNode is where a source record enters the graph.
func (r *Record) sourceNode() *Node {
	if r.letter() != nil {
		return r.entry.node
	}
	return r.Claim.node
}

// sourceName is the name of the record's source node.
func (r *Record) sourceName() string {
	if l := r.letter(); l != nil {
		return l.Source
	}
	return r.Claim.Source
}

// letter is the dead letter of a source record: its own bytes, with headers
// that tell what happened. One that was put back and failed again has had one
// attempt more.
//
// It has the place of the source record in its order unit, so that it waits for
// what has failed before it, and what follows for it. Of a record that failed in
// an output stream there may be more behind the very block that its letter
// upholds, and what has failed before it may wait for that: such letters keep
// their order among themselves alone.
func letter(source *Record, f *Failure, streamed bool) *Record {
	out := *source
	out.Batch, out.entry = nil, nil
	out.Intact = source.Intact || source.Raw != nil
	if streamed {
		out.gate = source.Claim.letters
	}
	out.Headers = append([]Header(nil), source.Headers...)
	attempts := f.Attempts
	if before := source.letter(); before != nil {
		attempts = before.Attempts + 1
	}
	for _, h := range [][2]string{
		{LetterError, f.Err.Error()}, {LetterNode, f.Node}, {LetterSource, f.Source}, {LetterTopic, f.Topic},
		{LetterPartition, strconv.Itoa(int(f.Partition))}, {LetterOffset, strconv.FormatInt(f.Offset, 10)},
		{LetterAttempts, strconv.Itoa(attempts)}, {LetterTime, f.At.UTC().Format(time.RFC3339Nano)},
	} {
		out.Headers = append(out.Headers, Header{Key: LetterPrefix + h[0], Value: []byte(shortened(h[1]))})
	}
	return &out
}

// shortened cuts a text to the limit of a header's value, at the end of a character.
func shortened(text string) string {
	if len(text) <= letterValueLimit {
		return text
	}
	end := letterValueLimit
	for end > letterValueLimit-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
