package operators

import (
	"waterhealer/configs"
	"waterhealer/operators/expression"
	"waterhealer/operators/types"
)

// flow is where a [Kind] says what it makes of the records that come to it,
// before any does, and has its expressions checked for them.
type flow struct {
	node   *configs.Node
	plan   *Plan
	inputs []stream // in the order of from; what Signal names is not among them
}

// flow finds out what flows between the nodes, and reports what cannot be right for
// any record.
func (p *Plan) flow() {
	flows := p.flows()
	p.keyFlow(flows)
	for _, output := range p.outputs() {
		p.outputFlow(output, flows)
	}
}

// flows is what each source and operator sends on.
func (p *Plan) flows() map[*configs.Node]stream {
	flows := make(map[*configs.Node]stream, len(p.pipeline.Sources)+len(p.pipeline.Operators))
	for _, n := range p.pipeline.Sources {
		flows[n] = p.brings(n)
	}
	for _, n := range inOrder(p.pipeline.Operators) {
		f := &flow{node: n, plan: p}
		for _, in := range n.Inputs {
			f.inputs = append(f.inputs, p.from(n, flows[in]))
		}
		flows[n] = f.through()
	}
	return flows
}

// from is what comes to a node from one that it reads: anything, where that stands
// in a circle with it, or where it reads from others that do not exist.
func (p *Plan) from(n *configs.Node, s stream) stream {
	if s.none() || n.From != nil && len(n.From) != len(n.Inputs) {
		return anything()
	}
	return s
}

// through is what the node sends on. Where its kind does not say, it may be
// anything.
func (f *flow) through() stream {
	kind := f.plan.kinds[f.node]
	if kind.Flow == nil || len(f.inputs) == 0 {
		return anything()
	}
	if s := kind.Flow(f); !s.none() {
		return s
	}
	return anything()
}

// in is all that comes, whatever the input.
func (f *flow) in() stream {
	var all stream
	for _, s := range f.inputs {
		all = either(all, s)
	}
	return all
}

// by is who makes what the node sends on, for messages.
func (f *flow) by() string { return "as " + f.node.Name + " makes it" }

// values is a stream of values that the node makes of nothing but what it knows.
func (f *flow) values(of types.Type) stream { return values(of.Made(f.by()), f.by()) }

// makes is a stream in which each record that comes has another value.
func (f *flow) makes(of types.Type) stream { return f.in().made(of.Made(f.by()), f.by()) }

// passesOn is the flow of kinds that send on what comes.
func passesOn(f *flow) stream { return f.in() }

// collects is the flow of kinds that make batches of what comes. key names a
// field with an expression over each record; "" is none.
func collects(key string) func(f *flow) stream {
	return func(f *flow) stream {
		f.expression(key)
		return f.in().batches()
	}
}

// expression checks a field for all that comes, if it was not left out.
func (f *flow) expression(field string) {
	f.plan.gives(f.node.Values.Expression(field), f.in(), nil)
}

// tree checks an expression or a mapping of expressions, in which more is known
// than what flows in s, and is what it gives.
func (f *flow) tree(field string, s stream, more expression.Known) types.Type {
	return f.plan.givesTree(f.node.Values.Tree(field), s, more)
}

// condition checks an expression that must be true or false.
func (f *flow) condition(written *configs.Expression, s stream, more expression.Known) {
	gives := f.plan.gives(written, s, more)
	if gives.Kinds&types.Bool != 0 || f.plan.neverBool(written) { // of that the builder spoke
		return
	}
	f.plan.finding(configs.Diagnostic{
		Position: written.Pos(), Width: widthOf(written), Code: configs.CodeNotBoolean,
		Message: f.node.Kind + " needs an expression that is true or false; this one gives " + gives.Kinds.String() + vouched(s.says),
		Hint:    written.Hint("compare it with something: ==, !=, <, in, …"),
	})
}

// fails reports that the node fails for all that comes.
func (f *flow) fails(message string) {
	f.plan.finding(configs.Diagnostic{
		Position: f.node.KindPos, Width: len(f.node.Kind), Code: configs.CodeWrongKind, Message: message,
	})
}

// vouched is who knows something, as the end of a message.
func vouched(says string) string {
	if says == "" {
		return ""
	}
	return ", " + says
}

// kindsOf names what comes, for messages; that it may also be nil goes without
// saying.
func kindsOf(t types.Type) string {
	if rest := t.Kinds &^ types.Nil; rest != 0 {
		return rest.String()
	}
	return t.Kinds.String()
}
