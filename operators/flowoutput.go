package operators

import (
	"waterhealer/configs"
	"waterhealer/operators/types"
)

// keyFlow checks the key of the order, which is made of each record of a source.
func (p *Plan) keyFlow(flows map[*configs.Node]stream) {
	var all stream
	for _, n := range p.pipeline.Sources {
		all = either(all, either(flows[n], flows[n].single()))
	}
	if !all.none() {
		p.gives(p.pipeline.Settings.Expression("key"), all, nil)
	}
}

// outputFlow checks the expressions of an output for what comes to it.
func (p *Plan) outputFlow(output placedOutput, flows map[*configs.Node]stream) {
	s := p.reaching(output, flows)
	if s.none() {
		s = anything() // what it reads from is broken
	}
	n := output.node
	p.gives(n.Values.Expression("key"), s, nil)
	for _, h := range n.Values.Map("headers") {
		p.gives(h.Value.Expression(), s, nil)
	}
	if !n.Values.Alternative("topic") {
		return
	}
	written := n.Values.Object("topic").Expression("expr")
	if gives := p.gives(written, s, nil); gives.Kinds&types.String == 0 {
		p.finding(configs.Diagnostic{
			Position: written.Pos(), Width: widthOf(written), Code: configs.CodeWrongKind,
			Message: "a topic is a string; this gives " + gives.Kinds.String() + vouched(s.says), Hint: written.Hint("string(…) makes a text of a number"),
		})
	}
}

// reaching is what an output's expressions see: of batches each element.
func (p *Plan) reaching(output placedOutput, flows map[*configs.Node]stream) stream {
	var all stream
	switch {
	case output.dead:
		// The record as it came from its source, or nil where it could not be decoded.
		for _, n := range p.pipeline.Sources {
			all = either(all, flows[n].single())
		}
		all = either(all, values(types.Of(types.Nil), all.says))
		all.topic = types.Type{}
	case output.report:
		return reports()
	case output.sink != nil:
		for _, in := range output.sink.Inputs {
			all = either(all, p.from(output.sink, flows[in]).single())
		}
	}
	return all
}

// reports is what the reports of a healing sink say.
func reports() stream {
	const by = "as reports are"
	text := types.Of(types.String)
	return values(types.ObjectOf(types.Fields{Says: by, List: []types.Field{
		{Name: "topic", Type: text}, {Name: "partition", Type: types.Of(types.Int)}, {Name: "offset", Type: types.Of(types.Int)},
		{Name: "success", Type: types.Of(types.Bool)}, {Name: "reason", Type: text.With(types.Nil)}, {Name: "data", Type: types.Any()},
	}}), by)
}
