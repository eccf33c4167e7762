package operators

import (
	"context"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

func mapAsyncKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "map_async",
			Summary:  "Makes a new value of each value, several at once.",
			Doc:      "As map, but up to `workers` records of the stream are worked on at the same time, also of one partition. What comes out keeps the order of what came in.",
			Finished: "when what was made of it is finished",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeTree, Required: true, Doc: "The new value: an expression or a mapping of expressions."},
				{Name: "workers", Type: configs.TypeInt, Default: "4", Min: "1", Max: "10000", Doc: "Records worked on at the same time."},
			},
			Short:   "expr",
			Example: "map_async: {expr: value * 2, workers: 8}\n",
			Given:   []string{"1", "2"}, Gives: []string{"2", "4"},
		},
		State: true, Passes: true, Each: true,
		Flow: mapped,
		Build: func(b *Builder) engine.Operator {
			return &mapAsync{tree: b.Tree("expr"), workers: b.Workers("workers")}
		},
	}
}

// mapAsync collects what comes at a time, and maps it when the input pauses.
type mapAsync struct {
	tree    *Tree
	workers int
	waiting []*engine.Record
}

// Process collects a record.
func (m *mapAsync) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	m.waiting = append(m.waiting, r)
	return nil
}

// Waits says that records were collected.
func (m *mapAsync) Waits() bool { return len(m.waiting) > 0 }

// HoldsBack says that it does not: all results go.
func (m *mapAsync) HoldsBack() bool { return false }

// Pause maps what was collected and emits it in order. It does not wait for
// what comes after.
func (m *mapAsync) Pause(ctx context.Context, _ int, out *engine.Out) error {
	m.work(ctx, out)
	return nil
}

func (m *mapAsync) work(ctx context.Context, out *engine.Out) {
	results := make([]any, len(m.waiting))
	errs := make([]error, len(m.waiting))
	severally(ctx, m.workers, len(m.waiting), func(i int) { results[i], errs[i] = m.tree.Run(m.waiting[i]) })
	for i, r := range m.waiting {
		switch {
		case errs[i] != nil:
			out.Fail(r, errs[i])
		case r.Batch == nil && m.tree.unchanged(r.Value, results[i]):
			out.Emit(r)
		default:
			out.Emit(r.With(results[i]))
		}
		out.LetGo(r)
	}
	clear(m.waiting)
	m.waiting = m.waiting[:0]
}

// Flush maps what is left.
func (m *mapAsync) Flush(ctx context.Context, end bool, out *engine.Out) error {
	if end {
		m.work(ctx, out)
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (m *mapAsync) Evict(gone func(*engine.Record) bool) {
	m.waiting = slices.DeleteFunc(m.waiting, gone)
}
