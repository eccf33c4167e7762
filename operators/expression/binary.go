package expression

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

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
		c.nodes([]ast.Node{n.Left, n.Right})
		return broken()
	}
	left, right := c.sides(n)
	m := mismatch{c.place(n), n}
	c.compare(n, left, right)
	gives := op.result(left.Kinds, right.Kinds)
	if gives == 0 {
		c.misused(m, op, left, right)
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
		if op.scans {
			if err := f.spend(scanWork(a) + scanWork(b)); err != nil {
				return nil, m.place.wrap(err)
			}
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
	quick := c.against(op, left, right)
	if quick != nil {
		general := run
		run = func(f *frame) (any, error) {
			if holds, ok := quick(f.vars.Value); ok {
				return holds, nil
			}
			return general(f)
		}
	}
	return node{run: run, Type: types.Of(gives), fixed: left.fixed && right.fixed, against: quick}
}

// sides compiles both sides. One that is held against nil may be missing.
func (c *compiler) sides(n *ast.BinaryNode) (left, right node) {
	if _, ok := n.Right.(*ast.NilNode); ok {
		c.mayLack(n.Left)
	}
	if _, ok := n.Left.(*ast.NilNode); ok {
		c.mayLack(n.Right)
	}
	return c.node(n.Left), c.node(n.Right)
}

// misused says that an operator does not work on what it is given.
func (c *compiler) misused(m mismatch, op operator, left, right node) {
	n := m.node
	hint := cmp.Or(m.hint(left.Kinds, right.Kinds), conversion(left.Kinds, right.Kinds))
	message := fmt.Sprintf("%s does not work on %s and %s%s", n.Operator, left.Kinds.Names(), right.Kinds.Names(),
		m.missing(left.Kinds == isNil, right.Kinds == isNil))
	switch {
	case c.check == nil || op.holds == nil && n.Operator != "in":
		c.failHint(n.Location(), hint, "%s", message)
	case n.Operator != "==" && n.Operator != "!=": // of which compare spoke
		c.find(finding{at: n.Location(), mistake: NeverHolds, fails: true, hint: hint, message: message})
	}
}

// mismatch explains why an operator failed on two values.
type mismatch struct {
	place place
	node  *ast.BinaryNode
}

func (m mismatch) explain(err error, a, b any) error {
	if !errors.Is(err, errKinds) {
		return m.place.wrap(err)
	}
	e := m.place.errorf("%s does not work on %s and %s", m.node.Operator, value.Kind(a), value.Kind(b))
	e.Message += m.missing(a == nil, b == nil)
	e.Hint = m.hint(types.KindOf(a), types.KindOf(b))
	return e
}

// missing names the operand that is nil.
func (m mismatch) missing(left, right bool) string {
	switch {
	case left:
		return fmt.Sprintf(": %s is nil", written(m.node.Left))
	case right:
		return fmt.Sprintf(": %s is nil", written(m.node.Right))
	}
	return ""
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
	left := c.truth(n.Left, n.Operator)
	var right func(*frame) (bool, error)
	c.inDoubt(n.Left, func() { right = c.truth(n.Right, n.Operator) })
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
	return node{run: run, Type: types.Of(isBool)}
}

func (c *compiler) coalesce(n *ast.BinaryNode) node {
	c.mayLack(n.Left)
	left, right := c.node(n.Left), c.sometimes(nil, n.Right)
	run := func(f *frame) (any, error) {
		v, err := left.run(f)
		if err != nil || v != nil {
			return v, err
		}
		return right.run(f)
	}
	return node{run: run, Type: types.Union(left.Without(isNil), right.Type), fixed: left.fixed && right.fixed}
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
		return node{run: run, Type: types.Of(isBool)}
	}
	operand := c.node(n.Node)
	if c.never(operand.Kinds, negatable) {
		c.fail(n.Location(), "%s does not work on %s", n.Operator, operand.Kinds.Names())
	}
	at, symbol, of := c.place(n), n.Operator, n.Node
	run := func(f *frame) (any, error) {
		v, err := operand.run(f)
		if err != nil {
			return nil, err
		}
		if symbol == "+" && negatable.Has(v) {
			return v, nil
		}
		if !negatable.Has(v) {
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
	return node{run: run, Type: types.Of(operand.Kinds & negatable), fixed: operand.fixed}
}
