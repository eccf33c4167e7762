// Package types says what is known of values before they are there: which kinds
// they may be of, which fields an object has, what the items of a list are.
//
// A [Type] is a set of values, and always one that is too large rather than too
// small: what is not known is in it. So where a type says that something cannot
// be, no record can show the opposite, as far as the schema or the sample that
// it was read from is right.
//
// Types come from a JSON Schema ([FromSchema]), from the values of a sample
// ([Sample]), from a value itself ([Exactly]); package expression makes those of
// what expressions give.
//
// Start reading at type.go. This package imports engine/value and nothing else
// of ours.
package types
