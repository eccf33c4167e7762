package operators_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"waterhealer/engine"
)

// TestPatience: `attempts` and `max_elapsed` count where they are written, for the
// whole pipeline, at a sink, and at an operator, whose errors no retry can mend.
func TestPatience(t *testing.T) {
	const second = `retry: {attempts: 2, backoff: 1s, max_backoff: 2s}, then: dead_letter, dead_letter: {memory: {}}`
	refused, away := engine.Refused(errors.New("too large")), errors.New("away")
	for _, c := range []struct {
		name     string
		operator string // on_error of each
		sink     string
		whole    string
		err      error // of the output
		back     time.Duration
		failed   string // node and then; "" where it is written
		from, to time.Duration
	}{
		{name: "attempts of the pipeline", whole: second, err: refused, back: time.Hour,
			failed: "out/memory, then dead_letter", to: 2 * time.Second},
		{name: "without end for the pipeline", whole: `retry: {attempts: 0, backoff: 1s, max_backoff: 1m}, then: skip`,
			err: refused, back: 24 * time.Hour, from: 24 * time.Hour, to: 24*time.Hour + time.Minute},
		{name: "without end at the sink", whole: second, sink: `retry: {attempts: 0}`,
			err: refused, back: time.Hour, from: time.Hour, to: time.Hour + 2*time.Second},
		{name: "attempts at the sink", whole: `retry: {attempts: 0, backoff: 1s}, then: skip`, sink: `retry: {attempts: 3}`,
			err: refused, back: time.Hour, failed: "out/memory, then skip", to: 5 * time.Second},
		{name: "away without end", whole: second, err: away, back: 24 * time.Hour, from: 24 * time.Hour, to: 24*time.Hour + 2*time.Second},
		{name: "max_elapsed of the pipeline", whole: `retry: {attempts: 0, max_elapsed: 10m, max_backoff: 1m}, then: skip`,
			err: refused, back: time.Hour, failed: "out/memory, then skip", from: 10 * time.Minute, to: 11 * time.Minute},
		{name: "max_elapsed at the sink", whole: second, sink: `retry: {max_elapsed: 10m}, then: skip`,
			err: away, back: time.Hour, failed: "out/memory, then skip", from: 10 * time.Minute, to: 10*time.Minute + 2*time.Second},
		{name: "attempts before max_elapsed", whole: second, sink: `retry: {max_elapsed: 10m}`,
			err: refused, back: time.Hour, failed: "out/memory, then dead_letter", to: 2 * time.Second},
		{name: "max_elapsed at the operator is not the sink's", whole: second, operator: `retry: {max_elapsed: 1s}`,
			err: away, back: time.Hour, from: time.Hour, to: time.Hour + 2*time.Second},
		{name: "an operator fails at once", whole: second, operator: `retry: {attempts: 0, max_elapsed: 10m}, then: skip`,
			failed: "own, then skip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				own := func(policy string) string {
					if policy == "" {
						return ""
					}
					return "\n    on_error: {" + policy + "}"
				}
				code := "value"
				if c.err == nil {
					code = `'fail("no")'`
				}
				began := time.Now()
				b := &bench{clock: engine.RealClock{}, halts: true, refuse: func(m engine.Message) error {
					letter := slices.ContainsFunc(m.Headers, func(h engine.Header) bool { return h.Key == engine.LetterPrefix+engine.LetterError })
					if letter || time.Since(began) >= c.back {
						return nil
					}
					return c.err
				}}
				result := b.run(t, "operators:\n  - name: own\n    map: "+code+own(c.operator)+
					"\nsinks:\n  - name: out\n    healing: {to: {memory: {}}}"+own(c.sink)+"\non_error: {"+c.whole+"}\n",
					map[string]feed{"in": func(_ context.Context, push func(...*engine.Record)) { push(&engine.Record{Raw: []byte("1")}) }})
				took := time.Since(began)
				if took < c.from || took > c.to {
					t.Errorf("it took %s, want %s to %s", took, c.from, c.to)
				}
				failures := strings.Join(b.failures, "\n")
				if (failures == "") != (c.failed == "") || !strings.Contains(failures, c.failed) || len(b.failures) > 1 {
					t.Errorf("failed: %q, want %q", failures, c.failed)
				}
				if result.Halted != nil {
					t.Errorf("halted: %v", result.Halted)
				}
				wantLines := 1
				if strings.HasSuffix(c.failed, "skip") {
					wantLines = 0
				}
				if len(b.lines) != wantLines {
					t.Errorf("written: %q", b.lines)
				}
				for _, claim := range result.Claims {
					if claim.Watermark != 1 {
						t.Errorf("watermark %d", claim.Watermark)
					}
				}
			})
		})
	}
}
