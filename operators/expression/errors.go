package expression

import (
	"cmp"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/expr-lang/expr/file"
)

// Error is a problem in an expression, found when it was compiled.
type Error struct {
	Line    int // from 1
	Column  int // in characters, from 0
	Width   int // of the token, in characters, at least 1
	Message string
	Hint    string // "" is none
}

// Error is the message with its place, line and column from 1.
func (e *Error) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column+1, e.Message)
}

// MaxErrors is how many mistakes of one expression are told.
const MaxErrors = 10

// Errors are the problems of one expression, in the order of their places: at
// least one, at most [MaxErrors].
type Errors []*Error

// Error is all of them, one behind the other.
func (es Errors) Error() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap are the single ones: the first is what errors.As finds.
func (es Errors) Unwrap() []error {
	each := make([]error, len(es))
	for i, e := range es {
		each[i] = e
	}
	return each
}

// inOrder compares the places of two errors.
func inOrder(a, b *Error) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// RuntimeError is what is wrong with one record, found when an expression ran.
type RuntimeError struct {
	Line    int // from 1; 0 where no place is known
	Column  int // in characters, from 0
	Width   int // of the token, in characters, at least 1
	Message string
	Hint    string // "" is none
	Err     error  // the cause where it is an error of its own, else nil
}

// Error is the message with its place, line and column from 1, and the hint.
func (e *RuntimeError) Error() string {
	text := e.Message
	if e.Line > 0 {
		text = fmt.Sprintf("%s (at %d:%d of the expression)", text, e.Line, e.Column+1)
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap is the cause, if it is an error of its own.
func (e *RuntimeError) Unwrap() error { return e.Err }

// errSkip ends a chain of accesses at a `?.` whose left side is nil.
var errSkip = errors.New("the chain ends in nil")

// place is a token's place in the source.
type place struct{ line, column, width int }

// errorf is an error of the record at this place.
func (p place) errorf(format string, args ...any) *RuntimeError {
	return &RuntimeError{Line: p.line, Column: p.column, Width: p.width, Message: fmt.Sprintf(format, args...)}
}

// wrap gives an error of a function its place, unless it has one.
func (p place) wrap(err error) error {
	var has *RuntimeError
	if errors.As(err, &has) {
		return err
	}
	e := p.errorf("%s", err.Error())
	e.Err = err
	return e
}

func (e *RuntimeError) hint(format string, args ...any) *RuntimeError {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// lines finds the places of characters.
type lines []int // of each line, its first character's number, from 0

func newLines(source string) lines {
	starts := lines{0}
	n := 0
	for _, r := range source {
		n++
		if r == '\n' {
			starts = append(starts, n)
		}
	}
	return starts
}

func (l lines) place(at file.Location) place {
	line := sort.Search(len(l), func(i int) bool { return l[i] > at.From })
	return place{line: line, column: at.From - l[line-1], width: max(at.To-at.From, 1)}
}
