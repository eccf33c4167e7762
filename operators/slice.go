package operators

import (
	"context"

	"waterhealer/configs"
	"waterhealer/engine"
)

func sliceKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "slice",
			Summary:  "Lets records through by their place in the stream, counted from 0.",
			Doc:      "As a slice of a list: from `start` on, before `end`, and of those the places that `step` divides. Records after `end` are dropped, too, so that their offsets are finished." + emptyAtStart + " It counts again from 0.",
			Finished: "dropped, also after `end`: at once; let through: with what comes after",
			Fields: []configs.Field{
				{Name: "start", Type: configs.TypeInt, Default: "0", Min: "0", Doc: "The first place that is let through."},
				{Name: "end", Type: configs.TypeInt, Min: "0", Doc: "The first place that is not any more. Default: none."},
				{Name: "step", Type: configs.TypeInt, Default: "1", Min: "1", Doc: "Only places that it divides, counted from place 0 and not from `start`."},
			},
			Example: "slice: {start: 1, end: 5, step: 2}\n",
			Given:   []string{"0", "1", "2", "3", "4", "5", "6"}, Gives: []string{"2", "4"},
		},
		State: true, Forgets: true,
		Flow: passesOn,
		Build: func(b *Builder) engine.Operator {
			v := b.Node.Values
			s := &slice{start: v.Int("start"), end: -1, step: max(v.Int("step"), 1)}
			if v.Has("end") {
				s.end = v.Int("end")
			}
			return s
		},
	}
}

type slice struct {
	start, end, step int64 // end is -1 where there is none
	place            int64
}

// Process emits the record itself, or nothing.
func (s *slice) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	place := s.place
	s.place++
	if place >= s.start && (s.end < 0 || place < s.end) && place%s.step == 0 {
		out.Emit(r)
	}
	return nil
}
