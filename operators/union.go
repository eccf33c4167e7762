package operators

import (
	"context"

	"waterhealer/configs"
	"waterhealer/engine"
)

func unionKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "union",
			Summary:  "Merges several inputs into one stream.",
			Doc:      "It reads from all nodes that `from` lists and passes each record on as it is. Every operator does that with several inputs: union gives the place a name.",
			Finished: "with what comes after",
			Example:  "from: [a, b]\nunion: {}\n",
			Given:    []string{"a: 1", "b: 2", "a: 3"}, Gives: []string{"1", "2", "3"},
		},
		Each:  true,
		Flow:  passesOn,
		Build: func(*Builder) engine.Operator { return union{} },
	}
}

type union struct{}

// Process emits the record itself.
func (union) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Emit(r)
	return nil
}
