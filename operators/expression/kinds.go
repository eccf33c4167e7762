package expression

import (
	"strings"
	"time"

	"waterhealer/engine/value"
)

// kinds is a set of kinds of values: what an argument may be, or what an
// expression may give as far as can be known before it runs.
type kinds uint16

const (
	isNil kinds = 1 << iota
	isBool
	isInt
	isFloat
	isString
	isObject
	isList
	isBytes
	isTime
	isDuration

	isNumber = isInt | isFloat
	anything = isDuration<<1 - 1
)

// kindNames are in the order of the bits.
//
//nolint:gochecknoglobals // a constant table
var kindNames = [...]string{
	"nil", "boolean", "integer", "float", "string", "object", "list", "bytes", "time", "duration",
}

// kindOf is the set with v's kind alone; empty if v is no value.
func kindOf(v any) kinds {
	switch v := v.(type) {
	case nil:
		return isNil
	case bool:
		return isBool
	case int64:
		return isInt
	case float64:
		return isFloat
	case string:
		return isString
	case value.Number:
		if v.IsInteger() {
			return isInt
		}
		return isFloat
	case *value.Object:
		return isObject
	case []any:
		return isList
	case []byte:
		return isBytes
	case time.Time:
		return isTime
	case time.Duration:
		return isDuration
	}
	return 0
}

// has says whether v is of one of the kinds.
func (k kinds) has(v any) bool {
	if _, ok := v.(value.Number); ok && k&isNumber == isNumber {
		return true
	}
	return k&kindOf(v) != 0
}

// never says that what may only be of the kinds of k is never of the wanted
// ones. What is always nil is left to the run: it is an error of the record.
func (k kinds) never(want kinds) bool {
	return k != isNil && k&want == 0
}

// String is the words for a message, for example "a string or a list".
func (k kinds) String() string {
	if k == anything {
		return "any value"
	}
	var words []string
	if k&isNumber == isNumber {
		words = append(words, "a number")
		k &^= isNumber
	}
	for i, name := range kindNames {
		if k&(1<<i) != 0 {
			words = append(words, withArticle(name))
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// names are the words of the kinds, without articles.
func (k kinds) names() string {
	if k == anything {
		return "any value"
	}
	var words []string
	for i, name := range kindNames {
		if k&(1<<i) != 0 {
			words = append(words, name)
		}
	}
	return strings.Join(words, " or ")
}

func withArticle(kind string) string {
	switch kind {
	case "nil", "bytes":
		return kind
	case "integer", "object":
		return "an " + kind
	}
	return "a " + kind
}

// aKind names what v is, with its article.
func aKind(v any) string { return withArticle(value.Kind(v)) }
