package operators

import (
	"context"
	"fmt"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators/types"
)

func frequenciesKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "frequencies",
			Summary:  "Counts how often each value came, and sends the counts on with every record.",
			Doc:      "The counts are an object in the order in which the values came first. A text counts under itself, anything else under its JSON, so that the text \"1\" and the number 1 are counted together. It remembers every value that ever came, without a bound, and copies the counts for every record: it is for few different values." + emptyAtStart,
			Finished: "when its counts are finished; what it remembers holds nothing",
			Example:  "frequencies: {}\n",
			Given:    []string{`"a"`, `"b"`, `"a"`}, Gives: []string{`{"a":1}`, `{"a":1,"b":1}`, `{"a":2,"b":1}`},
		},
		State: true, Forgets: true, Each: true,
		Flow: func(f *flow) stream {
			return f.makes(types.ObjectOf(types.Fields{Rest: types.Of(types.Int)}))
		},
		Build: func(*Builder) engine.Operator { return &frequencies{counts: value.NewObject(0)} },
	}
}

type frequencies struct{ counts *value.Object }

// Process emits the counts so far.
func (f *frequencies) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	v := r.List()
	name, ok := v.(string)
	if !ok {
		canonical, err := value.AppendCanonical(nil, v)
		if err != nil {
			return fmt.Errorf("frequencies: %w", err)
		}
		name = string(canonical)
	}
	count := int64(1)
	if before, there := f.counts.Get(name); there {
		count += before.(int64)
	}
	counts := f.counts.Clone() // what was emitted is not changed any more
	counts.Set(name, count)
	f.counts = counts
	out.Emit(r.With(counts))
	return nil
}
