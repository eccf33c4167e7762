package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever gets on, however slowly, makes progress; and where nothing waits
// there is none to make.
func TestNoStallWhereWorkGoesOnOrThereIsNone(t *testing.T) {
	for _, c := range []struct {
		name  string
		nodes func() []*Node
	}{
		{"slow output", func() []*Node {
			return []*Node{healing(), output(&funcOutput{write: func(context.Context, []*Record) []error {
				slowly(9*time.Second, nil)
				return nil
			}})}
		}},
		{"slow operator", func() []*Node {
			return []*Node{{Name: "slow", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
				slowly(9*time.Second, nil)
				out.Emit(r)
				return nil
			})}, healing(), output(&funcOutput{})}
		}},
		{"a window on an idle topic", func() []*Node {
			return []*Node{windowing(&window{size: 1000}), healing(), output(&funcOutput{})}
		}},
		{"a timer far away", func() []*Node {
			return []*Node{windowing(&window{size: 1000, timeout: 30 * time.Minute}), healing(), output(&funcOutput{})}
		}},
		{"a sync far away", func() []*Node {
			return []*Node{healing(), syncing(&syncOutput{funcOutput: &funcOutput{}}, 30*time.Minute)}
		}},
		{"an idle topic", func() []*Node { return []*Node{healing(), output(&funcOutput{})} }},
		{"an output that is away now and then", func() []*Node {
			began := time.Now()
			sink := output(&funcOutput{write: each(func(*Record) error {
				if time.Since(began)%(10*time.Second) < 8*time.Second {
					return errors.New("away")
				}
				return nil
			})})
			sink.Policy = Policy{Backoff: 100 * time.Millisecond, MaxBackoff: time.Second}
			return []*Node{healing(), sink}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, signal := context.WithCancel(t.Context())
				defer signal()
				g := &Graph{Workers: 1, StallAfter: 10 * time.Second, Limits: Limits{Records: 100}}
				g.Sources = []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
					claim := claimOf(in, 0)
					for at := range int64(20) {
						in.Push(claim, records(0, at, at+1))
						slowly(3*time.Second, ctx.Done())
					}
					<-ctx.Done()
					return nil
				}}}
				line(g, append([]*Node{source()}, c.nodes()...)...)
				rt, wait := start(t, ctx, g, Options{})
				time.Sleep(20 * time.Minute) //nolint:forbidigo // virtual time
				expect(t, "stuck", len(rt.Stuck()), 0)
				signal()
				if result := wait(); result.Halted != nil {
					t.Errorf("halted: %v", result.Halted)
				}
			})
		})
	}
}
