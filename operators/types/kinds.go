package types

import (
	"strings"
	"time"

	"waterhealer/engine/value"
)

// Kinds is a set of kinds of values: what an argument may be, or what an
// expression may give as far as can be known before it runs.
type Kinds uint16

// The kinds.
const (
	Nil Kinds = 1 << iota
	Bool
	Int
	Float
	String
	Object
	List
	Bytes
	Time
	Duration

	Number   = Int | Float
	Anything = Duration<<1 - 1
)

// kindNames are in the order of the bits.
//
//nolint:gochecknoglobals // a constant table
var kindNames = [...]string{
	"nil", "boolean", "integer", "float", "string", "object", "list", "bytes", "time", "duration",
}

// KindOf is the set with v's kind alone; empty if v is no value.
func KindOf(v any) Kinds {
	switch v := v.(type) {
	case nil:
		return Nil
	case bool:
		return Bool
	case int64:
		return Int
	case float64:
		return Float
	case string:
		return String
	case value.Number:
		if v.IsInteger() {
			return Int
		}
		return Float
	case *value.Object:
		return Object
	case []any:
		return List
	case []byte:
		return Bytes
	case time.Time:
		return Time
	case time.Duration:
		return Duration
	}
	return 0
}

// Has says whether v is of one of the kinds.
func (k Kinds) Has(v any) bool {
	if _, ok := v.(value.Number); ok && k&Number == Number {
		return true
	}
	return k&KindOf(v) != 0
}

// Never says that what may only be of the kinds of k is never of the wanted
// ones. What is always nil is left to the run: it is an error of the record.
func (k Kinds) Never(want Kinds) bool {
	return k != Nil && k&want == 0
}

// String is the words for a message, for example "a string or a list".
func (k Kinds) String() string {
	words := k.words()
	for i := range words {
		words[i] = WithArticle(words[i])
	}
	switch last := len(words) - 1; {
	case k == Anything:
		return "any value"
	case last < 0:
		return "nothing"
	case last == 0:
		return words[0]
	default:
		return strings.Join(words[:last], ", ") + " or " + words[last]
	}
}

// Names are the words of the kinds, without articles.
func (k Kinds) Names() string {
	if k == Anything {
		return "any value"
	}
	return strings.Join(k.words(), " or ")
}

// words name the kinds: both sorts of numbers as one, and nil last.
func (k Kinds) words() []string {
	var words []string
	if k&Number == Number {
		words = append(words, "number")
		k &^= Number
	}
	for i, name := range kindNames {
		if kind := Kinds(1) << i; kind != Nil && k&kind != 0 {
			words = append(words, name)
		}
	}
	if k&Nil != 0 {
		words = append(words, kindNames[0])
	}
	return words
}

// WithArticle is a kind's word as a sentence has it.
func WithArticle(kind string) string {
	switch kind {
	case "nil", "bytes":
		return kind
	case "integer", "object":
		return "an " + kind
	}
	return "a " + kind
}
