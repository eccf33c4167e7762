package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// together makes a Write that takes all of a slice or refuses it as a whole.
func together(bad func(r *Record) bool, writes *int) func(context.Context, []*Record) []error {
	return func(_ context.Context, records []*Record) []error {
		*writes++
		for _, r := range records {
			if !bad(r) {
				continue
			}
			errs := make([]error, len(records))
			for i := range errs {
				errs[i] = RefusedTogether(errors.New("the batch is refused"))
			}
			return errs
		}
		return nil
	}
}

// An output that refuses a batch without a word on which record is to blame:
// only those to blame fail, once each, and all others are written in order.
func TestRefusedBatchIsSplit(t *testing.T) {
	const n = 1000
	for name, c := range map[string]struct {
		order Order
		bad   func(r *Record) bool
		most  int // writes
	}{
		"the first":       {OrderPartition, func(r *Record) bool { return r.Offset == 0 }, 40},
		"one":             {OrderPartition, func(r *Record) bool { return r.Offset == 500 }, 40},
		"the last":        {OrderPartition, func(r *Record) bool { return r.Offset == n-1 }, 40},
		"each hundredth":  {OrderPartition, func(r *Record) bool { return r.Offset%100 == 7 }, 400},
		"all":             {OrderPartition, func(*Record) bool { return true }, 12 * n},
		"none":            {OrderPartition, func(*Record) bool { return false }, 2},
		"without order":   {OrderNone, func(r *Record) bool { return r.Offset%100 == 7 }, 400},
		"one of each key": {OrderKey, func(r *Record) bool { return r.Offset < 7 }, 400},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out, writes := &funcOutput{}, 0
				out.write = together(c.bad, &writes)
				node := output(out)
				node.Policy = Policy{Attempts: 1, Backoff: time.Millisecond, MaxBackoff: time.Millisecond, Then: ThenSkip}
				g := &Graph{Workers: 1, Order: c.order, Sources: []Source{pushing(false, func(in Intake) {
					pushed := records(0, 0, n)
					for _, r := range pushed {
						r.Key = fmt.Appendf(nil, "%d", r.Offset%7)
					}
					in.Push(claimOf(in, 0), pushed)
				})}}
				line(g, source(), healing(), node)
				result := runToEnd(t, g)
				expect(t, "watermark", watermarks(result)[0], n)
				bad, last := int64(0), make(map[int64]int64)
				for _, r := range records(0, 0, n) {
					if c.bad(r) {
						bad++
					}
				}
				expect(t, "skipped", result.Nodes[2].Skipped, bad)
				expect(t, "written", int64(len(out.written)), n-bad)
				for _, r := range out.written {
					unit := map[Order]int64{OrderKey: r.Offset % 7, OrderNone: r.Offset}[c.order]
					if r.Offset < last[unit] {
						t.Fatalf("%d was written after %d", r.Offset, last[unit])
					}
					last[unit] = r.Offset
				}
				// On a slow machine a lane hands on what it has in parts: one write each.
				if writes > c.most+100 {
					t.Errorf("%d writes", writes)
				}
				t.Log(writes, "writes")
			})
		})
	}
}

// A disaster of others: 2,000 of 10,000 records of one key are poison. Each has
// one letter, the rest keeps its order, and nobody waits for long.
func TestPoison2000Of10000OnOneKey(t *testing.T) {
	const n = 10_000
	poison := func(r *Record) bool { return r.Offset%5 == 3 }
	for name, c := range map[string]struct {
		order Order
		write func(context.Context, []*Record) []error // nil: it fails in an operator
	}{
		"operator":            {OrderKey, nil},
		"operator, partition": {OrderPartition, nil},
		"output names them": {OrderKey, each(func(r *Record) error {
			if poison(r) {
				return Refused(errors.New("poison"))
			}
			return nil
		})},
		"output names none": {OrderKey, together(poison, new(int))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				letters, out := newAwayLetters(), &funcOutput{write: c.write}
				close(letters.here)
				node := output(out)
				operator := failing(func(r *Record) bool { return c.write == nil && poison(r) })
				node.Policy, operator.Policy = quickly(ThenDeadLetter, letters.node), quickly(ThenDeadLetter, letters.node)
				g := &Graph{Workers: 4, Order: c.order, Sources: []Source{&listSource{partitions: 1, records: n, slice: 500}}}
				line(g, source(), operator, healing(), node)
				g.Nodes = append(g.Nodes, letters.node)
				began := time.Now()
				result := runToEnd(t, g)
				if took := time.Since(began); took > time.Minute { // of virtual time: 3 tries and some ms each
					t.Errorf("it took %s", took)
				}
				expect(t, "written", len(out.written), n-n/5)
				expect(t, "letters", len(letters.output.written), n/5)
				for i, r := range letters.output.written {
					if r.Offset != int64(5*i+3) {
						t.Fatalf("letter %d is of record %d", i, r.Offset)
					}
				}
				for i := 1; i < len(out.written); i++ {
					if out.written[i].Offset <= out.written[i-1].Offset {
						t.Fatalf("%d was written after %d", out.written[i].Offset, out.written[i-1].Offset)
					}
				}
				expect(t, "watermark", watermarks(result)[0], n)
			})
		})
	}
}
