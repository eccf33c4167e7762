package expression

import "fmt"

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

// RuntimeError is what is wrong with one record, found when an expression ran.
type RuntimeError struct {
	Line    int // from 1; 0 where no place is known
	Column  int // in characters, from 0
	Width   int // of the token, in characters, at least 1
	Message string
	Hint    string // "" is none
}

// Error is the message with its place, line and column from 1.
func (e *RuntimeError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (at %d:%d of the expression)", e.Message, e.Line, e.Column+1)
}
