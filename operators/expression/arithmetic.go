package expression

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"time"
)

// arithmetic computes a binary operation on two values.
type arithmetic func(a, b any) (any, error)

// errKinds says that an operation does not work on these kinds; the caller
// names them.
var errKinds = fmt.Errorf("the operator does not work on these kinds")

func errOverflow(op string, a, b int64) error {
	return fmt.Errorf("%d %s %d overflows a 64-bit integer", a, op, b)
}

func finite(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, fmt.Errorf("the result is not a finite number")
	}
	return f, nil
}

// numeric builds an operation on numbers: integers stay exact, and with a float
// on either side it is one of floats.
func numeric(op string, ints func(a, b int64) (int64, bool), floats func(a, b float64) float64) arithmetic {
	return func(a, b any) (any, error) {
		x, y := numberOf(a), numberOf(b)
		if err := usable(x, y, a, b); err != nil {
			return nil, err
		}
		if x.class == anInteger && y.class == anInteger {
			result, ok := ints(x.integer, y.integer)
			if !ok {
				return nil, errOverflow(op, x.integer, y.integer)
			}
			return result, nil
		}
		return finite(floats(x.asFloat(), y.asFloat()))
	}
}

func addInts(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}

func subtractInts(a, b int64) (int64, bool) {
	difference := a - b
	return difference, (difference < a) == (b > 0)
}

func multiplyInts(a, b int64) (int64, bool) {
	high, low := bits.Mul64(uint64(a), uint64(b))
	// The unsigned product, corrected for the signs of its factors.
	if a < 0 {
		high -= uint64(b)
	}
	if b < 0 {
		high -= uint64(a)
	}
	product := int64(low)
	return product, int64(high) == product>>63
}

// powerInts is a**b for b >= 0.
func powerInts(a, b int64) (int64, bool) {
	switch a {
	case 0, 1:
		if b == 0 {
			return 1, true
		}
		return a, true
	case -1:
		return 1 - 2*(b&1), true
	}
	if b > 63 {
		return 0, false
	}
	result := int64(1)
	for range b {
		var ok bool
		if result, ok = multiplyInts(result, a); !ok {
			return 0, false
		}
	}
	return result, true
}

func add(a, b any) (any, error) {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return x + y, nil
		}
	case time.Time:
		if y, ok := b.(time.Duration); ok {
			return x.Add(y), nil
		}
	case time.Duration:
		switch y := b.(type) {
		case time.Time:
			return y.Add(x), nil
		case time.Duration:
			return duration("+", addInts, x, y)
		}
	}
	return addNumbers(a, b)
}

func addNumbers(a, b any) (any, error) {
	return numeric("+", addInts, func(a, b float64) float64 { return a + b })(a, b)
}

func subtract(a, b any) (any, error) {
	switch x := a.(type) {
	case time.Time:
		switch y := b.(type) {
		case time.Duration:
			return x.Add(-y), nil
		case time.Time:
			return between(x, y)
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return duration("-", subtractInts, x, y)
		}
	}
	return numeric("-", subtractInts, func(a, b float64) float64 { return a - b })(a, b)
}

// between is the time from y to x, if a duration can hold it.
func between(x, y time.Time) (any, error) {
	d := x.Sub(y)
	if d == math.MaxInt64 || d == math.MinInt64 {
		return nil, fmt.Errorf("the times are more than 292 years apart, which no duration can hold")
	}
	return d, nil
}

func duration(op string, compute func(a, b int64) (int64, bool), x, y time.Duration) (any, error) {
	d, ok := compute(int64(x), int64(y))
	if !ok {
		return nil, fmt.Errorf("%s %s %s overflows a duration", x, op, y)
	}
	return time.Duration(d), nil
}

func multiply(a, b any) (any, error) {
	if d, ok := a.(time.Duration); ok {
		return scale(d, b)
	}
	if d, ok := b.(time.Duration); ok {
		return scale(d, a)
	}
	return numeric("*", multiplyInts, func(a, b float64) float64 { return a * b })(a, b)
}

func scale(d time.Duration, by any) (any, error) {
	n, ok := integer(by)
	if !ok {
		return nil, errKinds
	}
	product, ok := multiplyInts(int64(d), n)
	if !ok {
		return nil, fmt.Errorf("%s * %d overflows a duration", d, n)
	}
	return time.Duration(product), nil
}

// divide gives a float. Of two integers it is the float nearest to the exact
// quotient.
func divide(a, b any) (any, error) {
	if x, ok := a.(time.Duration); ok {
		y, ok := b.(time.Duration)
		if !ok {
			return nil, errKinds
		}
		return divide(int64(x), int64(y))
	}
	x, y := numberOf(a), numberOf(b)
	if err := usable(x, y, a, b); err != nil {
		return nil, err
	}
	if y.asFloat() == 0 {
		return nil, fmt.Errorf("division by zero")
	}
	const exact = 1 << 53
	if x.class == anInteger && y.class == anInteger && (magnitude(x.integer) > exact || magnitude(y.integer) > exact) {
		f, _ := big.NewRat(x.integer, y.integer).Float64()
		return f, nil
	}
	return finite(x.asFloat() / y.asFloat())
}

func magnitude(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

func modulo(a, b any) (any, error) {
	x, y := numberOf(a), numberOf(b)
	if err := usable(x, y, a, b); err != nil {
		return nil, err
	}
	if x.class != anInteger || y.class != anInteger {
		return nil, errKinds
	}
	if y.integer == 0 {
		return nil, fmt.Errorf("division by zero")
	}
	return x.integer % y.integer, nil
}

// power is exact for an integer to the power of an integer that is not
// negative; else it is a float.
func power(a, b any) (any, error) {
	x, y := numberOf(a), numberOf(b)
	if err := usable(x, y, a, b); err != nil {
		return nil, err
	}
	if x.class == anInteger && y.class == anInteger && y.integer >= 0 {
		result, ok := powerInts(x.integer, y.integer)
		if !ok {
			return nil, errOverflow("**", x.integer, y.integer)
		}
		return result, nil
	}
	return finite(math.Pow(x.asFloat(), y.asFloat()))
}

func negate(v any) (any, error) {
	if d, ok := v.(time.Duration); ok {
		return duration("-", subtractInts, 0, d)
	}
	n := numberOf(v)
	switch {
	case n.class == notNumber:
		return nil, errKinds
	case n.class == tooBig:
		return nil, errTooBig(v)
	case n.class == aFloat:
		return -n.float, nil
	case n.integer == math.MinInt64:
		return nil, fmt.Errorf("-(%d) overflows a 64-bit integer", n.integer)
	}
	return -n.integer, nil
}
