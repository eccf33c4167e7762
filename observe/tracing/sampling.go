package tracing

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"

	"go.opentelemetry.io/otel/trace"
)

// sampler decides before there is a span: OpenTelemetry's own would make one
// for each record that is not sampled, and most are not. What it decides is the
// same, so that services that are behind one another agree.
type sampler struct {
	// parent says that a trace that was begun elsewhere is sampled as it was there.
	parent bool
	// below is what the last 63 bits of the trace's number must be below.
	below uint64
}

// samplerFromEnvironment reads OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG.
func samplerFromEnvironment() (sampler, error) {
	const name, argument = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
	all := uint64(1) << 63
	switch kind := os.Getenv(name); kind {
	case "", "parentbased_always_on":
		return sampler{parent: true, below: all}, nil
	case "always_on":
		return sampler{below: all}, nil
	case "parentbased_always_off":
		return sampler{parent: true}, nil
	case "always_off":
		return sampler{}, nil
	case "traceidratio", "parentbased_traceidratio":
		ratio := 1.0
		if text := os.Getenv(argument); text != "" {
			var err error
			if ratio, err = strconv.ParseFloat(text, 64); err != nil || !(ratio >= 0 && ratio <= 1) {
				return sampler{}, fmt.Errorf("%s is %q, must be a number from 0 to 1, as 0.01", argument, text)
			}
		}
		return sampler{parent: kind != "traceidratio", below: min(uint64(ratio*float64(all)), all)}, nil
	default:
		return sampler{}, fmt.Errorf("%s is %q, must be always_on, always_off, traceidratio or one of these with parentbased_ before it", name, kind)
	}
}

// Sampler says which records are followed.
func (t *Tracing) Sampler() string {
	share := float64(t.sampler.below) / float64(uint64(1)<<63)
	if t.sampler.parent {
		return fmt.Sprintf("as headers say, of others a share of %.3g", share)
	}
	return fmt.Sprintf("a share of %.3g", share)
}

// sampled says whether a record is followed. parent is the trace that its
// headers name; number that of a new one.
func (s sampler) sampled(parent trace.SpanContext, number trace.TraceID) bool {
	if parent.IsValid() {
		if s.parent {
			return parent.IsSampled()
		}
		number = parent.TraceID()
	}
	return binary.BigEndian.Uint64(number[8:])>>1 < s.below
}

// newNumber is that of a new trace.
func newNumber() (id trace.TraceID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id
}

// numbers gives spans their numbers, and a new trace the one that it was
// sampled by.
type numbers struct{}

type numberKey struct{}

// NewIDs is for the first span of a trace.
func (n numbers) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id, ok := ctx.Value(numberKey{}).(trace.TraceID)
	if !ok {
		id = newNumber()
	}
	return id, n.NewSpanID(ctx, id)
}

// NewSpanID is for any other.
func (numbers) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	}
	return id
}
