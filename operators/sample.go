package operators

import (
	"context"
	"math"

	"github.com/cespare/xxhash/v2"

	"waterhealer/configs"
	"waterhealer/engine"
)

func sampleKind() Kind {
	return Kind{
		Spec: configs.Spec{
			Section: configs.SectionOperator, Kind: "sample",
			Summary:  "Thins the stream.",
			Doc:      "`every` lets the first of so many records through, in the order in which they come. `ratio` lets that share of the keys through, chosen by their hash: all records of a key or none, the same in each run and each process. A record without a key goes by its value.",
			Finished: "dropped: at once; let through: with what comes after",
			Fields: []configs.Field{
				{Name: "every", Type: configs.TypeInt, Min: "1", Doc: "One record of so many."},
				{Name: "ratio", Type: configs.TypeFloat, Min: "0", Max: "1", Doc: "The share of keys: 0.1 is a tenth."},
			},
			Short:   "every",
			Example: "sample: {every: 3}\n",
			Given:   []string{"1", "2", "3", "4", "5"}, Gives: []string{"1", "4"},
		},
		State: true,
		Flow:  passesOn,
		Build: func(b *Builder) engine.Operator {
			v := b.Node.Values
			if v.Has("every") == v.Has("ratio") {
				b.oneOf("every", "ratio")
			}
			s := &sample{every: v.Int("every")}
			if ratio := v.Float("ratio"); ratio >= 1 {
				s.below = math.MaxUint64
			} else {
				s.below = uint64(ratio * math.MaxUint64)
			}
			return s
		},
	}
}

// oneOf reports two fields of which exactly one is needed.
func (b *Builder) oneOf(first, second string) {
	kind := b.Node.Kind
	if b.Node.Values.Has(first) {
		b.Problem(second, configs.CodeConflictingField, kind+" takes "+first+" or "+second+", not both", "remove one of them")
		return
	}
	b.plan.problem(configs.Diagnostic{
		Position: b.Node.KindPos, Width: len(kind), Code: configs.CodeMissingField,
		Message: kind + " needs " + first + " or " + second,
	})
}

type sample struct {
	every int64 // 0: by ratio
	place int64
	below uint64 // hashes up to here are let through
}

// Process emits the record itself, or nothing.
func (s *sample) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	if s.every > 0 {
		place := s.place
		s.place = (s.place + 1) % s.every
		if place == 0 {
			out.Emit(r)
		}
		return nil
	}
	var hash uint64
	if r.Known&engine.KnownKey != 0 && r.Key != nil {
		hash = xxhash.Sum64(r.Key)
	} else {
		v, err := keyOrValue(nil, r)
		if err != nil {
			return err
		}
		hash = xxhash.Sum64String(v)
	}
	if s.below == math.MaxUint64 || hash < s.below {
		out.Emit(r)
	}
	return nil
}
