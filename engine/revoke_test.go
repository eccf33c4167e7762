package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A claim that is given up is evicted from wherever it waits; only the write
// under way is awaited, and others and the next claim go on.
func TestRevokeEvictsFromEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		out := &funcOutput{}
		out.write = func(_ context.Context, rs []*Record) []error {
			if strings.Contains(out.got(), "0/0") {
				return nil
			}
			<-hold // with 0/0 in hand
			return nil
		}
		kept := &window{size: 10}
		lineup := &funcOutput{write: each(func(r *Record) error {
			if r.Offset == 0 && r.Claim.Epoch == 1 {
				return errors.New("away")
			}
			return nil
		})}
		src, w, a, b, c := source(), windowing(kept), output(out), output(lineup), output(&funcOutput{})
		b.Policy = Policy{Backoff: time.Hour, MaxBackoff: time.Hour}
		var first, second, other *Claim
		g := &Graph{Workers: 1, Nodes: []*Node{src, w, a, b, c}, Sources: []Source{pushing(false, func(in Intake) {
			first, other = claimOf(in, 0), claimOf(in, 1)
			in.Push(first, records(0, 0, 1))
			synctest.Wait()
			in.Push(first, records(0, 1, 4))
			in.Push(other, records(1, 0, 4))
			synctest.Wait()
			expect(t, "kept", len(kept.records), 8)
			time.AfterFunc(time.Second, func() { close(hold) })
			asked := time.Now()
			in.Revoke(t.Context(), first)
			expect(t, "the write under way was awaited", time.Since(asked), time.Second)
			if got := out.got(); !strings.Contains(got, "0/0") || strings.Contains(got, "0/1") {
				t.Errorf("written when the revoke returned: %s", got)
			}
			expect(t, "watermark", first.Watermark(), 0) // the window held it
			second = claimOf(in, 0)
			in.Push(second, records(0, 0, 4))
			synctest.Wait()
			expect(t, "kept of the other and the new claim", len(kept.records), 8)
			in.Push(first, records(0, 4, 5)) // too late
		})}}
		g.Connect(src, w, 0)
		g.Connect(w, c, 0)
		g.Connect(src, a, 0)
		g.Connect(src, b, 0)
		began := time.Now()
		rt, wait := start(t, t.Context(), g, Options{})
		result := wait()
		expect(t, "the run took", time.Since(began), time.Second) // nobody waits for the lineup's next try
		expect(t, "of the old claim", first.Watermark(), 0)
		expect(t, "of the new one", second.Watermark(), 4)
		expect(t, "of the other", other.Watermark(), 4)
		expect(t, "still held", result.Nodes[1].Held, 0)
		expect(t, "bytes", rt.budget.used.Load(), 0)
		expect(t, "failures", len(rt.failed), 0)
		expect(t, "blocks of the old claim", len(first.gate.blocked), 0)
		if got := lineup.got(); strings.Count(got, "0/") != 4 {
			t.Errorf("the lineup of the old claim was written: %s", got)
		}
	})
}

// A revoke waits no longer than its context for a write that hangs, and what
// the write answers later changes nothing.
func TestRevokeDoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		out := &funcOutput{write: func(context.Context, []*Record) []error { <-hold; return nil }}
		var first, second *Claim
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			first = claimOf(in, 0)
			in.Push(first, records(0, 0, 4))
			synctest.Wait()
			drain, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			in.Revoke(drain, first)
			expect(t, "waited", time.Since(began), time.Second)
			second = claimOf(in, 0)
			in.Push(second, records(0, 0, 4))
			synctest.Wait()
			close(hold)
		})}}
		line(g, source(), healing(), output(out))
		runToEnd(t, g)
		expect(t, "of the old claim", first.Watermark(), 0)
		expect(t, "of the new one", second.Watermark(), 4)
	})
}

// A failure that is held for its dead letter does not block others when its
// claim is given up: not those that share a joined value with it, nor their
// stream.
func TestEvictedFailureLetsOthersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		letters, out := newAwayLetters(), &funcOutput{}
		sum := &Node{Name: "sum", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			if r.Batch[0].Offset == 0 {
				return errors.New("no sum")
			}
			out.Emit(r.With(r.Batch[0].Value))
			return nil
		}), Policy: quickly(ThenDeadLetter, letters.node)}
		var first, second *Claim
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			first, second = claimOf(in, 0), claimOf(in, 1)
			for at := range int64(4) {
				in.Push(first, records(0, at, at+1))
				in.Push(second, records(1, at, at+1))
				synctest.Wait()
			}
			expect(t, "written behind the failed one", out.got(), "")
			in.Revoke(t.Context(), first)
			synctest.Wait()
			expect(t, "the letter of the other", second.Watermark(), 0)
			close(letters.here)
		})}}
		line(g, source(), windowing(&window{size: 2}), sum, healing(), output(out))
		g.Nodes = append(g.Nodes, letters.node)
		rt, wait := start(t, t.Context(), g, Options{})
		wait()
		expect(t, "of the revoked one", first.Watermark(), 0)
		expect(t, "of the other", second.Watermark(), 4)
		expect(t, "letters", letters.output.got(), "1/0")
		expect(t, "failures", len(rt.failed), 0)
		expect(t, "blocks", len(rt.stages[0].x.stream.gate.blocked), 0)
	})
}

// A joined value is written as long as one of its claims is held, and then
// finishes only that one's record.
func TestJoinedValueOutlivesOneClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &funcOutput{}
		sum := &Node{Name: "sum", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			out.Emit(r.With("sum"))
			return nil
		})}
		back := false
		out.write = each(func(*Record) error {
			if !back {
				return errors.New("away")
			}
			return nil
		})
		sink := output(out)
		sink.Policy = Policy{Backoff: time.Minute, MaxBackoff: time.Minute}
		var first, second *Claim
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			first, second = claimOf(in, 0), claimOf(in, 1)
			in.Push(first, records(0, 0, 1))
			synctest.Wait()
			in.Push(second, records(1, 0, 1))
			synctest.Wait()
			in.Revoke(t.Context(), first)
			back = true
		})}}
		line(g, source(), windowing(&window{size: 2}), sum, healing(), sink)
		runToEnd(t, g)
		expect(t, "written", len(out.written), 1)
		expect(t, "of the revoked one", first.Watermark(), 0)
		expect(t, "of the other", second.Watermark(), 1)
	})
}
