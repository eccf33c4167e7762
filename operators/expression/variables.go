package expression

import (
	"slices"
	"sort"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// variable is one of the names that every expression knows.
type variable struct {
	name  string
	kinds kinds
	run   eval
	Doc   string
}

// variables are the names that every expression knows, beside vars.
func variables() []variable {
	return []variable{
		{"value", anything, func(f *frame) (any, error) { return f.vars.Value, nil }, "the record's decoded value"},
		{"key", isString | isBytes | isNil, func(f *frame) (any, error) { return f.vars.Key, nil }, "the record's key, a string or nil"},
		{"headers", isObject | isNil, func(f *frame) (any, error) { return f.vars.Headers, nil }, "the record's headers, an object of strings; of equal names the last wins"},
		{"topic", isString | isNil, func(f *frame) (any, error) { return f.vars.Topic, nil }, "the topic that the record came from"},
		{"partition", isInt | isNil, func(f *frame) (any, error) { return ours(f.vars.Partition) }, "the partition that the record came from"},
		{"offset", isInt | isNil, func(f *frame) (any, error) { return ours(f.vars.Offset) }, "the record's offset"},
		{"timestamp", isTime | isNil, func(f *frame) (any, error) { return f.vars.Timestamp, nil }, "the record's time"},
	}
}

// VariableDoc is a name that expressions know, as the reference shows it.
type VariableDoc struct {
	Name, Doc string
	// Everywhere says that all expressions know it. Others are known where the
	// field of a node says so.
	Everywhere bool
}

// VariableDocs is the reference of all names.
func VariableDocs() []VariableDoc {
	var docs []VariableDoc
	for _, v := range variables() {
		docs = append(docs, VariableDoc{v.name, v.Doc, true})
	}
	return append(docs,
		VariableDoc{"vars", "the constants under `vars:` of the pipeline", true},
		VariableDoc{"index", "in `foreach_*`: the item's place from 0; in `generate`: the record's number from 0", false},
		VariableDoc{"state", "in `accumulate`: what it remembers", false},
	)
}

// ours takes a variable that may be a Go integer.
func ours(v any) (any, error) {
	switch v := v.(type) {
	case nil, int64:
		return v, nil
	case int:
		return int64(v), nil
	case int32:
		return int64(v), nil
	}
	return value.FromGo(v)
}

func (c *compiler) identifier(n *ast.IdentifierNode) node {
	for i := len(c.lets) - 1; i >= 0; i-- {
		if b := c.lets[i]; b.name == n.Value {
			if b.node.fixed {
				return b.node
			}
			return node{run: func(f *frame) (any, error) { return f.locals[b.slot], nil }, Type: b.node.Type}
		}
	}
	if c.names[n.Value] {
		return c.extra(n.Value)
	}
	for _, v := range variables() {
		if v.name == n.Value {
			c.program.reads[v.name] = true
			if v.name == "value" {
				c.program.wholes++ // until a field is taken of it
			}
			return node{run: v.run, Type: c.variable(v.name, v.kinds), isValue: v.name == "value"}
		}
	}
	if n.Value == "vars" {
		c.program.reads["vars"] = true
		vars := c.constant(c.program.options.Vars)
		vars.Type = vars.AnyText().Made("in vars") // its texts may be others elsewhere
		return vars
	}
	return c.unknownName(n)
}

func (c *compiler) extra(name string) node {
	c.program.reads[name] = true
	if name == "index" {
		return node{run: func(f *frame) (any, error) { return ours(f.vars.Index) }, Type: c.variable(name, isInt|isNil)}
	}
	return node{run: func(f *frame) (any, error) { return ours(f.vars.Extra[name]) }, Type: c.variable(name, anything)}
}

// known are the names in sight, sorted.
func (c *compiler) known() []string {
	names := []string{"vars", "true", "false", "nil"}
	for _, v := range variables() {
		names = append(names, v.name)
	}
	for name := range c.names {
		names = append(names, name)
	}
	for _, b := range c.lets {
		names = append(names, b.name)
	}
	sort.Strings(names)
	return names
}

func (c *compiler) unknownName(n *ast.IdentifierNode) node {
	hint, part := "", broken()
	switch n.Value {
	case "null", "None", "undefined":
		hint = "write nil"
	case "this", "self", "root", "record", "message", "msg", "event", "payload", "row", "doc":
		hint = "the record's value is called value"
	case "$env":
		hint = "$env is not available: name the variable itself"
	case "index":
		hint = "index is known inside foreach operators only; in a predicate write #index"
	default:
		if c.mistakes > manyMistakes {
			break
		} else if fn, ok := c.functions[n.Value]; ok {
			hint, part.foreign = "it is a function: "+fn.signature, true
		} else if way := wayOf(n.Value); way != "" {
			hint, part.foreign = way, true
		} else if loneName.MatchString(n.Value) && len(c.loops) > 0 {
			hint = "an item of the list is called #, a field of it #.NAME; a text is written \"" + n.Value + "\""
		} else if loneName.MatchString(n.Value) {
			hint = "the record's value is called value, a field of it value." + n.Value + "; a text is written \"" + n.Value + "\""
		} else if near := types.Nearest(n.Value, c.known()); near != "" {
			hint = "did you mean " + near + "?"
		} else {
			hint = "a field of the record is written value." + n.Value + ", a text is written \"" + n.Value + "\""
		}
	}
	c.failHint(n.Location(), hint, "unknown name %s", clip(n.Value))
	return part
}

// let binds a name for what follows.
func (c *compiler) let(n *ast.VariableDeclaratorNode) node {
	bound := c.node(n.Value)
	if _, ok := c.literal(bound); !ok {
		bound.fixed = false // it fails, and must do so even if it is not used
	}
	if !c.checkLet(n) {
		bound = broken() // what the name means from here on is anyone's guess
	}
	b := binding{name: n.Name, slot: c.slot(), node: bound}
	if !bound.fixed {
		b.node.run, b.node.path = nil, nil
	}
	c.lets = append(c.lets, b)
	body := c.node(n.Expr)
	c.lets = c.lets[:len(c.lets)-1]
	if bound.fixed {
		return body
	}
	run := func(f *frame) (any, error) {
		v, err := bound.run(f)
		if err != nil {
			return nil, err
		}
		f.locals[b.slot] = v
		return body.run(f)
	}
	return node{run: run, Type: body.Type}
}

// checkLet reports a name that has another meaning already.
func (c *compiler) checkLet(n *ast.VariableDeclaratorNode) bool {
	_, function := c.functions[n.Name]
	_, predicate := c.predicates[n.Name]
	switch {
	case function || predicate:
		c.fail(n.Location(), "cannot redeclare the function %s", n.Name)
	case slices.Contains(c.known(), n.Name):
		c.fail(n.Location(), "cannot redeclare the variable %s", n.Name)
	default:
		return true
	}
	return false
}
