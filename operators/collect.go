package operators

import (
	"context"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

func collectKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "collect",
			Summary:  "Collects records into a batch until another node sends something.",
			Doc:      "Each record of the other node sends the batch on, also an empty one; its value does not matter. At the end of input the rest goes. There is no bound but max_in_flight. Its sources share a group.",
			Finished: "with its flush; a record of the other node at once",
			Fields: []configs.Field{
				{Name: "flush_on", Type: configs.TypeNode, Required: true, Doc: "The node whose records send the batch on."},
			},
			Example: "from: a\ncollect: {flush_on: b}\n",
			Given:   []string{"a: 1", "a: 2", "b: true", "b: true"}, Gives: []string{"[1,2]", "[]"},
		},
		State: true, Joins: true, Signal: "flush_on",
		Flow:  collects(""),
		Build: func(b *Builder) engine.Operator { return &collect{flushPort: len(b.Node.Inputs)} },
	}
}

// collect has one more input than its `from`: the node that it is flushed on.
type collect struct {
	flushPort int
	records   []*engine.Record
}

// Process is not used: inputs are told apart.
func (c *collect) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	return c.ProcessFrom(ctx, 0, r, out)
}

// ProcessFrom collects the record, or sends the batch on.
func (c *collect) ProcessFrom(_ context.Context, port int, r *engine.Record, out *engine.Out) error {
	if port == c.flushPort {
		c.send(out)
		return nil
	}
	out.Keep(r)
	c.records = append(c.records, r)
	return nil
}

func (c *collect) send(out *engine.Out) {
	records := c.records
	c.records = nil
	out.Emit(engine.NewBatch(records))
	for _, r := range records {
		out.LetGo(r)
	}
}

// Flush sends the rest at the end of input.
func (c *collect) Flush(_ context.Context, end bool, out *engine.Out) error {
	if end && len(c.records) > 0 {
		c.send(out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (c *collect) Evict(gone func(*engine.Record) bool) {
	c.records = slices.DeleteFunc(c.records, gone)
}
