package expression

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"waterhealer/engine/value"
)

// numberFunctions compute with numbers. Those that choose one of several give
// it as it was written.
func numberFunctions() []*function {
	return []*function{
		{name: "abs", signature: "abs(number)", doc: "The number without its sign.",
			examples: []string{`abs(-5) == 5`, `abs(1.5) == 1.5`},
			takes:    []kinds{isNumber}, gives: isNumber, call: abs},
		rounder("ceil", "The least whole number that is not below the number. An integer stays as it is; a float stays a float.", `ceil(1.2) == 2`, math.Ceil),
		rounder("floor", "The greatest whole number that is not above the number. An integer stays as it is; a float stays a float.", `floor(1.8) == 1`, math.Floor),
		rounder("round", "The nearest whole number, halves away from zero. An integer stays as it is; a float stays a float: int(round(x)) makes it an integer.", `round(2.5) == 3`, math.Round),
		{name: "max", signature: "max(number or list, …)", doc: "The greatest of the numbers, which may stand in lists; nil if there are none.",
			examples: []string{`max(5, 7) == 7`, `max([1, 9.5, 3]) == 9.5`, `max([]) == nil`},
			takes:    []kinds{isNumber | isList}, rest: true, gives: isNumber | isNil,
			call: func(f *frame, args []any) (any, error) { return extreme(f, "max", args, 1) }},
		{name: "min", signature: "min(number or list, …)", doc: "The least of the numbers, which may stand in lists; nil if there are none.",
			examples: []string{`min(5, 7) == 5`, `min([4, 1.5, 3]) == 1.5`},
			takes:    []kinds{isNumber | isList}, rest: true, gives: isNumber | isNil,
			call: func(f *frame, args []any) (any, error) { return extreme(f, "min", args, -1) }},
		{name: "mean", signature: "mean(number or list, …)", doc: "The average of the numbers, which may stand in lists, as a float; nil if there are none.",
			examples: []string{`mean([1, 2, 3]) == 2`, `mean(1, 2) == 1.5`, `mean([]) == nil`},
			takes:    []kinds{isNumber | isList}, rest: true, gives: isFloat | isNil, call: mean},
		{name: "median", signature: "median(number or list, …)", doc: "The middle of the sorted numbers, which may stand in lists, or the average of the two in the middle; nil if there are none.",
			examples: []string{`median([3, 1, 2]) == 2`, `median([4, 1, 2, 3]) == 2.5`},
			takes:    []kinds{isNumber | isList}, rest: true, gives: isNumber | isNil, call: median},
	}
}

func rounder(name, doc, example string, compute func(float64) float64) *function {
	return &function{name: name, signature: name + "(number)", doc: doc, examples: []string{example},
		takes: []kinds{isNumber}, gives: isNumber,
		call: func(_ *frame, args []any) (any, error) {
			if isInt.Has(args[0]) {
				return args[0], nil
			}
			n := numberOf(args[0])
			if n.class == tooBig {
				return nil, errTooBig(args[0])
			}
			return compute(n.float), nil
		}}
}

func abs(_ *frame, args []any) (any, error) {
	n := numberOf(args[0])
	switch {
	case n.class == tooBig:
		return nil, errTooBig(args[0])
	case n.class == aFloat:
		return math.Abs(n.float), nil
	case n.integer == math.MinInt64:
		return nil, fmt.Errorf("abs(%d) overflows a 64-bit integer", n.integer)
	case n.integer < 0:
		return -n.integer, nil
	}
	return args[0], nil
}

// numbersIn collects the numbers among args, those in lists too.
func numbersIn(f *frame, name string, args []any, found []any, depth int) ([]any, error) {
	if depth > value.MaxDepth {
		return nil, fmt.Errorf("lists nested deeper than %d", value.MaxDepth)
	}
	if err := f.spend(len(args) * itemWork); err != nil {
		return nil, err
	}
	for i, arg := range args {
		if list, ok := arg.([]any); ok {
			var err error
			if found, err = numbersIn(f, name, list, found, depth+1); err != nil {
				return nil, err
			}
			continue
		}
		if !isNumber.Has(arg) {
			return nil, fmt.Errorf("%s needs numbers, but item %d is %s", name, i, aKind(arg))
		}
		found = append(found, arg)
	}
	return found, nil
}

// extreme is the number that is the most in one direction; of equal ones the
// first.
func extreme(f *frame, name string, args []any, direction int) (any, error) {
	numbers, err := numbersIn(f, name, args, nil, 0)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	best := numbers[0]
	for _, n := range numbers[1:] {
		c, err := value.Compare(n, best)
		if err != nil {
			return nil, err
		}
		if c == direction {
			best = n
		}
	}
	return best, nil
}

func mean(f *frame, args []any) (any, error) {
	numbers, err := numbersIn(f, "mean", args, nil, 0)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	return average(numbers)
}

// average of integers is the float nearest to their exact average.
func average(numbers []any) (any, error) {
	exact, sum, floats := new(big.Int), 0.0, false
	for _, v := range numbers {
		n := numberOf(v)
		switch n.class {
		case tooBig:
			return nil, errTooBig(v)
		case anInteger:
			exact.Add(exact, big.NewInt(n.integer))
		default:
			floats = true
		}
		sum += n.asFloat()
	}
	if floats {
		return finite(sum / float64(len(numbers)))
	}
	mean, _ := new(big.Rat).SetFrac(exact, big.NewInt(int64(len(numbers)))).Float64()
	return mean, nil
}

func median(f *frame, args []any) (any, error) {
	numbers, err := numbersIn(f, "median", args, nil, 0)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	slices.SortStableFunc(numbers, func(a, b any) int {
		c, _ := value.Compare(a, b) // all are numbers: there is no error
		return c
	})
	middle := len(numbers) / 2
	if len(numbers)%2 == 1 {
		return numbers[middle], nil
	}
	return average(numbers[middle-1 : middle+1])
}

// bitFunctions work on the 64 bits of integers.
func bitFunctions() []*function {
	return []*function{
		bits2("bitand", "The bits that both have.", `bitand(0b1010, 0b1100) == 0b1000`, func(a, b int64) (int64, error) { return a & b, nil }),
		bits2("bitor", "The bits that either has.", `bitor(0b1010, 0b1100) == 0b1110`, func(a, b int64) (int64, error) { return a | b, nil }),
		bits2("bitxor", "The bits that one of both has.", `bitxor(0b1010, 0b1100) == 0b110`, func(a, b int64) (int64, error) { return a ^ b, nil }),
		bits2("bitnand", "The bits of the first that the second has not.", `bitnand(0b1010, 0b1100) == 0b10`, func(a, b int64) (int64, error) { return a &^ b, nil }),
		bits2("bitshl", "The integer times two, so many times; an overflow is an error.", `bitshl(0b101101, 2) == 0b10110100`, shiftLeft),
		bits2("bitshr", "The bits shifted to the right; the sign stays.", `bitshr(0b101101, 2) == 0b1011`, func(a, b int64) (int64, error) { return a >> uint64(min(max(b, 0), 63)), negative(b) }),
		bits2("bitushr", "The bits shifted to the right, with zeros from the left.", `bitushr(-0b101, 2) == 4611686018427387902`,
			func(a, b int64) (int64, error) { return int64(uint64(a) >> uint64(max(b, 0))), negative(b) }),
		{name: "bitnot", signature: "bitnot(integer)", doc: "All bits turned over.", examples: []string{`bitnot(0b1010) == -0b1011`},
			takes: []kinds{isInt}, gives: isInt,
			call: func(_ *frame, args []any) (any, error) {
				n, ok := integer(args[0])
				if !ok {
					return nil, errTooBig(args[0])
				}
				return ^n, nil
			}},
	}
}

func bits2(name, doc, example string, compute func(a, b int64) (int64, error)) *function {
	return &function{name: name, signature: name + "(integer, integer)", doc: doc, examples: []string{example},
		takes: []kinds{isInt, isInt}, gives: isInt,
		call: func(_ *frame, args []any) (any, error) {
			a, ok := integer(args[0])
			if !ok {
				return nil, errTooBig(args[0])
			}
			b, ok := integer(args[1])
			if !ok {
				return nil, errTooBig(args[1])
			}
			n, err := compute(a, b)
			if err != nil {
				return nil, err
			}
			return n, nil
		}}
}

func negative(shift int64) error {
	if shift < 0 {
		return fmt.Errorf("a shift by %d, which is negative", shift)
	}
	return nil
}

func shiftLeft(a, b int64) (int64, error) {
	if err := negative(b); err != nil || a == 0 {
		return 0, err
	}
	if b > 63 || a<<b>>b != a {
		return 0, fmt.Errorf("bitshl(%d, %d) overflows a 64-bit integer", a, b)
	}
	return a << b, nil
}
