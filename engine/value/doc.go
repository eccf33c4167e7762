// Package value holds the values that flow through a pipeline: JSON values
// with exact numbers and objects that keep the order of their keys.
//
// A value is one of these kinds and nothing else:
//
//	nil, bool, string, int64, float64, Number, *Object, []any, []byte,
//	time.Time, time.Duration
//
// [Decode] yields only nil, bool, string, Number, *Object and []any; the others
// come from expressions and sources. A value that has been emitted is never
// changed again, so it may be shared between goroutines.
//
// # Numbers
//
// A number that was read keeps its text ([Number]). A float64 stands for the
// decimal it is written as: [Append] writes it, and [Compare], [Equal] and
// [Hash] read it that way. So 0.1 from a record equals 0.1 in an expression,
// integers of any size compare exactly with floats, and writing a value and
// reading it again gives an equal value.
//
// The package imports nothing of ours. Start reading at kind.go, then object.go
// and decode.go.
package value
