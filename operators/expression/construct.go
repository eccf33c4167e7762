package expression

import (
	"regexp"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// maxRange is how many numbers from..to may give.
const maxRange = 1_000_000

// numbers compiles from..to.
func (c *compiler) numbers(n *ast.BinaryNode) node {
	from, to := c.node(n.Left), c.node(n.Right)
	if c.never(from.Kinds, isInt) || c.never(to.Kinds, isInt) {
		c.fail(n.Location(), ".. needs integers, got %s and %s", from.Kinds.Names(), to.Kinds.Names())
	}
	at := c.place(n)
	run := func(f *frame) (any, error) {
		a, err := from.run(f)
		if err != nil {
			return nil, err
		}
		b, err := to.run(f)
		if err != nil {
			return nil, err
		}
		i, ok := integer(a)
		j, also := integer(b)
		if !ok || !also {
			return nil, at.errorf(".. needs integers, got %s and %s", value.Kind(a), value.Kind(b))
		}
		return f.numbers(at, i, j)
	}
	c.refuseRange(n, from, to)
	return node{run: run, Type: types.Of(isList), fixed: from.fixed && to.fixed}
}

// refuseRange finds a range that is too long before any record is read.
func (c *compiler) refuseRange(n *ast.BinaryNode, from, to node) {
	a, ok := c.literal(from)
	b, also := c.literal(to)
	if !ok || !also {
		return
	}
	i, ok := integer(a)
	j, also := integer(b)
	if ok && also && tooLong(i, j) {
		c.fail(n.Location(), "the range %d..%d has more than %d numbers", i, j, maxRange)
	}
}

func tooLong(i, j int64) bool {
	return j >= i && uint64(j)-uint64(i) >= maxRange
}

func (f *frame) numbers(at place, i, j int64) (any, error) {
	if j < i {
		return []any{}, nil
	}
	if tooLong(i, j) {
		return nil, at.errorf("the range %d..%d has more than %d numbers", i, j, maxRange)
	}
	size := int(j-i) + 1
	if err := f.spend(size * itemWork); err != nil {
		return nil, at.wrap(err)
	}
	list := make([]any, size)
	for k := range list {
		list[k] = i + int64(k)
	}
	return list, nil
}

// matches compiles text matches pattern; a pattern that is written out is
// checked and compiled once.
func (c *compiler) matches(n *ast.BinaryNode) node {
	left, right := c.node(n.Left), c.node(n.Right)
	m := mismatch{c.place(n), n}
	if c.never(left.Kinds, isString|isBytes) || c.never(right.Kinds, isString) {
		c.fail(n.Location(), "matches does not work on %s and %s", left.Kinds.Names(), right.Kinds.Names())
	}
	var ready *regexp.Regexp
	if text, ok := c.literal(right); ok {
		if pattern, ok := text.(string); ok {
			var err error
			if ready, err = regexp.Compile(pattern); err != nil {
				c.fail(n.Right.Location(), "%s", badPattern(err))
			}
		}
	}
	run := func(f *frame) (any, error) {
		a, err := left.run(f)
		if err != nil {
			return nil, err
		}
		re := ready
		if re == nil {
			b, err := right.run(f)
			if err != nil {
				return nil, err
			}
			pattern, ok := b.(string)
			if !ok {
				return nil, m.explain(errKinds, a, b)
			}
			if re, err = regexp.Compile(pattern); err != nil {
				return nil, m.place.errorf("%s", badPattern(err))
			}
		}
		if err := f.spend(scanWork(a)); err != nil {
			return nil, m.place.wrap(err)
		}
		switch a := a.(type) {
		case string:
			return re.MatchString(a), nil
		case []byte:
			return re.Match(a), nil
		}
		return nil, m.explain(errKinds, a, "")
	}
	return node{run: run, Type: types.Of(isBool), fixed: left.fixed && right.fixed}
}

func badPattern(err error) string { return "bad pattern: " + err.Error() }

func (c *compiler) conditional(n *ast.ConditionalNode) node {
	of := "?:"
	if !n.Ternary {
		of = "if"
	}
	cond := c.truth(n.Cond, of)
	yes, no := c.sometimes(n.Cond, n.Exp1), c.sometimes(n.Cond, n.Exp2)
	run := func(f *frame) (any, error) {
		b, err := cond(f)
		if err != nil {
			return nil, err
		}
		if b {
			return yes.run(f)
		}
		return no.run(f)
	}
	return node{run: run, Type: types.Union(yes.Type, no.Type)}
}

func (c *compiler) sequence(n *ast.SequenceNode) node {
	parts := make([]eval, len(n.Nodes))
	var last node
	for i := range n.Nodes {
		last = c.node(n.Nodes[i])
		parts[i] = last.run
	}
	run := func(f *frame) (v any, err error) {
		for _, part := range parts {
			if v, err = part(f); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
	return node{run: run, Type: last.Type}
}

func (c *compiler) array(n *ast.ArrayNode) node {
	items, fixed := make([]eval, len(n.Nodes)), true
	gives := make([]types.Type, len(n.Nodes))
	for i := range n.Nodes {
		item := c.node(n.Nodes[i])
		items[i], gives[i] = item.run, item.Type
		fixed = fixed && item.fixed
	}
	at := c.place(n)
	run := func(f *frame) (any, error) {
		if err := f.spend(len(items) * itemWork); err != nil {
			return nil, at.wrap(err)
		}
		list := make([]any, len(items))
		for i, item := range items {
			v, err := item(f)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	}
	return node{run: run, Type: c.tuple(gives), fixed: fixed}
}

// pair is one key of an object literal.
type pair struct {
	name  string
	key   eval // nil where the name is written out
	value eval
	at    place
	gives types.Type
}

func (c *compiler) object(n *ast.MapNode) node {
	pairs, fixed := make([]pair, len(n.Pairs)), true
	for i := range n.Pairs {
		written, ok := n.Pairs[i].(*ast.PairNode)
		if !ok {
			c.fail(n.Pairs[i].Location(), "this is not a key and a value")
			continue
		}
		v := c.node(written.Value)
		pairs[i] = pair{value: v.run, at: c.place(written.Key), gives: v.Type}
		fixed = fixed && v.fixed
		if name, ok := written.Key.(*ast.StringNode); ok {
			pairs[i].name = c.name(name)
			continue
		}
		key := c.node(written.Key)
		if c.never(key.Kinds, isString) {
			c.fail(written.Key.Location(), "a key is a string, got %s", key.Kinds)
		}
		pairs[i].key = key.run
		fixed = fixed && key.fixed
	}
	at := c.place(n)
	run := func(f *frame) (any, error) {
		if err := f.spend(len(pairs) * itemWork); err != nil {
			return nil, at.wrap(err)
		}
		return f.object(pairs)
	}
	return node{run: run, Type: c.fieldsOf(pairs), fixed: fixed}
}

func (c *compiler) name(n *ast.StringNode) string {
	c.text(n)
	return n.Value
}

func (f *frame) object(pairs []pair) (any, error) {
	o := value.NewObject(len(pairs))
	for i := range pairs {
		p := &pairs[i]
		name := p.name
		if p.key != nil {
			key, err := p.key(f)
			if err != nil {
				return nil, err
			}
			text, ok := key.(string)
			if !ok {
				return nil, p.at.errorf("a key is a string, got %s", value.Kind(key))
			}
			name = text
		}
		v, err := p.value(f)
		if err != nil {
			return nil, err
		}
		o.Set(name, v)
	}
	return o, nil
}
