package operators

import (
	"waterhealer/configs"
	"waterhealer/operators/expression"
	"waterhealer/operators/types"
)

// brings is what is known of the records of a source: what its schema says or,
// where it has none, what a sample shows, else what its decoder or its expression
// makes.
func (p *Plan) brings(n *configs.Node) stream {
	s := decoded(n)
	if n.Kind == "generate" {
		by := "as " + n.Name + " makes it"
		s = values(p.gives(n.Values.Expression("value"), unfed(), without()).Made(by), by)
	}
	schema, says := p.schemaOf(n)
	sampled := p.sampled[n.Name]
	switch {
	case says:
		if types.Both(schema, s.value).Empty() {
			p.problems = append(p.problems, neverFits(n, s))
		}
		s = values(schema, bySchema)
		if sampled != nil {
			p.problems = append(p.problems, sampled.unlike(n)...)
		}
	case sampled != nil:
		s = values(sampled.of(), sampled.says())
	}
	if s.value.Empty() {
		s = values(types.Any(), "")
	}
	if n.Kind != "kafka" && n.Kind != "kafka_batched" {
		return s
	}
	s.value = s.value.With(types.Nil) // a null payload, whatever the codec
	if topics := n.Values.Strings("topics"); len(topics) > 0 {
		s.topic = types.TextOf(topics...)
	}
	if n.Kind == "kafka_batched" {
		return s.batches()
	}
	return s
}

// neverFits reports a schema that no record can be as.
func neverFits(n *configs.Node, decoded stream) configs.Diagnostic {
	at := n.Common.Part("schema", nil, false)
	d := configs.Diagnostic{Position: at.Pos, Width: at.Width, Code: configs.CodeSchema, Message: "no value is as this schema says"}
	if !decoded.value.Unknown() {
		d.Message += ": records are " + decoded.value.Kinds.String() + vouched(decoded.says)
	}
	d.Hint = at.Hint("")
	return d
}

// decoded is what a source's decoder makes.
func decoded(n *configs.Node) stream {
	rows := types.ListOf(types.Of(types.String))
	switch codec := sourceCodec(n); {
	case codec == codecText:
		return values(types.Of(types.String), "with decode: text")
	case codec == codecBytes:
		return values(types.Of(types.Bytes), "with decode: bytes")
	case codec == codecCSV:
		return values(rows, "with decode: csv")
	case codec == "" && n.Values.String("format") == "csv" && n.Values.Bool("header"):
		return values(types.ObjectOf(types.Fields{Rest: types.Of(types.String)}), "with format: csv")
	case codec == "" && n.Values.String("format") == "csv":
		return values(rows, "with format: csv")
	}
	return values(types.Any(), "")
}

// unfed is what expressions see that are computed without a record.
func unfed() stream {
	none := types.Of(types.Nil)
	return stream{value: none, topic: none}
}

// without is what else they see.
func without() expression.Known {
	none := types.Of(types.Nil)
	return expression.Known{
		"key": none, "partition": none, "offset": none, "timestamp": none, "index": types.Of(types.Int),
		"headers": types.ObjectOf(types.Fields{Rest: types.Of(types.String)}),
	}
}
