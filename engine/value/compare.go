package value

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"time"
)

// Equal says whether two values are the same. Numbers compare by their exact
// value (1, 1.0 and 1e0 are equal), objects without the order of their keys,
// times by the instant. Values of different kinds are not equal, nor are two
// that are nested deeper than [MaxDepth].
func Equal(a, b any) bool { return equal(a, b, 0) }

func equal(a, b any, depth int) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case string:
		b, ok := b.(string)
		return ok && a == b
	case int64, float64, Number:
		return isNumber(b) && compareNumbers(a, b) == 0
	case *Object:
		b, ok := b.(*Object)
		return ok && equalObjects(a, b, depth)
	case []any:
		b, ok := b.([]any)
		return ok && equalLists(a, b, depth)
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case time.Duration:
		b, ok := b.(time.Duration)
		return ok && a == b
	}
	return false
}

func equalObjects(a, b *Object, depth int) bool {
	if a == b {
		return true
	}
	a, b = a.solid(), b.solid()
	if len(a.fields) != len(b.fields) || depth >= MaxDepth {
		return false
	}
	for i := range a.fields {
		v, ok := b.Get(a.fields[i].Key)
		if !ok || !equal(a.fields[i].Value, v, depth+1) {
			return false
		}
	}
	return true
}

func equalLists(a, b []any, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) > 0 && &a[0] == &b[0] {
		return true
	}
	if depth >= MaxDepth {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i], depth+1) {
			return false
		}
	}
	return true
}

// Compare orders two values: -1, 0 or 1. Numbers of all kinds compare exactly;
// otherwise both must be strings, booleans (false first), bytes, times or
// durations. Anything else is an error that names both kinds.
func Compare(a, b any) (int, error) {
	switch x := a.(type) {
	case int64, float64, Number:
		if isNumber(b) {
			return compareNumbers(a, b), nil
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y), nil
		}
	case bool:
		if y, ok := b.(bool); ok {
			return compareBools(x, y), nil
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return bytes.Compare(x, y), nil
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y), nil
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return cmp.Compare(x, y), nil
		}
	}
	return 0, fmt.Errorf("%s and %s have no order", Kind(a), Kind(b))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func isNumber(v any) bool {
	switch v.(type) {
	case int64, float64, Number:
		return true
	}
	return false
}

// compareNumbers orders two numbers exactly. Almost all go the short ways; the
// rest are compared digit by digit.
func compareNumbers(a, b any) int {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, y)
		case float64:
			return compareIntFloat(x, y)
		}
	case float64:
		switch y := b.(type) {
		case int64:
			return -compareIntFloat(y, x)
		case float64:
			return cmp.Compare(x, y)
		}
	case Number:
		if y, ok := b.(Number); ok && x == y {
			return 0
		}
	}
	if m, s, ok := smallOf(a); ok {
		if n, t, ok := smallOf(b); ok {
			return compareSmall(m, s, n, t)
		}
	}
	var bufA, bufB [64]byte
	return decimalOf(a, bufA[:]).compare(decimalOf(b, bufB[:]))
}

// compareIntFloat holds for the decimals that floats are written as, too: an
// integral float below 2^63 is written exactly, and no other float is written
// as an integer.
func compareIntFloat(i int64, f float64) int {
	switch {
	case f >= math.MaxInt64:
		return -1
	case f < math.MinInt64:
		return 1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(whole, f)
}

func smallOf(v any) (m int64, scale int, ok bool) {
	switch v := v.(type) {
	case int64:
		return v, 0, true
	case Number:
		return small(string(v))
	case float64:
		if math.Abs(v) < 1<<53 && v == math.Trunc(v) {
			return int64(v), 0, true
		}
	}
	return 0, 0, false
}

// compareSmall orders m/10^s and n/10^t, with s and t below 19.
func compareSmall(m int64, s int, n int64, t int) int {
	if s == t || (m < 0) != (n < 0) {
		return cmp.Compare(m, n)
	}
	hiM, loM := bits.Mul64(magnitude(m), power10(max(t-s, 0)))
	hiN, loN := bits.Mul64(magnitude(n), power10(max(s-t, 0)))
	c := cmp.Compare(hiM, hiN)
	if c == 0 {
		c = cmp.Compare(loM, loN)
	}
	if m < 0 {
		return -c
	}
	return c
}

func magnitude(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

func power10(n int) uint64 {
	p := uint64(1)
	for ; n > 0; n-- {
		p *= 10
	}
	return p
}

// decimalOf takes a finite number apart, as it is written.
func decimalOf(v any, buf []byte) decimal {
	switch v := v.(type) {
	case int64:
		var text [24]byte
		return parseDecimal(string(strconv.AppendInt(text[:0], v, 10)), buf)
	case Number:
		return parseDecimal(string(v), buf)
	case float64:
		var text [32]byte
		if written, err := appendFloat(text[:0], v); err == nil {
			return parseDecimal(string(written), buf)
		}
	}
	return decimal{}
}
