package operators

import (
	"context"
	"fmt"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

func combineLatestKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "combine_latest", Repeats: true,
			Summary:  "Makes a tuple of the newest records of all inputs whenever one brings something.",
			Doc:      "The first tuple comes when each input has brought something. With `emit_on`, only records of those inputs make tuples, and those that come before the others have brought something are lost. The newest of each input is remembered, and held as long as it is. At the end of input all are let go. Restarts replay everything after the watermark. Its sources share a group.",
			Finished: "when replaced and every tuple made with it is finished",
			Fields: []configs.Field{
				{Name: "emit_on", Type: configs.TypeNode, List: true, Doc: "The inputs whose records make tuples. Default: all."},
			},
			Example: "from: [a, b]\ncombine_latest: {emit_on: [a]}\n",
			Given:   []string{"a: 1", "b: 2", "a: 3", "b: 4", "a: 5"}, Gives: []string{"[3,2]", "[5,4]"},
		},
		State: true, Pairs: true, Joins: true,
		Flow: zipped,
		Build: func(b *Builder) engine.Operator {
			inputs := b.several(1)
			return &combineLatest{newest: make([]*engine.Record, inputs), emitOn: b.emitOn(inputs)}
		},
	}
}

// emitOn says of each input whether its records make tuples.
func (b *Builder) emitOn(inputs int) []bool {
	emitOn := make([]bool, inputs)
	named := b.Node.Values.Item("emit_on").Inputs()
	for _, in := range named {
		there := false
		for port, input := range b.Node.InputList() {
			if in.Same(input) {
				there, emitOn[port] = true, true
			}
		}
		if !there {
			b.plan.problem(configs.Diagnostic{
				Position: in.Pos, Width: in.Width, Code: configs.CodeWrongValue,
				Message: fmt.Sprintf("%s does not read from %s", b.Node.Name, in.Name()), Hint: "name one of its `from`",
			})
		}
	}
	for i := range emitOn {
		emitOn[i] = emitOn[i] || len(named) == 0
	}
	return emitOn
}

type combineLatest struct {
	newest []*engine.Record // by port, nil where nothing came
	emitOn []bool
}

// Process is not used: inputs are told apart.
func (c *combineLatest) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	return c.ProcessFrom(ctx, 0, r, out)
}

// ProcessFrom emits the tuple of the newest records, once there is one of each.
func (c *combineLatest) ProcessFrom(_ context.Context, port int, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	replace(&c.newest[port], r, out)
	if c.emitOn[port] && !slices.Contains(c.newest, nil) {
		out.Emit(joined(c.newest))
	}
	return nil
}

// Flush lets go of what it remembers, at the end of input.
func (c *combineLatest) Flush(_ context.Context, end bool, out *engine.Out) error {
	if end {
		letGoAll(c.newest, out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (c *combineLatest) Evict(gone func(*engine.Record) bool) { evictEach(c.newest, gone) }
