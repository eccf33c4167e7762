package operators

import (
	"context"

	"waterhealer/configs"
	"waterhealer/engine"
)

func mapKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "map",
			Summary:  "Makes a new value of each value.",
			Doc:      "Takes one expression, or a mapping of expressions that makes an object with the fields in that order. On a batch, `value` is the list of its elements' values, and the result is one value that is finished only with all of them.",
			Finished: "when what was made of it is finished",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeTree, Required: true, Doc: "The new value: an expression, or a mapping (nested as you like) of expressions."},
			},
			Short: "expr", ShortMapping: true,
			Example: "map:\n  id: value.id\n  magnitude: value.mag\n",
			Given:   []string{`{"mag": 4.5, "id": "us1"}`}, Gives: []string{`{"id":"us1","magnitude":4.5}`},
		},
		Each:  true,
		Flow:  mapped,
		Build: func(b *Builder) engine.Operator { return &mapOperator{tree: b.Tree("expr")} },
	}
}

// mapped is the flow of kinds that make a value of each value.
func mapped(f *flow) stream { return f.makes(f.tree("expr", f.in(), nil)) }

type mapOperator struct{ tree *Tree }

// Process emits the mapped record.
func (m *mapOperator) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	v, fate, err := m.One(ctx, r)
	if err != nil {
		return err
	}
	fate.Emit(out, r, v)
	return nil
}

// One is the mapped record.
func (m *mapOperator) One(_ context.Context, r *engine.Record) (any, engine.Fate, error) {
	result, err := m.tree.Run(r)
	switch {
	case err != nil:
		return nil, engine.Dropped, err
	case r.Batch == nil && m.tree.unchanged(r.Value, result):
		return nil, engine.Passed, nil
	}
	return result, engine.Changed, nil
}
