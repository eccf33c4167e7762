package operators

import (
	"context"
	"fmt"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

// emptyAtStart is what the reference says of operators that forget.
const emptyAtStart = " It starts empty after a restart: what it remembers is not kept."

func accumulateKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "accumulate", Aliases: []string{"scan"},
			Summary:  "Folds the stream: each record makes a new state of the one before.",
			Doc:      "The expression sees `state` and `value` and gives the new state, which is sent on. Without `start` the first record is the first state and is sent on as it is. A record whose expression fails changes no state. There is one state per process, and it is as large as the expression makes it." + emptyAtStart,
			Finished: "when what was made of it is finished; the state holds nothing",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeTree, Required: true, Variables: []string{"state"}, Doc: "The new state, over `state` and `value`."},
				{Name: "start", Type: configs.TypeTree, Doc: "The state before the first record. It is computed when that comes."},
				{Name: "returns_state", Type: configs.TypeBool, Default: "false", Doc: "The expression gives `[state, result]`, and the result is sent on."},
				{Name: "with_state", Type: configs.TypeBool, Default: "false", Doc: "Sends `[state, result]` on."},
			},
			Short:   "expr",
			Example: "accumulate: {expr: state + value, start: 0}\n",
			Given:   []string{"1", "2", "3"}, Gives: []string{"1", "3", "6"},
		},
		State: true, Forgets: true, Each: true,
		Build: func(b *Builder) engine.Operator {
			return &accumulate{
				tree: b.Tree("expr"), start: b.Tree("start"), extra: make(map[string]any, 1),
				returnsState: b.Node.Values.Bool("returns_state"), withState: b.Node.Values.Bool("with_state"),
			}
		},
	}
}

type accumulate struct {
	tree, start             *Tree // start may be nil
	returnsState, withState bool

	begun bool
	state any
	extra map[string]any
}

// Process emits the new state, or the result.
func (a *accumulate) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	if !a.begun && a.start == nil {
		a.begun, a.state = true, r.List()
		if a.withState {
			out.Emit(r.With([]any{a.state, a.state}))
		} else {
			out.Emit(r)
		}
		return nil
	}
	state := a.state
	if !a.begun {
		first, err := a.start.Run(r)
		if err != nil {
			return err
		}
		state = first
	}
	a.extra["state"] = state
	result, err := a.tree.RunWith(r, a.extra)
	if err != nil {
		return err
	}
	state = result
	if a.returnsState {
		pair, ok := result.([]any)
		if !ok || len(pair) != 2 {
			return fmt.Errorf("accumulate with returns_state needs [state, result], got %s", shape(result))
		}
		state, result = pair[0], pair[1]
	}
	a.begun, a.state = true, state
	if a.withState {
		result = []any{state, result}
	}
	out.Emit(r.With(result))
	return nil
}

// shape names what a value is, for messages.
func shape(v any) string {
	if list, ok := v.([]any); ok {
		return fmt.Sprintf("a list of %d", len(list))
	}
	return value.Kind(v)
}
