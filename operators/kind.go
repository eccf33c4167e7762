package operators

import (
	"waterhealer/configs"
	"waterhealer/engine"
)

// Kind is one kind of operator: what it is called and takes, and how it is made.
type Kind struct {
	Spec configs.Spec
	// State says that the operator sees one stream per process, in arrival order.
	State bool
	// Pairs says that it pairs neighbours: skipping finished records on a
	// restart would invent pairs, so its sources keep no map of holes.
	Pairs bool
	// Build makes the operator. Problems of its fields go to the builder.
	Build func(b *Builder) engine.Operator
}

// Builder is what a [Kind] makes its operator from.
type Builder struct {
	Node *configs.Node
	plan *Plan
}

// Problem reports an error at a field's value.
func (b *Builder) Problem(field, code, message, hint string) {
	b.plan.problem(configs.Diagnostic{
		Position: b.Node.Values.Pos(field), Width: b.Node.Values.Width(field),
		Code: code, Message: message, Hint: hint,
	})
}

// Expression compiles a field. names are further variables that it may use. It
// is nil when the field was left out or has a problem, which is reported.
func (b *Builder) Expression(field string, names ...string) *Expression {
	return b.plan.expression(b.Node.Values.Expression(field), names...)
}

// Workers is a field that says how many elements are worked on at once.
func (b *Builder) Workers(field string) int {
	if b.plan.inTurn {
		return 1
	}
	return int(b.Node.Values.Int(field))
}

// Tree compiles a field that is an expression or a mapping of expressions.
func (b *Builder) Tree(field string, names ...string) *Tree {
	return b.plan.tree(b.Node.Values.Tree(field), names...)
}
