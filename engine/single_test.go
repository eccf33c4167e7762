package engine

import (
	"context"
	"errors"
	"testing"
)

// oneTally is a [Single] that tells the ledger what its work does.
type oneTally struct {
	tally
	one func(*Record) (v any, fate Fate, err error)
}

func (o *oneTally) One(_ context.Context, r *Record) (v any, fate Fate, err error) {
	defer o.done(r, &err)
	if v, fate, err = o.one(r); fate != Dropped {
		o.l.opened(idsOf(fate.of(r, v)), fanout(o.node))
	}
	return v, fate, err
}

// Process is for batches, and for what is timed.
func (o *oneTally) Process(_ context.Context, r *Record, out *Out) (err error) {
	defer o.done(r, &err)
	v, fate, err := o.one(r)
	if fate != Dropped {
		tallyOut{out, &o.tally}.emit(fate.of(r, v))
	}
	return err
}

// plusOne is a [Single] that adds one to numbers.
type plusOne struct{}

func (plusOne) Process(context.Context, *Record, *Out) error { return errors.New("it is a Single") }
func (plusOne) One(_ context.Context, r *Record) (any, Fate, error) {
	return r.Value.(int64) + 1, Changed, nil
}

// TestRowsOfSingles sends records through a row that makes each of the one before,
// and looks at some on the way: these must not change any more. What a second reader
// gets must not either.
func TestRowsOfSingles(t *testing.T) {
	const records = 20
	seen := map[string][]*Record{}
	plus := func(name string, tap bool) *Node {
		n := &Node{Name: name, Role: RoleOperator, Operator: plusOne{}}
		if tap {
			n.Tap = func(r *Record, _ int) { seen[name] = append(seen[name], r) }
		}
		return n
	}
	out, beside := &memoryOutput{}, &memoryOutput{}
	g := &Graph{Workers: 1, Sources: []Source{&listSource{partitions: 1, records: records, slice: 7}}}
	second := plus("second", true)
	line(g, source(), plus("first", true), second, plus("third", false), plus("fourth", false), output(out))
	other := &Node{Name: "beside", Role: RoleOutput, Output: beside, Policy: DefaultPolicy()}
	g.Nodes = append(g.Nodes, other)
	g.Connect(second, other, 0)
	result := runGraph(t, g, Options{})
	for _, n := range result.Nodes {
		if n.In != records && n.Name != "in" {
			t.Errorf("%s has got %d records", n.Name, n.In)
		}
	}
	for i := range records {
		for name, got := range map[string]any{"out": out.written[i].Value, "beside": beside.written[i].Value, "first": seen["first"][i].Value, "second": seen["second"][i].Value} {
			if want := map[string]int{"out": 4, "beside": 2, "first": 1, "second": 2}[name] + i; got != int64(want) {
				t.Errorf("record %d at %s is %v, want %d", i, name, got, want)
			}
		}
	}
}
