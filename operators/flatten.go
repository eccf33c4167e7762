package operators

import (
	"context"
	"fmt"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

func flattenKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "flatten", Aliases: []string{"concat"},
			Summary:  "Sends each element of a batch, or each item of a list, on by itself.",
			Doc:      "Elements of a batch have their own lineage; the items of a plain list share their record's. An empty list sends nothing.",
			Finished: "when all items are finished; an empty list at once",
			Example:  "flatten: {}\n",
			Given:    []string{"[1, 2]", "[]", "[3]"}, Gives: []string{"1", "2", "3"},
		},
		Flow: func(f *flow) stream {
			in := f.in()
			elements, batched := in.elements()
			if !batched && in.value.Kinds&types.List == 0 {
				f.fails("flatten needs a batch or a list; what comes is " + kindsOf(in.list()) + vouched(in.says))
				return anything()
			}
			items := in
			items.batch = nil
			items = items.made(in.value.Each(), in.says)
			if in.value.Kinds&types.List == 0 {
				return elements
			}
			return either(elements, items)
		},
		Build: func(*Builder) engine.Operator { return flattenOperator{} },
	}
}

type flattenOperator struct{}

// Process emits one record per element.
func (flattenOperator) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	if r.Batch != nil {
		for _, element := range r.Batch {
			out.Emit(element)
		}
		return nil
	}
	items, ok := r.Value.([]any)
	if !ok {
		return notAList("flatten", r.Value)
	}
	for _, item := range items {
		out.Emit(r.With(item))
	}
	return nil
}

func notAList(kind string, v any) error {
	return fmt.Errorf("%s needs a batch or a list, got %s", kind, value.Kind(v))
}
