package operators

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"waterhealer/configs"
	"waterhealer/engine"
)

func foreachMapKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "foreach_map",
			Summary:  "Maps each element of a batch, or item of a list, one after another.",
			Doc:      "`value` is the element, `index` its place from 0. Order is kept. An element of a batch that fails, fails alone; an item of a plain list fails its record.",
			Finished: "with the batch that comes out",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeTree, Required: true, Doc: "The new element: an expression or a mapping of expressions."},
			},
			Short: "expr", ShortMapping: true,
			Example: "foreach_map: 'value.magnitude >= 6 ? merge(value, {\"alert\": true}) : value'\n",
		},
		Build: func(b *Builder) engine.Operator { return &foreach{tree: b.Tree("expr", "index"), workers: 1} },
	}
}

func foreachAsyncKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "foreach_async",
			Summary:  "Maps each element of a batch, or item of a list, several at once.",
			Doc:      "As foreach_map, but up to `workers` elements of a batch are worked on at the same time. The results keep the batch's order.",
			Finished: "with the batch that comes out",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeTree, Required: true, Doc: "The new element: an expression or a mapping of expressions."},
				{Name: "workers", Type: configs.TypeInt, Default: "4", Min: "1", Max: "10000", Doc: "Elements worked on at the same time."},
			},
			Short:   "expr",
			Example: "foreach_async: {expr: value * 2, workers: 8}\n",
		},
		Build: func(b *Builder) engine.Operator {
			return &foreach{tree: b.Tree("expr", "index"), workers: b.Workers("workers")}
		},
	}
}

// foreach maps the elements of a batch or a list.
type foreach struct {
	tree    *Tree
	workers int
}

// Process emits the batch, or the list, of the results.
func (f *foreach) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	if r.Batch != nil {
		return f.batch(ctx, r, out)
	}
	items, ok := r.Value.([]any)
	if !ok {
		return notAList("foreach", r.Value)
	}
	results := make([]any, len(items))
	errs := make([]error, len(items))
	f.each(ctx, len(items), func(i int) {
		results[i], errs[i] = f.tree.RunItem(r, items[i], i)
	})
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	out.Emit(r.With(results))
	return nil
}

// batch maps the elements of a batch; those that fail leave it.
func (f *foreach) batch(ctx context.Context, r *engine.Record, out *engine.Out) error {
	results := make([]*engine.Record, len(r.Batch))
	errs := make([]error, len(r.Batch))
	f.each(ctx, len(r.Batch), func(i int) {
		element := r.Batch[i]
		before := element.List()
		v, err := f.tree.RunItem(element, before, i)
		switch {
		case err != nil:
			errs[i] = err
		case element.Batch == nil && f.tree.unchanged(before, v):
			results[i] = element
		default:
			results[i] = element.With(v)
		}
	})
	kept := make([]*engine.Record, 0, len(results))
	for i, result := range results {
		if errs[i] != nil {
			out.Fail(r.Batch[i], errs[i])
			continue
		}
		kept = append(kept, result)
	}
	if len(kept) > 0 || len(r.Batch) == 0 {
		out.Emit(engine.NewBatch(kept))
	}
	return nil
}

// each calls work for 0 to n-1, up to f.workers at once, and waits for all.
func (f *foreach) each(ctx context.Context, n int, work func(i int)) {
	if f.workers <= 1 || n <= 1 {
		for i := range n {
			work(i)
		}
		return
	}
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(f.workers)
	for i := range n {
		group.Go(func() error {
			work(i)
			return nil
		})
	}
	_ = group.Wait()
}
