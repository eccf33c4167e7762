package expression

import (
	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// slice compiles base[from:to]; ends beyond the list mean its ends.
func (c *compiler) slice(n *ast.SliceNode, base node) node {
	gives := c.partOf(base.Type)
	if c.never(base.Kinds, isList|isString|isBytes) {
		c.fail(n.Location(), "%s is %s: only lists, strings and bytes have parts", written(n.Node), base.Kinds)
		gives = types.Any()
	}
	from, to := c.bound(n.From), c.bound(n.To)
	at, of := c.place(n), n.Node
	run := func(f *frame) (any, error) {
		v, err := base.run(f)
		if err != nil {
			return nil, err
		}
		size, ok := length(v)
		if !ok {
			return nil, at.errorf("%s is %s: only lists, strings and bytes have parts", written(of), value.Kind(v))
		}
		i, err := from.at(f, 0, size)
		if err != nil {
			return nil, err
		}
		j, err := to.at(f, size, size)
		if err != nil {
			return nil, err
		}
		return part(v, min(i, j), j), nil
	}
	return node{run: run, Type: gives, fixed: base.fixed && from.fixed() && to.fixed()}
}

func part(v any, from, to int) any {
	switch v := v.(type) {
	case []any:
		return v[from:to:to]
	case string:
		return characters(v, from, to)
	case []byte:
		return v[from:to:to]
	}
	return nil
}

// bound is one end of a slice; without a node it is the list's own end.
type bound struct {
	node  node
	place place
}

func (c *compiler) bound(n ast.Node) bound {
	if n == nil {
		return bound{}
	}
	b := bound{node: c.node(n), place: c.place(n)}
	if c.never(b.node.Kinds, isInt) {
		c.fail(n.Location(), "the end of a part is an integer, got %s", b.node.Kinds)
	}
	return b
}

func (b bound) fixed() bool { return b.node.run == nil || b.node.fixed }

// at is the place in a list of size items, counted from its end if negative.
func (b bound) at(f *frame, missing, size int) (int, error) {
	if b.node.run == nil {
		return missing, nil
	}
	v, err := b.node.run(f)
	if err != nil {
		return 0, err
	}
	i, ok := integer(v)
	if !ok {
		return 0, b.place.errorf("the end of a part is an integer, got %s", value.Kind(v))
	}
	if i < 0 {
		i += int64(size)
	}
	return int(min(max(i, 0), int64(size))), nil
}
