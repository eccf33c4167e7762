package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stuck is a part of the pipeline that has work and makes no progress with it:
// a call of an operator or an output that does not return, an output whose
// destination is away, a partition that is full and from which nothing is
// finished, a source that cannot commit.
type Stuck struct {
	Node  string
	Where string // position in the pipeline file
	// Doing is what it does all the time: "processing", "writing", …
	Doing string
	// The record, or the first of several. Offset is -1 where there is none.
	Topic     string
	Partition int32
	Offset    int64
	// Held are the nodes that hold the records of a full partition.
	Held []string
	// Since is when it was first seen to stand still.
	Since time.Time
	// Err is why the last try failed, nil when none did.
	Err error
}

// Stuck lists what made no progress for longer than Graph.StallAfter (a minute
// where that is not set) when it was last looked at, the oldest first.
func (rt *Runtime) Stuck() []Stuck {
	if list := rt.stuckNow.Load(); list != nil {
		return slices.Clone(*list)
	}
	return nil
}

// at names a record. Records that only letters and reports are made of, and
// values that are joined from several partitions, have no place of their own.
func (s *Stuck) at(r *Record) {
	s.Offset = -1
	if r == nil {
		return
	}
	if r.Known&KnownOffset == 0 && r.Batch != nil && len(r.Batch) > 0 {
		s.at(r.Batch[0])
		return
	}
	s.Topic, s.Partition, s.Offset = r.Topic, r.Partition, r.Offset
}

// Hung says that it is a call of an operator which does not return. Outputs wait
// for others; of such a call nothing outside can be the cause.
func (s *Stuck) Hung() bool {
	switch s.Doing {
	case doingProcess, doingTimer, doingPause, doingEvict, doingFlush:
		return true
	}
	return false
}

func (s *Stuck) String() string {
	var b strings.Builder
	if s.Where != "" {
		b.WriteString(s.Where + ": ")
	}
	fmt.Fprintf(&b, "node %s: %s", s.Node, s.Doing)
	switch {
	case s.Offset >= 0:
		b.WriteString(", record " + EmitID(s.Topic, s.Partition, s.Offset))
	case s.Topic != "":
		fmt.Fprintf(&b, ", %s/%d", s.Topic, s.Partition)
	}
	if len(s.Held) > 0 {
		b.WriteString(", held by " + strings.Join(s.Held, ", "))
	}
	if s.Err != nil {
		fmt.Fprintf(&b, ": %v", s.Err)
	}
	return b.String()
}

// attributes are the same for a log line.
func (s *Stuck) attributes() []any {
	list := []any{"node", s.Node, "where", s.Where, "doing", s.Doing}
	switch {
	case s.Offset >= 0:
		list = append(list, emitted(s.Topic, s.Partition, s.Offset)...)
	case s.Topic != "":
		list = append(list, "topic", s.Topic, "partition", s.Partition)
	}
	if len(s.Held) > 0 {
		list = append(list, "held", s.Held)
	}
	if s.Err != nil {
		list = append(list, "error", s.Err)
	}
	return list
}

// StuckError says that a part of the pipeline made no progress for longer than
// Graph.StallAfter.
type StuckError struct {
	Stuck Stuck
	For   time.Duration
}

func (e *StuckError) Error() string {
	return fmt.Sprintf("no progress for %s, which is more than stall_after: %s", e.For.Round(100*time.Millisecond), e.Stuck.String())
}

func (e *StuckError) Unwrap() error { return e.Stuck.Err }

// Stalled says that a run halted because nothing got on any more.
func Stalled(halted error) bool {
	var stall *StallError
	var stuck *StuckError
	return errors.As(halted, &stall) || errors.As(halted, &stuck)
}

// Committing is a [Source] that tells since when it tries to commit without an
// answer, and the last error; the zero time when there is nothing that it
// would have to tell.
type Committing interface {
	Committing() (source string, since time.Time, err error)
}
