package operators

import (
	"context"
	"slices"

	"waterhealer/configs"
	"waterhealer/engine"
)

func slidingWindowKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "sliding_window",
			Summary:  "Sends a batch of the last records with each record.",
			Doc:      "The batches overlap: each record is in as many as `size`. At the end of input nothing more is sent, and what it only remembers is let go. Restarts replay everything after the watermark, since skipping what was done would make neighbours of records that are none.",
			Finished: "when the last window that holds it is finished, so that `size` - 1 records stay open",
			Fields: []configs.Field{
				{Name: "size", Type: configs.TypeInt, Required: true, Min: "1", Doc: "Records per window."},
				{Name: "return_partial", Type: configs.TypeBool, Default: "true", Doc: "Also sends the first windows, which are not full yet."},
			},
			Short:   "size",
			Example: "sliding_window: {size: 2}\n",
			Given:   []string{"1", "2", "3"}, Gives: []string{"[1]", "[1,2]", "[2,3]"},
		},
		State: true, Pairs: true, Window: "size",
		Flow: collects(""),
		Build: func(b *Builder) engine.Operator {
			return &slidingWindow{size: int(b.Node.Values.Int("size")), partial: b.Node.Values.Bool("return_partial")}
		},
	}
}

type slidingWindow struct {
	size    int
	partial bool
	window  []*engine.Record
}

// Process emits the window that ends with the record, and lets go of the record
// that is in no further one.
func (s *slidingWindow) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Keep(r)
	s.window = append(s.window, r)
	if len(s.window) < s.size && !s.partial {
		return nil
	}
	out.Emit(engine.NewBatch(slices.Clone(s.window)))
	if len(s.window) == s.size {
		out.LetGo(s.window[0])
		s.window = slices.Delete(s.window, 0, 1)
	}
	return nil
}

// Flush lets go of what it remembers, at the end of input.
func (s *slidingWindow) Flush(_ context.Context, end bool, out *engine.Out) error {
	if end {
		for _, r := range s.window {
			out.LetGo(r)
		}
		s.window = nil
	}
	return nil
}

// Evict forgets the records of revoked claims.
func (s *slidingWindow) Evict(gone func(*engine.Record) bool) {
	s.window = slices.DeleteFunc(s.window, gone)
}
