package operators

import (
	"context"

	"waterhealer/configs"
	"waterhealer/engine"
)

func filterKind() Kind {
	return filtering("filter", "Lets records through for which the expression is true.", "filter: value.properties.mag >= 4\n", true)
}

func removeKind() Kind {
	return filtering("remove", "Drops records for which the expression is true.", "remove: value.status == \"deleted\"\n", false)
}

// filtering is filter, or its opposite.
func filtering(kind, summary, example string, keep bool) Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: kind,
			Summary:  summary,
			Doc:      "The expression must give true or false: nil or anything else is that record's error, never a silent drop.",
			Finished: "dropped: at once; let through: with what comes after",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeExpression, Required: true, Doc: "The condition."},
			},
			Short:   "expr",
			Example: example,
		},
		Build: func(b *Builder) engine.Operator {
			condition := b.Expression("expr")
			if condition != nil && condition.program.NeverBool() {
				b.plan.problem(configs.Diagnostic{
					Position: condition.written.Pos(), Width: condition.width(), Code: configs.CodeNotBoolean,
					Message: kind + " needs an expression that is true or false; this one never is",
					Hint:    "compare it with something: ==, !=, <, in, …",
				})
			}
			return &filterOperator{condition: condition, keep: keep}
		},
	}
}

type filterOperator struct {
	condition *Expression
	keep      bool
}

// Process emits the record itself, or nothing.
func (f *filterOperator) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	holds, err := f.condition.RunBool(r)
	if err != nil {
		return err
	}
	if holds == f.keep {
		out.Emit(r)
	}
	return nil
}
