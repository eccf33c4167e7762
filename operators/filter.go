package operators

import (
	"context"

	"waterhealer/configs"
	"waterhealer/engine"
)

func filterKind() Kind {
	return filtering("filter", "Lets records through for which the expression is true.", "filter: value.mag >= 4\n", true)
}

func removeKind() Kind {
	return filtering("remove", "Drops records for which the expression is true.", "remove: value.mag < 4\n", false)
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
			Given:   []string{`{"mag": 3.9}`, `{"mag": 4}`}, Gives: []string{`{"mag":4}`},
		},
		Flow: func(f *flow) stream {
			f.condition(f.node.Values.Expression("expr"), f.in(), nil)
			return f.in()
		},
		Build: func(b *Builder) engine.Operator {
			return &filterOperator{condition: b.Condition("expr"), keep: keep}
		},
	}
}

type filterOperator struct {
	condition *Expression
	keep      bool
}

// Process emits the record itself, or nothing.
func (f *filterOperator) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	v, fate, err := f.One(ctx, r)
	if err != nil {
		return err
	}
	fate.Emit(out, r, v)
	return nil
}

// One is the record itself, or nothing.
func (f *filterOperator) One(_ context.Context, r *engine.Record) (any, engine.Fate, error) {
	holds, err := f.condition.RunBool(r)
	if err != nil || holds != f.keep {
		return nil, engine.Dropped, err
	}
	return nil, engine.Passed, nil
}
