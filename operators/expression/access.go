package expression

import (
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
)

// path reads fields of fields: base.a.b?.c.
type path struct {
	base    eval
	ofValue bool // base is the variable value
	steps   []step
}

// keys are those of the fields, from the outermost on.
func (p *path) keys() []string {
	keys := make([]string, len(p.steps))
	for i := range p.steps {
		keys[i] = p.steps[i].key
	}
	return keys
}

// step is one field of a path.
type step struct {
	key      string
	optional bool // written ?.
	bracket  bool // written ["key"]
	at       place
	of       ast.Node // what the field is read from, for messages
}

// access compiles a chain of fields, indexes, slices and methods. A `?.` that
// finds nil ends the whole chain.
func (c *compiler) access(n ast.Node) node {
	chain, optional := c.link(n)
	if !optional {
		return chain
	}
	run := chain.run
	chain.run = func(f *frame) (any, error) {
		v, err := run(f)
		if errors.Is(err, errSkip) {
			return nil, nil
		}
		return v, err
	}
	chain.Type = chain.With(isNil)
	chain.path = nil
	return chain
}

// link compiles one link of a chain and all before it, and says whether there
// is a `?.` among them.
func (c *compiler) link(n ast.Node) (chain node, optional bool) {
	switch n := n.(type) {
	case *ast.ChainNode:
		return c.link(n.Node)
	case *ast.MemberNode:
		if n.Optional {
			c.mayLack(n.Node)
		}
		base, optional := c.link(n.Node)
		c.behind(optional, func() {
			if key, ok := n.Property.(*ast.StringNode); ok {
				chain = c.field(n, base, key.Value)
			} else {
				chain = c.index(n, base)
			}
		})
		chain.foreign = base.foreign
		return chain, optional || n.Optional
	case *ast.SliceNode:
		base, optional := c.link(n.Node)
		c.behind(optional, func() { chain = c.slice(n, base) })
		return chain, optional
	case *ast.CallNode:
		if member, ok := n.Callee.(*ast.MemberNode); ok {
			base, optional := c.link(member.Node)
			c.behind(optional, func() { chain = c.method(n, member, base) })
			return chain, optional || member.Optional
		}
	}
	return c.node(n), false
}

func (c *compiler) field(n *ast.MemberNode, base node, key string) node {
	of, sure := c.readField(n, base, key)
	p := base.path
	if p == nil {
		p = &path{base: base.run, ofValue: base.isValue}
	}
	s := step{key: key, optional: n.Optional, at: c.place(n), of: n.Node}
	// In a.b, access and name are one token.
	s.bracket = n.Location() != n.Property.Location()
	p = &path{base: p.base, ofValue: p.ofValue, steps: append(slices.Clip(p.steps), s)}
	if p.ofValue {
		c.program.look(base.path, p)
	}
	return node{run: p.run(), Type: of, fixed: base.fixed && sure, path: p}
}

func (p *path) run() eval {
	base, steps, keys := p.base, p.steps, p.keys()
	return func(f *frame) (any, error) {
		v, err := base(f)
		if err != nil {
			return nil, err
		}
		if scalar, ok := value.Scalar(v, keys); ok {
			return scalar, nil
		}
		for i := range steps {
			o, ok := v.(*value.Object)
			if !ok {
				return nil, steps[i].refuse(v)
			}
			v, _ = o.Get(steps[i].key)
		}
		return v, nil
	}
}

// refuse says why the field cannot be read from v.
func (s *step) refuse(v any) error {
	if v == nil && s.optional {
		return errSkip
	}
	err := s.at.errorf("%s is %s, so it has no field %q", written(s.of), value.Kind(v), clip(s.key))
	_, list := v.([]any)
	switch {
	case v == nil && s.bracket:
		_ = err.hint("if it may be missing, write %s?.[%q]", written(s.of), clip(s.key))
	case v == nil:
		_ = err.hint("if it may be missing, write %s?.%s", written(s.of), clip(s.key))
	case list && s.bracket:
		_ = err.hint("the items of a list are read by an integer")
	case list:
		_ = err.hint("take an item with [0], or all of them with map(%s, .%s)", written(s.of), clip(s.key))
	}
	return err
}

// index compiles base[i]: an item of a list, a character of a string, a byte of
// bytes, or a field of an object by a computed name.
func (c *compiler) index(n *ast.MemberNode, base node) node {
	by := c.node(n.Property)
	gives, sure := c.readItem(n, base, by)
	at, optional, of := c.place(n), n.Optional, n.Node
	run := func(f *frame) (any, error) {
		v, err := base.run(f)
		if err != nil {
			return nil, err
		}
		if v == nil && optional {
			return nil, errSkip
		}
		i, err := by.run(f)
		if err != nil {
			return nil, err
		}
		return fetch(v, i, at, of)
	}
	return node{run: run, Type: gives, fixed: base.fixed && by.fixed && sure}
}

func fetch(v, i any, at place, of ast.Node) (any, error) {
	if o, ok := v.(*value.Object); ok {
		key, ok := i.(string)
		if !ok {
			return nil, at.errorf("%s is an object: its fields are read by a string, got %s", written(of), value.Kind(i))
		}
		field, _ := o.Get(key)
		return field, nil
	}
	size, ok := length(v)
	if !ok {
		err := at.errorf("%s is %s, so it has no items", written(of), value.Kind(v))
		if v == nil {
			_ = err.hint("if it may be missing, write %s?.[…]", written(of))
		}
		return nil, err
	}
	n, ok := integer(i)
	if !ok {
		return nil, at.errorf("%s is %s: its items are read by an integer, got %s", written(of), aKind(v), value.Kind(i))
	}
	item, ok := itemAt(v, size, n)
	if !ok {
		return nil, at.errorf("the index %d is out of range: %s has %d items", n, written(of), size).
			hint("get(…, %d) gives nil there", n)
	}
	return item, nil
}

// length is the number of items of a list, characters of a string or bytes.
func length(v any) (int, bool) {
	switch v := v.(type) {
	case []any:
		return len(v), true
	case string:
		return utf8.RuneCountInString(v), true
	case []byte:
		return len(v), true
	}
	return 0, false
}

// itemAt is an item by its number, from the end if it is negative.
func itemAt(v any, size int, n int64) (any, bool) {
	if n < 0 {
		n += int64(size)
	}
	if n < 0 || n >= int64(size) {
		return nil, false
	}
	switch v := v.(type) {
	case []any:
		return v[n], true
	case string:
		return characters(v, int(n), int(n)+1), true
	case []byte:
		return int64(v[n]), true
	}
	return nil, false
}

// characters is a part of a string, by the numbers of its characters.
func characters(s string, from, to int) string {
	return s[byteOffset(s, from):byteOffset(s, to)]
}

// byteOffset is where the n-th character starts.
func byteOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// integer reads an integer that fits 64 bits.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case value.Number:
		return v.Int()
	}
	return 0, false
}
