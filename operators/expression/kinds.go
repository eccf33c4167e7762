package expression

import (
	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// kinds is a set of kinds of values: what an argument may be, or what an
// expression may give as far as can be known before it runs.
type kinds = types.Kinds

const (
	isNil      = types.Nil
	isBool     = types.Bool
	isInt      = types.Int
	isFloat    = types.Float
	isString   = types.String
	isObject   = types.Object
	isList     = types.List
	isBytes    = types.Bytes
	isTime     = types.Time
	isDuration = types.Duration
	isNumber   = types.Number
	anything   = types.Anything
)

// aKind names what v is, with its article.
func aKind(v any) string { return types.WithArticle(value.Kind(v)) }
