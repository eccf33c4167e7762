package expression

import (
	"fmt"
	"slices"
	"sort"

	"github.com/expr-lang/expr/ast"

	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

// function is one entry of the table of functions. What it takes is checked
// before it is called, so that call can rely on it.
type function struct {
	name      string
	signature string // as a user reads it
	doc       string
	examples  []string // expressions that are true
	takes     []kinds
	// optional is how many of the last arguments may be left out.
	optional int
	// rest says that the last argument may be repeated.
	rest  bool
	gives kinds
	// changing says that equal arguments may give another result.
	changing bool
	// call must not keep args.
	call func(f *frame, args []any) (any, error)
}

// FunctionDoc is a function as the reference shows it.
type FunctionDoc struct {
	Name, Signature, Doc string
	Examples             []string // expressions that are true
}

// FunctionDocs is the reference of all functions, sorted by name.
func FunctionDocs() []FunctionDoc {
	var docs []FunctionDoc
	for _, fn := range functions() {
		docs = append(docs, FunctionDoc{fn.name, fn.signature, fn.doc, fn.examples})
	}
	for _, p := range predicates() {
		docs = append(docs, FunctionDoc{p.name, p.signature, p.doc, p.examples})
	}
	sort.Slice(docs, func(i, j int) bool { return docs[i].Name < docs[j].Name })
	return docs
}

// functions is the one list of functions; those with a predicate are in
// predicates.go, where the arguments are not computed first.
func functions() []*function {
	return slices.Concat(textFunctions(), numberFunctions(), bitFunctions(), listFunctions(),
		objectFunctions(), timeFunctions(), conversions(), ownFunctions())
}

// external is a function that the caller adds.
func external(name string, call func(args ...any) (any, error)) *function {
	return &function{
		name:      name,
		signature: name + "(…)",
		takes:     []kinds{anything},
		optional:  1,
		rest:      true,
		gives:     anything,
		changing:  true,
		call: func(_ *frame, args []any) (any, error) {
			v, err := call(slices.Clone(args)...)
			if err != nil {
				return nil, err
			}
			return value.FromGo(v)
		},
	}
}

// builtin compiles a call of what expr's parser takes for a function of expr.
func (c *compiler) builtin(n *ast.BuiltinNode) node {
	c.program.calls[n.Name] = true
	if p, ok := c.predicates[n.Name]; ok {
		return c.predicate(n, p)
	}
	fn, ok := c.functions[n.Name]
	if !ok {
		return c.unknownFunction(n, n.Name, n.Arguments)
	}
	if first, ok := firstOf(n.Arguments).(*ast.BuiltinNode); ok && n.Name == "date" && first.Name == "timezone" {
		c.failHint(n.Location(), "write date(text, layout, zone)", "date takes the time zone last")
		c.nodes(n.Arguments[1:])
		return broken()
	}
	return c.apply(n, fn, n.Arguments)
}

func firstOf(nodes []ast.Node) ast.Node {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[0]
}

// call compiles a call of a name that expr's parser does not know, or of a
// method.
func (c *compiler) call(n *ast.CallNode) node {
	switch callee := n.Callee.(type) {
	case *ast.MemberNode:
		return c.access(n)
	case *ast.IdentifierNode:
		c.program.calls[callee.Value] = true
		if fn, ok := c.functions[callee.Value]; ok {
			return c.apply(n, fn, n.Arguments)
		}
		return c.unknownFunction(callee, callee.Value, n.Arguments)
	}
	c.fail(n.Location(), "this is not a function")
	c.nodes(append([]ast.Node{n.Callee}, n.Arguments...))
	return broken()
}

// unknownFunction reports a call of what is no function. What is in its
// parentheses is looked at, too, unless all of it is written otherwise here.
func (c *compiler) unknownFunction(n ast.Node, name string, arguments []ast.Node) node {
	if slices.Contains(c.known(), name) {
		c.fail(n.Location(), "%s is a variable, not a function", name)
		c.nodes(arguments)
		return broken()
	}
	hint := wayOf(name)
	if near := c.nearestFunction(name); hint == "" && near != "" {
		hint = "did you mean " + near + "?"
	}
	c.failHint(n.Location(), hint, "unknown function %s", clip(name))
	if keepsArguments(name) {
		c.nodes(arguments)
	}
	return broken()
}

// nearestFunction is one that is written almost so, or "".
func (c *compiler) nearestFunction(name string) string {
	if c.mistakes > manyMistakes {
		return ""
	}
	names := make([]string, 0, len(c.functions)+len(c.predicates))
	for known := range c.functions {
		names = append(names, known)
	}
	for known := range c.predicates {
		names = append(names, known)
	}
	sort.Strings(names)
	return types.Nearest(name, names)
}

// argument is a compiled argument of a call.
type argument struct {
	run   eval
	takes kinds
	place place
	node  ast.Node
	given types.Type
}

// apply compiles a call of a function.
func (c *compiler) apply(n ast.Node, fn *function, nodes []ast.Node) node {
	if !c.checkCount(n, fn, len(nodes)) {
		c.nodes(nodes)
		return broken()
	}
	args, fixed := c.arguments(fn, nodes)
	return c.applyTo(n, fn, args, fixed)
}

// arguments compiles what is in the parentheses, and says whether all of it is
// the same for every record.
func (c *compiler) arguments(fn *function, nodes []ast.Node) (args []argument, fixed bool) {
	args, fixed = make([]argument, len(nodes)), true
	for i, written := range nodes {
		if fn.name == "get" && i == 0 {
			c.mayLack(written)
		}
		arg := c.node(written)
		takes := fn.takes[min(i, len(fn.takes)-1)]
		if c.never(arg.Kinds, takes) {
			c.failHint(written.Location(), listHint(arg.Kinds&^takes), "%s needs %s, got %s", fn.name, takes, arg.Kinds.Names())
		}
		args[i] = argument{arg.run, takes, c.place(written), written, arg.Type}
		fixed = fixed && arg.fixed
	}
	return args, fixed
}

func (c *compiler) applyTo(n ast.Node, fn *function, args []argument, fixed bool) node {
	at := c.place(n)
	run := func(f *frame) (any, error) {
		base, work := len(f.args), 0
		for i := range args {
			v, err := args[i].run(f)
			if err == nil && !args[i].takes.Has(v) {
				err = args[i].refuse(fn, v)
			}
			if err != nil {
				f.args = f.args[:base]
				return nil, err
			}
			f.args = append(f.args, v)
			work += scanWork(v)
		}
		if err := f.spend(work); err != nil {
			f.args = f.args[:base]
			return nil, at.wrap(err)
		}
		v, err := fn.call(f, f.args[base:])
		f.args = f.args[:base]
		if err != nil {
			return nil, at.wrap(err)
		}
		return v, nil
	}
	if fn.name == "env" && fixed {
		run = once(run)
		fixed = c.check == nil // where it is checked, it may not be set
	}
	return node{run: run, Type: c.functionGives(fn, args), fixed: fixed && !fn.changing}
}

func (a *argument) refuse(fn *function, v any) error {
	err := a.place.errorf("%s needs %s, got %s", fn.name, a.takes, value.Kind(v))
	if v == nil {
		err.Message += fmt.Sprintf(": %s is nil", written(a.node))
		_ = err.hint("?? gives a value in place of nil")
	}
	return err
}

func (c *compiler) checkCount(n ast.Node, fn *function, count int) bool {
	least, most := len(fn.takes)-fn.optional, len(fn.takes)
	if count >= least && (count <= most || fn.rest) {
		return true
	}
	c.failHint(n.Location(), fn.signature, "%s takes %s, got %d", fn.name, argumentCount(least, most, fn.rest), count)
	return false
}

func argumentCount(least, most int, rest bool) string {
	switch {
	case rest:
		return fmt.Sprintf("at least %s", counted(least))
	case least == most:
		return counted(least)
	}
	return fmt.Sprintf("%d to %s", least, counted(most))
}

func counted(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}
