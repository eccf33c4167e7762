package operators

import (
	"slices"
	"strings"

	"waterhealer/configs"
	"waterhealer/operators/expression"
	"waterhealer/operators/types"
)

// wrong is an expression that does not compile: why not, the further variables that
// it may use, and what it gives whatever is meant by its mistakes.
type wrong struct {
	names  []string
	errors expression.Errors
	gives  types.Type
}

// neverBool says that an expression can be seen to give no boolean for any record.
func (p *Plan) neverBool(written *configs.Expression) bool {
	if e := p.compiled[written]; e != nil {
		return e.program.NeverBool()
	}
	w := p.wrong[written]
	return w != nil && w.gives.Kinds&types.Bool == 0
}

// misspelling is what keeps an expression from compiling.
func misspelling(written *configs.Expression, at *expression.Error) configs.Diagnostic {
	d := configs.Diagnostic{
		Position: written.At(at.Line, at.Column), Width: at.Width, Code: configs.CodeExpression,
		Message: written.Hide(at.Message), Hint: written.Hide(at.Hint),
	}
	if width, substituted := written.SubstitutedAt(at.Line, at.Column); substituted {
		d.Width, d.Message = width, "the substituted text is no expression here"
		d.Hint = "to use it as a text, put it in quotes: '\"${NAME}\"'; in expressions env(\"NAME\") is safer"
	}
	if written.Cut() && strings.HasPrefix(d.Message, "the expression ends") {
		d.Hint = "quote the expression: what stands behind ` #` is a comment to YAML"
	}
	d.Hint = written.Hint(d.Hint)
	return d
}

// further is what a check found beside what was told when the expression did not
// compile. What was substituted is not looked into any more.
func further(told expression.Errors, found []expression.Finding, written *configs.Expression) []expression.Finding {
	if len(told) == 0 {
		return found
	}
	return slices.DeleteFunc(found, func(f expression.Finding) bool {
		if written.Substituted() {
			if _, there := written.SubstitutedAt(f.Line, f.Column); there {
				return true
			}
		}
		return slices.ContainsFunc(told, func(e *expression.Error) bool { return e.Line == f.Line && e.Column == f.Column })
	})
}
