package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"waterhealer/operators/types"
)

// Known is what is known of an expression's variables before a record comes. A
// name that is not in it may be all that it can be.
type Known map[string]types.Type

// Mistake is the sort of a [Finding].
type Mistake int

// The sorts of mistakes.
const (
	// WrongKinds: a part is given what it does not work on.
	WrongKinds Mistake = iota
	// NeverHolds: a comparison of what can never be equal or has no order.
	NeverHolds
	// UnknownField: a field is read that there never is.
	UnknownField
	// AlwaysFails: a part fails that is the same for every record.
	AlwaysFails
)

// Finding is what a check found.
type Finding struct {
	Error
	Mistake Mistake
	// Warning says that records may come for which it does not matter.
	Warning bool
	// Fails says that the whole expression fails for every record.
	Fails bool
}

// Check finds what is wrong with an expression for all records of which known
// holds, in the order of their places, and what it gives for them. Of an expression that does not compile it
// also says what [Compile] says, and nothing where that is its syntax.
//
// What fails, or a comparison that cannot hold, is an error where it is computed
// for every record, and a warning in a part that is not: behind ?:, && and ||,
// ??, and over the items of a list. A comparison is an error there, too, and so
// is a field that there never is: neither can be meant. It is a warning where the
// expression provides for its absence, and in such a part where only a sample
// says so.
func Check(source string, o Options, known Known) (gives types.Type, found []Finding) {
	defer func() {
		if r := recover(); r != nil {
			gives, found = types.Any(), nil
		}
	}()
	return examine(source, o, known)
}

func examine(source string, o Options, known Known) (gives types.Type, found []Finding) {
	c := newCompiler(source, o)
	c.check = &checking{known: known, noted: make(map[Finding]bool), lacks: make(map[ast.Node]bool)}
	tree := c.parse(source)
	if tree == nil {
		return types.Any(), nil
	}
	root := c.node(tree)
	slices.SortStableFunc(c.check.found, func(a, b Finding) int { return inOrder(&a.Error, &b.Error) })
	return root.Type, c.check.found
}

// checking is what a compiler knows and finds when it checks.
type checking struct {
	known Known
	found []Finding
	noted map[Finding]bool // the same, to say nothing twice
	// doubt counts the conditions around a part, asked those of them that ask for
	// the type of something.
	doubt, asked int
	// lacks are parts for whose absence the expression provides: a in a ?? b.
	lacks map[ast.Node]bool
}

// finding is a [Finding] before it has its place.
type finding struct {
	at            file.Location
	hint, message string
	mistake       Mistake
	fails         bool // the part fails whenever it is computed
	minor         bool // it is a warning in any case
}

func (c *compiler) find(f finding) {
	k := c.check
	p := c.lines.place(f.at)
	meant := f.mistake == WrongKinds || f.mistake == AlwaysFails
	c.note(Finding{
		Error:   Error{Line: p.line, Column: p.column, Width: p.width, Message: f.message, Hint: f.hint},
		Mistake: f.mistake,
		Warning: f.minor || k.asked > 0 || meant && k.doubt > 0,
		Fails:   f.fails && k.doubt == 0,
	})
}

func (c *compiler) note(f Finding) {
	c.mistakes++
	if !c.check.noted[f] {
		c.check.noted[f] = true
		c.check.found = append(c.check.found, f)
	}
}

// failsAlways notes that a fixed part failed, unless that was too much work for
// now.
func (c *compiler) failsAlways(f *frame, err error) {
	var at *RuntimeError
	if f.budget < 0 || errors.Is(err, errSkip) || !errors.As(err, &at) {
		return
	}
	c.note(Finding{
		Error:   Error{Line: max(at.Line, 1), Column: at.Column, Width: max(at.Width, 1), Message: at.Message, Hint: at.Hint},
		Mistake: AlwaysFails,
		Warning: c.check.doubt > 0,
		Fails:   c.check.doubt == 0,
	})
}

// never says that what is of the kinds of k is never of the wanted ones.
func (c *compiler) never(k, want kinds) bool {
	if c.check != nil {
		return k&want == 0
	}
	return k.Never(want)
}

// variable is what is known of a variable that may be of some kinds.
func (c *compiler) variable(name string, k kinds) types.Type {
	if c.check == nil {
		return types.Of(k)
	}
	if t, ok := c.check.known[name]; ok {
		if both := types.Both(t, types.Of(k)); !both.Empty() {
			return both
		}
	}
	if name == "headers" {
		return types.ObjectOf(types.Fields{Rest: types.Of(isString)}).With(k &^ isObject)
	}
	return types.Of(k)
}

// inDoubt compiles a part that is not computed for every record. guard is the
// condition that stands before it, nil if there is none.
func (c *compiler) inDoubt(guard ast.Node, compile func()) {
	if c.check == nil {
		compile()
		return
	}
	asks := 0
	if guard != nil && asksForType(guard) {
		asks = 1
	}
	c.check.doubt++
	c.check.asked += asks
	compile()
	c.check.doubt--
	c.check.asked -= asks
}

// sometimes is a part that is not computed for every record.
func (c *compiler) sometimes(guard, n ast.Node) (part node) {
	c.inDoubt(guard, func() { part = c.node(n) })
	return part
}

// asksForType says that type(…) is called in a condition: what follows is then
// for values that no one foresaw.
func asksForType(guard ast.Node) bool {
	v := &typeCalls{}
	ast.Walk(&guard, v)
	return v.found
}

type typeCalls struct{ found bool }

func (v *typeCalls) Visit(n *ast.Node) {
	if call, ok := (*n).(*ast.BuiltinNode); ok && call.Name == "type" {
		v.found = true
	}
}

// mayLack notes that the expression provides for the absence of a part.
func (c *compiler) mayLack(n ast.Node) {
	if c.check == nil {
		return
	}
	if chain, ok := n.(*ast.ChainNode); ok {
		n = chain.Node
	}
	c.check.lacks[n] = true
}

// compare notes a comparison for equality that is the same for every record.
func (c *compiler) compare(n *ast.BinaryNode, left, right node) {
	if c.check == nil || n.Operator != "==" && n.Operator != "!=" || left.fixed && right.fixed {
		return
	}
	a, b := left.Without(isNil), right.Without(isNil)
	if a.Empty() || b.Empty() || left.Kinds&right.Kinds&isNil != 0 {
		return // it is one with nil, or both may be nil
	}
	common := widen(a.Kinds) & widen(b.Kinds)
	result := "never holds"
	if n.Operator == "!=" {
		result = "always holds"
	}
	switch {
	case common == 0:
		c.find(finding{at: n.Location(), mistake: NeverHolds, hint: conversion(a.Kinds, b.Kinds),
			message: fmt.Sprintf("%s %s: %s is %s, %s is %s", n.Operator, result, written(n.Left), a.Kinds, written(n.Right), b.Kinds)})
	case common == isString && a.Texts() != nil && b.Texts() != nil && !meet(a.Texts(), b.Texts()):
		of, at, texts, other := n.Left, n.Right, a.Texts(), b.Texts()
		if left.fixed {
			of, at, texts, other = n.Right, n.Left, b.Texts(), a.Texts()
		}
		c.find(finding{at: at.Location(), mistake: NeverHolds, hint: choices(other, texts),
			message: fmt.Sprintf("%s %s: %s is never %s", n.Operator, result, written(of), written(at))})
	}
}

// widen makes integers and floats one kind.
func widen(k kinds) kinds {
	if k&isNumber != 0 {
		k |= isNumber
	}
	return k
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// conversion is how a text and a number come together.
func conversion(a, b kinds) string {
	a, b = a&^isNil, b&^isNil
	if a == isString && b != 0 && b&^isNumber == 0 || b == isString && a != 0 && a&^isNumber == 0 {
		return "string(…) makes a text of a number, int(…) and float(…) a number of a text"
	}
	return ""
}

// choices is a hint of what may be written instead.
func choices(wrong, known []string) string {
	const most = 12
	if len(wrong) == 1 && len(wrong[0]) < 100 {
		if near := types.Nearest(wrong[0], known); near != "" {
			return fmt.Sprintf("did you mean %s?", near)
		}
	}
	switch {
	case len(known) == 0:
		return ""
	case len(known) > most:
		return "known here: " + strings.Join(known[:most], ", ") + ", …"
	}
	return "known here: " + strings.Join(known, ", ")
}
