package operators

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"waterhealer/configs"
	"waterhealer/engine"
)

// depthField is the field that all operators on the elements of a batch have.
func depthField() configs.Field {
	return configs.Field{
		Name: "depth", Type: configs.TypeInt, Default: "1", Min: "1", Max: "100",
		Doc: "How deep the elements are: 1 is the elements of the batch, 2 the elements of the batches in it.",
	}
}

func foreachMapKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "foreach_map",
			Summary:  "Maps each element of a batch, or item of a list, one after another.",
			Doc:      "`value` is the element, `index` its place from 0. Order is kept. An element of a batch that fails, fails alone; an item of a plain list fails its record. A mapping is the new element, unless it has both `expr` and `depth` and nothing else.",
			Finished: "with the batch that comes out",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeTree, Required: true, Variables: []string{"index"}, Doc: "The new element: an expression or a mapping of expressions."},
				depthField(),
			},
			Short: "expr", ShortMapping: true,
			Example: "foreach_map: 'value.magnitude >= 6 ? merge(value, {\"alert\": true}) : value'\n",
			Given:   []string{`[{"magnitude": 5}, {"magnitude": 6}]`},
			Gives:   []string{`[{"magnitude":5},{"magnitude":6,"alert":true}]`},
		},
		Each: true,
		Flow: func(f *flow) stream { return f.foreach(false) },
		Build: func(b *Builder) engine.Operator {
			tree := b.Tree("expr")
			return &foreach{work: tree.RunItem, unchanged: tree.unchanged, workers: 1, depth: int(b.Node.Values.Int("depth"))}
		},
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
				{Name: "expr", Type: configs.TypeTree, Required: true, Variables: []string{"index"}, Doc: "The new element: an expression or a mapping of expressions."},
				{Name: "workers", Type: configs.TypeInt, Default: "4", Min: "1", Max: "10000", Doc: "Elements worked on at the same time."},
				depthField(),
			},
			Short:   "expr",
			Example: "foreach_async: {expr: value * 2, workers: 8, depth: 2}\n",
			Given:   []string{"[[1, 2], [3]]"}, Gives: []string{"[[2,4],[6]]"},
		},
		Each: true,
		Flow: func(f *flow) stream { return f.foreach(false) },
		Build: func(b *Builder) engine.Operator {
			tree := b.Tree("expr")
			return &foreach{work: tree.RunItem, unchanged: tree.unchanged, workers: b.Workers("workers"), depth: int(b.Node.Values.Int("depth"))}
		},
	}
}

func foreachFilterKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "foreach_filter",
			Summary:  "Keeps the elements of a batch, or items of a list, for which the expression is true.",
			Doc:      "`value` is the element, `index` its place from 0. A batch of which nothing is left goes on empty. An element for which the expression fails, fails alone; an item of a plain list fails its record.",
			Finished: "an element of a batch that is dropped: at once; kept: with the batch that comes out; a plain list with what comes out",
			Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeExpression, Required: true, Variables: []string{"index"}, Doc: "The condition."},
				depthField(),
			},
			Short:   "expr",
			Example: "foreach_filter: value % 2 == 0\n",
			Given:   []string{"[1, 2, 3, 4]", "[5]"}, Gives: []string{"[2,4]", "[]"},
		},
		Each: true,
		Flow: func(f *flow) stream { return f.foreach(true) },
		Build: func(b *Builder) engine.Operator {
			condition := b.Condition("expr")
			return &foreach{
				work: func(r *engine.Record, item any, index int) (any, error) {
					return condition.RunItemBool(r, item, index)
				},
				filters: true, workers: 1, depth: int(b.Node.Values.Int("depth")),
			}
		},
	}
}

// foreach works on the elements of a batch or a list.
type foreach struct {
	work      func(r *engine.Record, item any, index int) (any, error)
	unchanged func(before, after any) bool // nil when it filters
	filters   bool                         // the result says whether the element stays
	workers   int
	depth     int
}

// element is one that is worked on.
type element struct {
	record *engine.Record // the element of a batch, or what its list stands in
	item   any
	index  int
	result any
	err    error
}

// elements are those of one record, in order.
type elements struct {
	f    *foreach
	all  []element
	next int
	out  *engine.Out
}

// Process emits the batch, or the list, of the results.
func (f *foreach) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	e := &elements{f: f, out: out}
	e.collect(r, f.depth)
	severally(ctx, f.workers, len(e.all), func(i int) {
		at := &e.all[i]
		at.result, at.err = f.work(at.record, at.item, at.index)
	})
	result, err := e.rebuild(r, f.depth)
	if err != nil {
		return err
	}
	if result != nil {
		out.Emit(result)
	}
	return nil
}

// collect lists the elements at a depth. What is no list there is reported when
// the record is built again.
func (e *elements) collect(r *engine.Record, depth int) {
	if r.Batch == nil {
		e.collectItems(r, r.Value, depth)
		return
	}
	for i, inner := range r.Batch {
		if depth > 1 {
			e.collect(inner, depth-1)
			continue
		}
		e.all = append(e.all, element{record: inner, item: inner.List(), index: i})
	}
}

func (e *elements) collectItems(r *engine.Record, v any, depth int) {
	items, _ := v.([]any)
	for i, item := range items {
		if depth > 1 {
			e.collectItems(r, item, depth-1)
			continue
		}
		e.all = append(e.all, element{record: r, item: item, index: i})
	}
}

// rebuild makes the record again with the results in place of its elements.
// Elements of a batch that failed leave it; nil is nothing, because all did.
func (e *elements) rebuild(r *engine.Record, depth int) (*engine.Record, error) {
	if r.Batch == nil {
		items, err := e.rebuildItems(r.Value, depth)
		if err != nil {
			return nil, err
		}
		return r.With(items), nil
	}
	kept := make([]*engine.Record, 0, len(r.Batch))
	failed := 0
	for _, inner := range r.Batch {
		var result *engine.Record
		var err error
		if depth > 1 {
			result, err = e.rebuild(inner, depth-1)
		} else {
			result, err = e.result(inner)
		}
		switch {
		case err != nil:
			failed++
			e.out.Fail(inner, err)
		case result != nil:
			kept = append(kept, result)
		case depth > 1:
			failed++ // all in it
		}
	}
	if failed == len(r.Batch) && failed > 0 {
		return nil, nil
	}
	return engine.NewBatch(kept), nil
}

// result is what the next element of a batch becomes, nil if it is dropped.
func (e *elements) result(r *engine.Record) (*engine.Record, error) {
	at := &e.all[e.next]
	e.next++
	switch {
	case at.err != nil:
		return nil, at.err
	case e.f.filters:
		if at.result == false {
			return nil, nil
		}
		return r, nil
	case r.Batch == nil && e.f.unchanged(at.item, at.result):
		return r, nil
	}
	return r.With(at.result), nil
}

// rebuildItems makes a plain list again. The first error is that of all of it;
// its other items are passed over.
func (e *elements) rebuildItems(v any, depth int) (results []any, err error) {
	items, ok := v.([]any)
	if !ok {
		return nil, notAList("foreach", v)
	}
	results = make([]any, 0, len(items))
	for i, item := range items {
		result, stays, failure := e.rebuildItem(item, depth)
		switch {
		case failure != nil && err == nil:
			err = fmt.Errorf("item %d: %w", i, failure)
		case stays:
			results = append(results, result)
		}
	}
	return results, err
}

func (e *elements) rebuildItem(item any, depth int) (result any, stays bool, err error) {
	if depth > 1 {
		inner, err := e.rebuildItems(item, depth-1)
		return inner, err == nil, err
	}
	at := &e.all[e.next]
	e.next++
	switch {
	case at.err != nil:
		return nil, false, at.err
	case e.f.filters:
		return item, at.result == true, nil
	}
	return at.result, true, nil
}

// severally calls work for 0 to n-1, up to workers at once, and waits for all.
func severally(ctx context.Context, workers, n int, work func(i int)) {
	if workers <= 1 || n <= 1 {
		for i := range n {
			work(i)
		}
		return
	}
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range n {
		group.Go(func() error {
			work(i)
			return nil
		})
	}
	_ = group.Wait()
}
