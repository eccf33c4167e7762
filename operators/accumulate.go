package operators

import (
	"context"
	"fmt"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators/expression"
	"waterhealer/operators/types"
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
		Flow: accumulated,
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

// accumulated finds the state that stays the same when the expression makes a new
// one of it, and of each record.
func accumulated(f *flow) stream {
	in := f.in()
	state := in.list()
	if f.node.Values.Has("start") {
		state = f.tree("start", in, nil)
	}
	first := state
	if f.neverBegins(in, state) {
		return anything()
	}
	const most = 4 // of a state that grows no more is known
	for try := 1; ; try++ {
		f.plan.unheard++
		next, _, _ := f.step(in, state)
		f.plan.unheard--
		if wider := types.Union(state, next); !wider.Same(state) {
			state = wider
			if try < most {
				continue
			}
			state = types.Any()
		}
		break
	}
	next, result, ok := f.step(in, state)
	if !ok {
		f.fails("accumulate with returns_state needs [state, result]; its expression gives " + result.Kinds.String())
		return anything()
	}
	if f.node.Values.Bool("with_state") {
		result = types.TupleOf(next, result)
		first = types.TupleOf(first, first)
	}
	out := f.makes(result)
	switch {
	case f.node.Values.Has("start"):
		return out
	case f.node.Values.Bool("with_state"):
		return either(out, f.makes(first))
	}
	return either(out, in) // the first record is sent on as it is
}

// neverBegins reports an expression that fails with the first state: there will
// never be another.
func (f *flow) neverBegins(in stream, state types.Type) bool {
	before := f.plan.failing
	f.plan.onlyFailing = true
	f.step(in, state)
	f.plan.onlyFailing = false
	return f.plan.failing > before
}

// step is what comes of a state and a record: the next state, and what is sent
// on. It is false where the expression can never give both.
func (f *flow) step(in stream, state types.Type) (next, result types.Type, ok bool) {
	gives := f.tree("expr", in, expression.Known{"state": state})
	if !f.node.Values.Bool("returns_state") {
		return gives, gives, true
	}
	items := gives.Items()
	switch {
	case gives.Kinds&types.List == 0, items != nil && items.Exact && len(items.Tuple) != 2:
		return types.Any(), gives, false
	case items != nil && items.Exact:
		return items.Tuple[0], items.Tuple[1], true
	}
	return gives.Each(), gives.Each(), true
}
