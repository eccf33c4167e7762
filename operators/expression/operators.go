package expression

import (
	"strings"

	"waterhealer/engine/value"
)

// operator is a binary operator that computes both its sides.
type operator struct {
	compute arithmetic
	works   []combination
	// scans says that the work grows with the size of the operands.
	scans bool
	// holds is set for comparisons: whether they hold for an order.
	holds func(c int) bool
}

// combination is kinds that an operator works on, and what it gives for them.
type combination struct{ left, right, gives kinds }

// operatorOf is the operator that is written so.
func operatorOf(symbol string) (operator, bool) {
	switch symbol {
	case "+":
		return operator{compute: add, works: sums(
			combination{isString, isString, isString},
			combination{isTime, isDuration, isTime},
			combination{isDuration, isTime, isTime},
			combination{isDuration, isDuration, isDuration})}, true
	case "-":
		return operator{compute: subtract, works: sums(
			combination{isTime, isDuration, isTime},
			combination{isTime, isTime, isDuration},
			combination{isDuration, isDuration, isDuration})}, true
	case "*":
		return operator{compute: multiply, works: sums(
			combination{isDuration, isInt, isDuration},
			combination{isInt, isDuration, isDuration})}, true
	case "/":
		return operator{compute: divide, works: []combination{
			{isNumber, isNumber, isFloat},
			{isDuration, isDuration, isFloat}}}, true
	case "%":
		return operator{compute: modulo, works: []combination{{isInt, isInt, isInt}}}, true
	case "**", "^":
		return operator{compute: power, works: []combination{{isInt, isInt, isNumber}, {isNumber, isNumber, isFloat}}}, true
	case "<":
		return ordering(func(c int) bool { return c < 0 }), true
	case "<=":
		return ordering(func(c int) bool { return c <= 0 }), true
	case ">":
		return ordering(func(c int) bool { return c > 0 }), true
	case ">=":
		return ordering(func(c int) bool { return c >= 0 }), true
	case "==":
		return operator{compute: equal, works: sameKinds(), scans: true, holds: func(c int) bool { return c == 0 }}, true
	case "!=":
		return operator{compute: unequal, works: sameKinds(), scans: true, holds: func(c int) bool { return c != 0 }}, true
	case "in":
		return operator{compute: in, works: []combination{{anything, isList, isBool}, {isString, isObject, isBool}}, scans: true}, true
	case "contains":
		return texts(strings.Contains), true
	case "startsWith":
		return texts(strings.HasPrefix), true
	case "endsWith":
		return texts(strings.HasSuffix), true
	}
	return operator{}, false
}

func equal(a, b any) (any, error) { return value.Equal(a, b), nil }

func unequal(a, b any) (any, error) { return !value.Equal(a, b), nil }

// sums are the combinations of numbers, and more.
func sums(more ...combination) []combination {
	return append([]combination{
		{isInt, isInt, isInt},
		{isFloat, isNumber, isFloat},
		{isInt, isFloat, isFloat},
	}, more...)
}

// sameKinds are the combinations that can be equal; everything may be compared
// with nil.
func sameKinds() []combination {
	all := []combination{{isNumber, isNumber, isBool}, {isNil, anything, isBool}, {anything, isNil, isBool}}
	for k := isNil; k <= isDuration; k <<= 1 {
		if k&isNumber == 0 {
			all = append(all, combination{k, k, isBool})
		}
	}
	return all
}

// result is what the operator may give for what its sides may be; nothing where
// it cannot work.
func (op operator) result(left, right kinds) kinds {
	var gives kinds
	for _, w := range op.works {
		if w.left&left != 0 && w.right&right != 0 {
			gives |= w.gives
		}
	}
	return gives
}

func ordering(holds func(c int) bool) operator {
	compute := func(a, b any) (any, error) {
		c, err := order(a, b)
		if err != nil {
			return nil, err
		}
		return holds(c), nil
	}
	return operator{compute: compute, holds: holds, works: []combination{
		{isNumber, isNumber, isBool},
		{isString, isString, isBool},
		{isTime, isTime, isBool},
		{isDuration, isDuration, isBool}}}
}

// order compares two numbers, strings, times or durations.
func order(a, b any) (int, error) {
	switch a.(type) {
	case bool, []byte:
		return 0, errKinds
	}
	c, err := value.Compare(a, b)
	if err != nil {
		return 0, errKinds
	}
	return c, nil
}

func texts(holds func(a, b string) bool) operator {
	compute := func(a, b any) (any, error) {
		x, ok := a.(string)
		y, also := b.(string)
		if !ok || !also {
			return nil, errKinds
		}
		return holds(x, y), nil
	}
	return operator{compute: compute, works: []combination{{isString, isString, isBool}}, scans: true}
}

// in looks for an item in a list, or for a key in an object.
func in(a, b any) (any, error) {
	switch b := b.(type) {
	case []any:
		for i := range b {
			if value.Equal(a, b[i]) {
				return true, nil
			}
		}
		return false, nil
	case *value.Object:
		key, ok := a.(string)
		if !ok {
			return nil, errKinds
		}
		_, ok = b.Get(key)
		return ok, nil
	}
	return nil, errKinds
}
