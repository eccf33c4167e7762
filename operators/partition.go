package operators

import (
	"context"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
)

func partitionKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "partition",
			Summary:  "Collects records into batches of a fixed size.",
			Doc:      "Without `timeout` a batch waits until it is full. With it, a part batch goes when the time since its first record is over. With `key`, one batch fills per key, each with its own time. At the end of input the rest goes as a part batch.",
			Finished: "with its batch",
			Fields: []configs.Field{
				{Name: "size", Type: configs.TypeInt, Required: true, Min: "1", Doc: "Records per batch."},
				{Name: "timeout", Type: configs.TypeDuration, Min: "1ns", Doc: "When a batch that is not full goes all the same, counted from its first record."},
				{Name: "key", Type: configs.TypeExpression, Doc: "Batches are filled per value of this expression."},
			},
			Short:   "size",
			Example: "partition: {size: 2, timeout: 2s}\n",
			Given:   []string{"1", "2", "3", "wait 2s", "4"}, Gives: []string{"[1,2]", "[3]"},
		},
		State: true, Window: "size", Key: "key",
		Flow: collects("key"),
		Build: func(b *Builder) engine.Operator {
			return newGroups(int(b.Node.Values.Int("size")), b.Node.Values.Duration("timeout"), b.Expression("key"))
		},
	}
}

func partitionTimeKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "partition_time",
			Summary:  "Collects whatever comes within a time into one batch.",
			Doc:      "The clock starts when the first record of a batch comes, and an idle stream still lets its batch go.",
			Finished: "with its batch",
			Fields: []configs.Field{
				{Name: "within", Type: configs.TypeDuration, Required: true, Min: "1ns", Doc: "How long a batch collects, from its first record on."},
			},
			Short:   "within",
			Example: "partition_time: 3s\n",
			Given:   []string{"1", "wait 1s", "2", "wait 2s", "3"}, Gives: []string{"[1,2]"},
		},
		State: true,
		Flow:  collects(""),
		Build: func(b *Builder) engine.Operator {
			return newGroups(0, b.Node.Values.Duration("within"), nil)
		},
	}
}

// groups collects records into batches, one open batch per key. It is both
// partition and partition_time.
type groups struct {
	size    int           // 0: no limit
	timeout time.Duration // 0: none
	key     *Expression   // nil: one group

	open map[string]*group
	// first and last are the open groups in the order in which they began,
	// which is that of their deadlines, since all have the same timeout.
	first, last *group
}

type group struct {
	key            string
	records        []*engine.Record
	due            time.Time
	earlier, later *group
}

func newGroups(size int, timeout time.Duration, key *Expression) *groups {
	return &groups{size: size, timeout: timeout, key: key, open: make(map[string]*group)}
}

// Process puts a record into its group, and sends the group on when it is full.
func (g *groups) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	key, err := g.keyOf(r)
	if err != nil {
		return err
	}
	current := g.open[key]
	if current == nil {
		current = g.begin(key)
		if g.timeout > 0 {
			current.due = out.Now().Add(g.timeout)
		}
	}
	out.Keep(r)
	current.records = append(current.records, r)
	if g.size > 0 && len(current.records) >= g.size {
		g.send(current, out)
	}
	return nil
}

func (g *groups) keyOf(r *engine.Record) (string, error) {
	if g.key == nil {
		return "", nil
	}
	v, err := g.key.Run(r)
	if err != nil {
		return "", err
	}
	canonical, err := value.AppendCanonical(nil, v)
	if err != nil {
		return "", err
	}
	return string(canonical), nil
}

// begin opens a group as the last in time.
func (g *groups) begin(key string) *group {
	current := &group{key: key, earlier: g.last}
	if g.last == nil {
		g.first = current
	} else {
		g.last.later = current
	}
	g.last = current
	g.open[key] = current
	return current
}

// close takes a group out of the open ones.
func (g *groups) close(current *group) {
	delete(g.open, current.key)
	if current.earlier == nil {
		g.first = current.later
	} else {
		current.earlier.later = current.later
	}
	if current.later == nil {
		g.last = current.earlier
	} else {
		current.later.earlier = current.earlier
	}
}

func (g *groups) send(current *group, out *engine.Out) {
	g.close(current)
	out.EmitKeyed(engine.NewBatch(current.records), current.key)
	for _, r := range current.records {
		out.LetGo(r)
	}
}

// Next is when the oldest group is due.
func (g *groups) Next() time.Time {
	if g.timeout <= 0 || g.first == nil {
		return time.Time{}
	}
	return g.first.due
}

// Fire sends the oldest group, if its time is over. It is called again for the
// next one.
func (g *groups) Fire(_ context.Context, now time.Time, out *engine.Out) error {
	if g.first != nil && !now.Before(g.first.due) {
		g.send(g.first, out)
	}
	return nil
}

// Flush sends part batches: all of them at the end of input, otherwise only
// those that a clock would have let go.
func (g *groups) Flush(_ context.Context, end bool, out *engine.Out) error {
	if !end && g.timeout <= 0 {
		return nil
	}
	for g.first != nil {
		g.send(g.first, out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (g *groups) Evict(gone func(*engine.Record) bool) {
	for current := g.first; current != nil; current = current.later {
		kept := current.records[:0]
		for _, r := range current.records {
			if !gone(r) {
				kept = append(kept, r)
			}
		}
		clear(current.records[len(kept):])
		current.records = kept
		if len(kept) == 0 {
			g.close(current)
		}
	}
}
