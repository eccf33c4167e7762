package operators

import (
	"slices"

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
	// Forgets says that it remembers more than the records that it holds, and
	// starts empty after a restart.
	Forgets bool
	// Passes says that, although it sees one stream, what it makes of a record does
	// not depend on those before it: it only keeps order, time or load.
	Passes bool
	// Each says that one record comes out for each that goes in.
	Each bool
	// Window names a field that says for how many records a batch waits.
	Window string
	// Key names a field by which what it emits is kept in order per key.
	Key string
	// Signal names a field that names a node which is one more input, behind those
	// of `from`.
	Signal string
	// Joins says that it brings several inputs together: their sources are
	// committed together.
	Joins bool
	// Flow says what it makes of the records that come to it, as far as can be known
	// before any does, and checks its expressions for them. nil is anything.
	Flow func(f *flow) stream
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

// Expression compiles a field. names are further variables that it may use, beside
// those that its spec lists. It is nil when the field was left out or has a problem,
// which is reported.
func (b *Builder) Expression(field string, names ...string) *Expression {
	return b.plan.expression(b.Node.Values.Expression(field), b.variables(field, names)...)
}

func (b *Builder) variables(field string, names []string) []string {
	return slices.Concat(b.Node.Variables(field), names)
}

// Workers is a field that says how many elements are worked on at once.
func (b *Builder) Workers(field string) int {
	if b.plan.inTurn {
		return 1
	}
	return int(b.Node.Values.Int(field))
}

// Condition compiles a field that must be true or false.
func (b *Builder) Condition(field string, names ...string) *Expression {
	return b.condition(b.Node.Values.Expression(field), b.variables(field, names)...)
}

func (b *Builder) condition(written *configs.Expression, names ...string) *Expression {
	condition := b.plan.expression(written, names...)
	if b.plan.neverBool(written) {
		b.plan.problem(configs.Diagnostic{
			Position: written.Pos(), Width: widthOf(written), Code: configs.CodeNotBoolean,
			Message: b.Node.Kind + " needs an expression that is true or false; this one never is",
			Hint:    written.Hint("compare it with something: ==, !=, <, in, …"),
		})
	}
	return condition
}

// Tree compiles a field that is an expression or a mapping of expressions.
func (b *Builder) Tree(field string, names ...string) *Tree {
	return b.plan.tree(b.Node.Values.Tree(field), b.variables(field, names)...)
}
