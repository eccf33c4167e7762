package expression

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
)

// operator is a binary operator that computes both its sides.
type operator struct {
	compute arithmetic
	works   []combination
}

// combination is kinds that an operator works on, and what it gives for them.
type combination struct{ left, right, gives kinds }

// operatorOf is the operator that is written so.
func operatorOf(symbol string) (operator, bool) {
	switch symbol {
	case "+":
		return operator{add, sums(
			combination{isString, isString, isString},
			combination{isTime, isDuration, isTime},
			combination{isDuration, isTime, isTime},
			combination{isDuration, isDuration, isDuration})}, true
	case "-":
		return operator{subtract, sums(
			combination{isTime, isDuration, isTime},
			combination{isTime, isTime, isDuration},
			combination{isDuration, isDuration, isDuration})}, true
	case "*":
		return operator{multiply, sums(
			combination{isDuration, isInt, isDuration},
			combination{isInt, isDuration, isDuration})}, true
	case "/":
		return operator{divide, []combination{
			{isNumber, isNumber, isFloat},
			{isDuration, isDuration, isFloat}}}, true
	case "%":
		return operator{modulo, []combination{{isInt, isInt, isInt}}}, true
	case "**", "^":
		return operator{power, []combination{{isInt, isInt, isNumber}, {isNumber, isNumber, isFloat}}}, true
	case "<":
		return ordering(func(c int) bool { return c < 0 }), true
	case "<=":
		return ordering(func(c int) bool { return c <= 0 }), true
	case ">":
		return ordering(func(c int) bool { return c > 0 }), true
	case ">=":
		return ordering(func(c int) bool { return c >= 0 }), true
	case "==":
		return operator{func(a, b any) (any, error) { return value.Equal(a, b), nil }, sameKinds()}, true
	case "!=":
		return operator{func(a, b any) (any, error) { return !value.Equal(a, b), nil }, sameKinds()}, true
	case "in":
		return operator{in, []combination{{anything, isList, isBool}, {isString, isObject, isBool}}}, true
	case "contains":
		return texts(strings.Contains), true
	case "startsWith":
		return texts(strings.HasPrefix), true
	case "endsWith":
		return texts(strings.HasSuffix), true
	}
	return operator{}, false
}

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
	for i := range kindNames {
		if k := kinds(1) << i; k&isNumber == 0 {
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
	return operator{compute, []combination{
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
	return operator{compute, []combination{{isString, isString, isBool}}}
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

func (c *compiler) binary(n *ast.BinaryNode) node {
	switch n.Operator {
	case "&&", "and", "||", "or":
		return c.logic(n)
	case "??":
		return c.coalesce(n)
	case "matches":
		return c.matches(n)
	case "..":
		return c.numbers(n)
	}
	op, ok := operatorOf(n.Operator)
	if !ok {
		c.fail(n.Location(), "unknown operator %s", n.Operator)
		return constant(nil)
	}
	left, right := c.node(n.Left), c.node(n.Right)
	m := mismatch{c.place(n), n}
	gives := op.result(left.kinds, right.kinds)
	if gives == 0 && left.kinds != isNil && right.kinds != isNil {
		c.failHint(n.Location(), m.hint(left.kinds, right.kinds),
			"%s does not work on %s and %s", n.Operator, left.kinds.names(), right.kinds.names())
	}
	compute := op.compute
	run := func(f *frame) (any, error) {
		a, err := left.run(f)
		if err != nil {
			return nil, err
		}
		b, err := right.run(f)
		if err != nil {
			return nil, err
		}
		v, err := compute(a, b)
		if err != nil {
			return nil, m.explain(err, a, b)
		}
		if s, ok := v.(string); ok {
			if err := f.spend(len(s)); err != nil {
				return nil, m.place.wrap(err)
			}
		}
		return v, nil
	}
	return node{run: run, kinds: gives, fixed: left.fixed && right.fixed}
}

// mismatch explains why an operator failed on two values.
type mismatch struct {
	place place
	node  *ast.BinaryNode
}

func (m mismatch) explain(err error, a, b any) error {
	if err != errKinds {
		return m.place.wrap(err)
	}
	e := m.place.errorf("%s does not work on %s and %s", m.node.Operator, value.Kind(a), value.Kind(b))
	switch {
	case a == nil:
		e.Message += fmt.Sprintf(": %s is nil", written(m.node.Left))
	case b == nil:
		e.Message += fmt.Sprintf(": %s is nil", written(m.node.Right))
	}
	e.Hint = m.hint(kindOf(a), kindOf(b))
	return e
}

func (m mismatch) hint(a, b kinds) string {
	switch op := m.node.Operator; {
	case op == "+" && (a == isString && b&^isNumber == 0 || b == isString && a&^isNumber == 0):
		return "string(…) makes a text of a number, int(…) and float(…) a number of a text"
	case op == "+" && a == isList && b == isList:
		return "concat(…) joins lists"
	case op == "+" && a == isObject && b == isObject:
		return "merge(…) joins objects"
	case op == "in" && b == isString:
		return `a text in a text is found with "contains"`
	case op == "in" && b == isObject:
		return "the keys of an object are strings"
	case op == "contains" && a == isList:
		return `an item in a list is found with "in"`
	case op == "%":
		return "% is for integers"
	case a == isNil || b == isNil:
		return "?? gives a value in place of nil"
	}
	return ""
}

// negatable is what a sign may stand before.
const negatable = isNumber | isDuration

// logic is "and" and "or", which compute their right side only if it matters.
func (c *compiler) logic(n *ast.BinaryNode) node {
	and := n.Operator == "&&" || n.Operator == "and"
	left, right := c.truth(n.Left, n.Operator), c.truth(n.Right, n.Operator)
	run := func(f *frame) (any, error) {
		b, err := left(f)
		if err != nil {
			return nil, err
		}
		if b != and {
			return b, nil
		}
		b, err = right(f)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
	return node{run: run, kinds: isBool}
}

func (c *compiler) coalesce(n *ast.BinaryNode) node {
	left, right := c.node(n.Left), c.node(n.Right)
	run := func(f *frame) (any, error) {
		v, err := left.run(f)
		if err != nil || v != nil {
			return v, err
		}
		return right.run(f)
	}
	return node{run: run, kinds: left.kinds&^isNil | right.kinds, fixed: left.fixed && right.fixed}
}

func (c *compiler) unary(n *ast.UnaryNode) node {
	if n.Operator == "!" || n.Operator == "not" {
		cond := c.truth(n.Node, n.Operator)
		run := func(f *frame) (any, error) {
			b, err := cond(f)
			if err != nil {
				return nil, err
			}
			return !b, nil
		}
		return node{run: run, kinds: isBool}
	}
	operand := c.node(n.Node)
	if operand.kinds.never(negatable) {
		c.fail(n.Location(), "%s does not work on %s", n.Operator, operand.kinds.names())
	}
	at, symbol, of := c.place(n), n.Operator, n.Node
	run := func(f *frame) (any, error) {
		v, err := operand.run(f)
		if err != nil {
			return nil, err
		}
		if symbol == "+" && negatable.has(v) {
			return v, nil
		}
		if !negatable.has(v) {
			e := at.errorf("%s does not work on %s", symbol, value.Kind(v))
			if v == nil {
				e.Message += fmt.Sprintf(": %s is nil", written(of))
			}
			return nil, e
		}
		if v, err = negate(v); err != nil {
			return nil, at.wrap(err)
		}
		return v, nil
	}
	return node{run: run, kinds: operand.kinds & negatable, fixed: operand.fixed}
}
