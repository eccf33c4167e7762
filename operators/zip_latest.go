package operators

import (
	"context"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

func zipLatestKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "zip_latest", Repeats: true,
			Summary:  "Makes a tuple of each record of the first input with the newest of the others.",
			Doc:      "The first of `from` loses nothing: its records wait until each of the others has brought something. The newest of the others are remembered, and held as long as they are. At the end of input they are let go; records of the first input that found no partner stay unfinished. Restarts replay everything after the watermark. Its sources share a group.",
			Finished: "of the first input: with its tuple; of the others: when replaced and all tuples made with it are finished",
			Example:  "from: [a, b]\nzip_latest: {}\n",
			Given:    []string{"a: 1", `b: "x"`, "a: 2", `b: "y"`, "a: 3"}, Gives: []string{`[1,"x"]`, `[2,"x"]`, `[3,"y"]`},
		},
		State: true, Pairs: true, Joins: true,
		Flow:  zipped,
		Build: func(b *Builder) engine.Operator { return &zipLatest{newest: make([]*engine.Record, b.several(1))} },
	}
}

type zipLatest struct {
	waiting []*engine.Record // of the first input
	newest  []*engine.Record // by port, nil where nothing came; that of port 0 is not used
}

// Process is not used: inputs are told apart.
func (z *zipLatest) Process(ctx context.Context, r *engine.Record, out *engine.Out) error {
	return z.ProcessFrom(ctx, 0, r, out)
}

// ProcessFrom emits a tuple for each record of the first input, once there is
// one of each other.
func (z *zipLatest) ProcessFrom(_ context.Context, port int, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	if port == 0 {
		z.waiting = append(z.waiting, r)
	} else {
		replace(&z.newest[port], r, out)
	}
	if slices.Contains(z.newest[1:], nil) {
		return nil
	}
	for _, first := range z.waiting {
		z.newest[0] = first
		out.Emit(joined(z.newest))
		out.LetGo(first)
	}
	z.newest[0] = nil
	clear(z.waiting)
	z.waiting = z.waiting[:0]
	return nil
}

// replace puts a record that is kept in the place of another, which is let go.
func replace(at **engine.Record, r *engine.Record, out *engine.Out) {
	if *at != nil {
		out.LetGo(*at)
	}
	*at = r
}

// joined is the tuple of some records.
func joined(records []*engine.Record) *engine.Record {
	tuple := make([]any, len(records))
	for i, r := range records {
		tuple[i] = r.List()
	}
	return engine.NewJoined(tuple, slices.Clone(records)...)
}

// Flush lets go of what it only remembers, at the end of input.
func (z *zipLatest) Flush(_ context.Context, end bool, out *engine.Out) error {
	if end {
		letGoAll(z.newest, out)
	}
	return nil
}

func letGoAll(records []*engine.Record, out *engine.Out) {
	for i := range records {
		replace(&records[i], nil, out)
	}
}

// Evict forgets the records of revoked claims.
func (z *zipLatest) Evict(gone func(*engine.Record) bool) {
	z.waiting = slices.DeleteFunc(z.waiting, gone)
	evictEach(z.newest, gone)
}

func evictEach(records []*engine.Record, gone func(*engine.Record) bool) {
	for i, r := range records {
		if r != nil && gone(r) {
			records[i] = nil
		}
	}
}
