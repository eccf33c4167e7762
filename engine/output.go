package engine

import (
	"context"
	"errors"
	"time"
)

// Output writes records somewhere outside. Write is never called by two
// goroutines at once.
type Output interface {
	// Open makes the output ready; an error stops the start.
	Open(ctx context.Context) error
	// Write writes all records and returns when each is acknowledged or
	// refused: nil when all are acknowledged, otherwise one entry per record,
	// nil for those that are. Records of one order unit must not overtake each
	// other: once one of a unit failed, a later one of the same unit that was
	// not yet handed on fails with [ErrHeldBack]. What goes to different places,
	// each with an order of its own, may be handed on at once: to wait for one
	// before the other would be a round trip for each record, and nobody sees an
	// order across them. Records that are refused
	// together, without a word on which of them is to blame, fail with
	// [RefusedTogether]: then Write is called again with each half of them.
	// Write returns soon after ctx is done; what it does not know to be
	// acknowledged has failed then. It does not keep the slice.
	Write(ctx context.Context, records []*Record) []error
	// Close releases the output. Everything written is acknowledged by then.
	Close(ctx context.Context) error
}

// Message is a record as an output writes it.
type Message struct {
	Topic     string // "" for outputs without topics
	Key       []byte // nil is a null key
	Value     []byte // nil is a null payload
	Headers   []Header
	Timestamp time.Time
}

// Render makes the message of a record for one output: its topic, key and
// headers expressions, its encoding. An error is about the record.
type Render func(r *Record) (Message, error)

// ErrHeldBack is the result of a record that was not written because one
// before it in its order unit failed in the same slice. It is no attempt.
var ErrHeldBack = errors.New("held back behind a failed record of the same order unit")

// Fault says what an error is about, and with it whether to try again.
type Fault int

const (
	// FaultDestination is connection, timeout, not leader, throttled,
	// authorisation. It is tried again without end unless max_elapsed is set.
	FaultDestination Fault = iota
	// FaultRecord is too large, invalid, refused. Each try counts as an attempt.
	FaultRecord
	// FaultExpression is deterministic; it is never tried again.
	FaultExpression
	// FaultTogether is that several records were refused together and that not
	// all of them need to be to blame.
	FaultTogether
)

// FaultError gives an error its [Fault]. An error without one is about the
// destination when an output returned it, and deterministic when an operator did.
type FaultError struct {
	Fault Fault
	Err   error
}

func (e *FaultError) Error() string { return e.Err.Error() }
func (e *FaultError) Unwrap() error { return e.Err }

// Refused marks an error as one about the record.
func Refused(err error) error { return &FaultError{Fault: FaultRecord, Err: err} }

// Deterministic marks an error as one that every further try would repeat.
func Deterministic(err error) error { return &FaultError{Fault: FaultExpression, Err: err} }

// RefusedTogether marks the error of each record of several that a destination
// refused as a whole. It is no attempt of any: they are split in halves until
// the refused ones stand alone.
func RefusedTogether(err error) error { return &FaultError{Fault: FaultTogether, Err: err} }
