package operators

import (
	"context"

	"waterhealer/configs"
	"waterhealer/engine"
)

func partitionUniqueKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "partition_unique",
			Summary:  "Collects records into batches of so many distinct keys.",
			Doc:      "A batch goes when it has `size` keys, with one record per key. The repeats are held beside it, so that few keys that repeat without end fill max_in_flight. At the end of input the rest goes as a part batch.",
			Finished: "with its group: a repeat with the record that stands for it, with which it also fails",
			Fields: []configs.Field{
				{Name: "size", Type: configs.TypeInt, Required: true, Min: "1", Doc: "Distinct keys per batch."},
				{Name: "key", Type: configs.TypeExpression, Doc: "What is distinct. Default: the value."},
				keepField(),
			},
			Short:   "size",
			Example: "partition_unique: {size: 3, keep: last}\n",
			Given:   []string{"1", "2", "1", "3"}, Gives: []string{"[2,1,3]"},
		},
		State: true, Window: "size",
		Flow: collects("key"),
		Build: func(b *Builder) engine.Operator {
			v := b.Node.Values
			return &partitionUnique{size: int(v.Int("size")), key: b.Expression("key"), group: newDistinct(v.String("keep") == "last")}
		},
	}
}

type partitionUnique struct {
	size  int
	key   *Expression // nil is the value
	group *distinct
}

// Process puts a record into the group, and sends the group on when it is full.
func (p *partitionUnique) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	key, err := keyOrValue(p.key, r)
	if err != nil {
		return err
	}
	out.Keep(r)
	p.group.add(key, r)
	if p.group.len() >= p.size {
		p.group.send(out)
	}
	return nil
}

// Flush sends the part batch at the end of input.
func (p *partitionUnique) Flush(_ context.Context, end bool, out *engine.Out) error {
	if end && p.group.len() > 0 {
		p.group.send(out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (p *partitionUnique) Evict(gone func(*engine.Record) bool) { p.group.evict(gone) }
