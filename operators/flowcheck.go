package operators

import (
	"maps"
	"slices"
	"strings"

	"waterhealer/configs"
	"waterhealer/operators/expression"
	"waterhealer/operators/types"
)

// gives is what an expression gives for the records of a stream, of which more may
// be known. What is wrong with it is reported, once for all of them.
func (p *Plan) gives(written *configs.Expression, s stream, more expression.Known) types.Type {
	options := p.scope
	var told expression.Errors
	if compiled, broken := p.compiled[written], p.wrong[written]; compiled != nil {
		options.Names = compiled.names
	} else if broken != nil {
		options.Names, told = broken.names, broken.errors
	} else {
		return types.Any() // there is none
	}
	known := s.known()
	maps.Copy(known, more)
	gives, found := expression.Check(written.Source, options, known)
	found = further(told, found, written)
	if slices.ContainsFunc(found, func(f expression.Finding) bool { return f.Fails }) {
		p.failing++
	}
	if p.onlyFailing {
		found = slices.DeleteFunc(found, func(f expression.Finding) bool { return !f.Fails })
	}
	if found = found[:min(len(found), expression.MaxErrors-len(told))]; len(found) > 0 && p.unheard == 0 {
		_, anyway := expression.Check(written.Source, options, expression.Known{"topic": known["topic"]})
		for _, f := range found {
			p.mistake(written, f, s.says, anyway)
		}
	}
	return gives
}

// givesTree is gives for a mapping of expressions, too.
func (p *Plan) givesTree(written *configs.Tree, s stream, more expression.Known) types.Type {
	switch {
	case written == nil:
		return types.Any()
	case written.Expression != nil || len(written.Fields) == 0:
		return p.gives(written.Expression, s, more)
	}
	var fields types.Fields
	for _, f := range written.Fields {
		of := p.givesTree(f.Tree, s, more)
		if _, twice := fields.Find(f.Name); twice {
			return types.Of(types.Object)
		}
		fields.List = append(fields.List, types.Field{Name: f.Name, Type: of})
	}
	return types.ObjectOf(fields)
}

// mistake reports what is wrong with an expression. says is who knows the values
// that it sees; anyway is what is wrong with it whatever they are.
func (p *Plan) mistake(written *configs.Expression, f expression.Finding, says string, anyway []expression.Finding) {
	d := configs.Diagnostic{
		Position: written.At(f.Line, f.Column), Width: f.Width, Code: mistakeCodes[f.Mistake],
		Message: written.Hide(f.Message), Hint: written.Hint(written.Hide(f.Hint)),
	}
	if f.Warning {
		d.Severity = configs.Warning
	}
	known := !slices.ContainsFunc(anyway, func(other expression.Finding) bool { return other.Error == f.Error })
	if known && f.Mistake != expression.UnknownField && !strings.HasSuffix(d.Message, says) {
		d.Message += vouched(says)
	}
	p.finding(d)
}

//nolint:gochecknoglobals // a constant table
var mistakeCodes = map[expression.Mistake]string{
	expression.WrongKinds: configs.CodeWrongKind, expression.NeverHolds: configs.CodeNeverHolds,
	expression.UnknownField: configs.CodeUnknownField, expression.AlwaysFails: configs.CodeAlwaysFails,
}

// finding reports what is wrong for all records that may come, unless they were
// only guessed.
func (p *Plan) finding(d configs.Diagnostic) {
	if p.unheard > 0 {
		return
	}
	d.Width = max(d.Width, 1)
	p.problems = append(p.problems, d)
}
