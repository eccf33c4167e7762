package operators

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/operators/types"
)

func zipKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "zip", Repeats: true,
			Summary:  "Makes tuples of its inputs' records, in the order in which they come.",
			Doc:      "The first record of each input makes the first tuple, and so on; a tuple is a plain list, in the order of `from`. When an input is `max_size` records ahead, its sources pause, unless the input that lags needs them to go on. At the end of input, records that found no partner stay unfinished and are read again. Restarts replay everything after the watermark, since skipping what was done would pair records that do not belong together. Its sources share a group.",
			Finished: "with its tuple; a failed tuple fails all its records",
			Fields: []configs.Field{
				{Name: "max_size", Type: configs.TypeInt, Default: "10", Min: "1", Doc: "How many records of one input wait for the others before its sources pause."},
				{Name: "literals", Type: configs.TypeMap, Item: &configs.Field{Type: configs.TypeExpression}, Doc: "Further items of the tuple, by their place in it from 0. The expressions see no record."},
			},
			Example: "from: [a, b]\nzip: {literals: {1: '\"and\"'}}\n",
			Given:   []string{"a: 1", "a: 2", "b: 3", "b: 4"}, Gives: []string{`[1,"and",3]`, `[2,"and",4]`},
		},
		State: true, Pairs: true, Joins: true,
		Flow: zipped,
		Build: func(b *Builder) engine.Operator {
			inputs := b.several(1)
			return &zip{
				inputs: make([][]*engine.Record, inputs), maxSize: int(b.Node.Values.Int("max_size")),
				literals: b.literals(inputs),
			}
		},
	}
}

// several is the number of inputs, of which a join needs more than a few. It
// reports a node that has fewer, and is at least 1.
func (b *Builder) several(few int) int {
	inputs := len(b.Node.Inputs)
	if inputs <= few {
		b.plan.problem(configs.Diagnostic{
			Position: b.Node.KindPos, Width: len(b.Node.Kind), Code: configs.CodeMissingField,
			Message: fmt.Sprintf("%s needs several inputs, not %d", b.Node.Kind, inputs), Hint: "name them: `from: [a, b]`",
		})
	}
	return max(inputs, 1)
}

// literal is an item of a tuple that comes from no input.
type literal struct {
	place int
	value *Expression
}

// literals are sorted by their place, which must be one of the tuple.
func (b *Builder) literals(inputs int) []literal {
	entries := b.Node.Values.Map("literals")
	var literals []literal
	for _, e := range entries {
		place, err := strconv.Atoi(e.Key)
		if err != nil || place < 0 || place >= inputs+len(entries) {
			b.plan.problem(configs.Diagnostic{
				Position: e.KeyPos, Width: len(e.Key), Code: configs.CodeWrongValue,
				Message: fmt.Sprintf("%q is no place in the tuple", e.Key),
				Hint:    fmt.Sprintf("it has %d items: 0 to %d", inputs+len(entries), inputs+len(entries)-1),
			})
			continue
		}
		if v := b.plan.expression(e.Value.Expression()); v != nil {
			literals = append(literals, literal{place: place, value: v})
		}
	}
	slices.SortFunc(literals, func(x, y literal) int { return x.place - y.place })
	return literals
}

type zip struct {
	inputs   [][]*engine.Record // what waits, by port
	maxSize  int
	literals []literal
}

// Process is not used: inputs are told apart.
func (z *zip) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	return z.ProcessFrom(ctx, 0, r, out)
}

// ProcessFrom emits a tuple when the record is the last that it needs.
func (z *zip) ProcessFrom(_ context.Context, port int, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	z.inputs[port] = append(z.inputs[port], r)
	for _, waiting := range z.inputs {
		if len(waiting) == 0 {
			return nil
		}
	}
	parents := make([]*engine.Record, len(z.inputs))
	for i := range z.inputs {
		parents[i] = z.inputs[i][0]
		z.inputs[i] = slices.Delete(z.inputs[i], 0, 1)
	}
	tuple, err := z.tuple(parents)
	if err == nil {
		out.Emit(engine.NewJoined(tuple, parents...))
	}
	for _, parent := range parents {
		if err != nil {
			out.Fail(parent, err)
		}
		out.LetGo(parent)
	}
	return nil
}

// tuple is the list of the values, with the literals between them.
func (z *zip) tuple(parents []*engine.Record) ([]any, error) {
	tuple := make([]any, 0, len(parents)+len(z.literals))
	for _, parent := range parents {
		tuple = append(tuple, parent.List())
	}
	for _, l := range z.literals {
		v, err := l.value.Run(&engine.Record{})
		if err != nil {
			return nil, err
		}
		tuple = slices.Insert(tuple, min(l.place, len(tuple)), v)
	}
	return tuple, nil
}

// Room is full for an input that is ahead, and wanting for those that lag.
func (z *zip) Room(port int) engine.Room {
	switch n := len(z.inputs[port]); {
	case n >= z.maxSize:
		return engine.RoomFull
	case n == 0 && slices.ContainsFunc(z.inputs, func(waiting []*engine.Record) bool { return len(waiting) > 0 }):
		return engine.RoomWanting
	}
	return engine.RoomFree
}

// Evict forgets the records of revoked claims.
func (z *zip) Evict(gone func(*engine.Record) bool) {
	for i := range z.inputs {
		z.inputs[i] = slices.DeleteFunc(z.inputs[i], gone)
	}
}

// zipped is the flow of kinds that make tuples of their inputs' records.
func zipped(f *flow) stream {
	tuple := make([]types.Type, 0, len(f.inputs))
	topic := f.in().topic
	for _, in := range f.inputs {
		tuple = append(tuple, in.list())
	}
	type written struct {
		place int
		gives types.Type
	}
	var literals []written
	for _, e := range f.node.Values.Map("literals") {
		gives := f.plan.gives(e.Value.Expression(), unfed(), without())
		if place, err := strconv.Atoi(e.Key); err == nil && place >= 0 {
			literals = append(literals, written{place, gives})
		}
	}
	slices.SortFunc(literals, func(a, b written) int { return a.place - b.place })
	for _, l := range literals {
		tuple = slices.Insert(tuple, min(l.place, len(tuple)), l.gives)
	}
	out := f.values(types.TupleOf(tuple...))
	out.topic = shared(topic)
	return out
}
