package expression

import (
	"fmt"

	"waterhealer/engine/value"
)

// number is an operand of arithmetic.
type number struct {
	integer int64
	float   float64
	class   class
}

// class says what an operand is to arithmetic.
type class uint8

const (
	notNumber class = iota
	anInteger
	aFloat
	tooBig // an integer beyond 64 bits or a number beyond floats
)

func numberOf(v any) number {
	switch v := v.(type) {
	case int64:
		return number{integer: v, class: anInteger}
	case float64:
		return number{float: v, class: aFloat}
	case value.Number:
		if i, ok := v.Int(); ok {
			return number{integer: i, class: anInteger}
		}
		if f, ok := v.Float(); ok && !v.IsInteger() {
			return number{float: f, class: aFloat}
		}
		return number{class: tooBig}
	}
	return number{}
}

func (n number) asFloat() float64 {
	if n.class == anInteger {
		return float64(n.integer)
	}
	return n.float
}

// usable checks that both operands are numbers that arithmetic can hold.
func usable(x, y number, a, b any) error {
	switch {
	case x.class == notNumber || y.class == notNumber:
		return errKinds
	case x.class == tooBig:
		return errTooBig(a)
	case y.class == tooBig:
		return errTooBig(b)
	}
	return nil
}

func errTooBig(v any) error {
	n, _ := v.(value.Number)
	if n.IsInteger() {
		return fmt.Errorf("%s is an integer beyond 64 bits: it can be compared and passed on, but not computed with", clip(string(n)))
	}
	return fmt.Errorf("%s is beyond the range of a float: it can be compared and passed on, but not computed with", clip(string(n)))
}
