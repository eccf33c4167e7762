package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// byUnit lists what an output has, per partition or key of it.
func (o *funcOutput) byUnit(order Order) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lists := make(map[string]string)
	for _, r := range o.written {
		unit := fmt.Sprint(r.Partition)
		if order == OrderKey {
			unit += string(r.Key)
		}
		lists[unit] += fmt.Sprint(" ", r.Offset)
	}
	var all []string
	for unit, list := range lists {
		all = append(all, unit+":"+list)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// byTurns are records of a partition whose keys are a and b in turn.
func byTurns(p int32, from, to int64) []*Record {
	all := records(p, from, to)
	for _, r := range all {
		r.Key = []byte{"ab"[r.Offset%2]}
	}
	return all
}

// latch makes an output away for some records until it is opened.
type latch chan struct{}

func (l latch) away(hit func(r *Record) bool) func(context.Context, []*Record) []error {
	return each(func(r *Record) error {
		select {
		case <-l:
		default:
			if hit(r) {
				return errors.New("away")
			}
		}
		return nil
	})
}

// However often the write of a letter is tried again, none of its order unit
// overtakes it, and those of other units do not wait for it.
func TestLettersKeepTheirOrderWhenTriedAgain(t *testing.T) {
	const (
		partitions, keys       = "0: 0 1, 1: 0", "0a: 0, 0b: 1 3 5, 1a: 0"
		allPartitions, allKeys = "0: 0 1 2 3 4 5, 1: 0", "0a: 0 2 4, 0b: 1 3 5, 1a: 0"
	)
	refusing := func() *Node {
		return output(&funcOutput{write: each(func(*Record) error { return Refused(errors.New("no")) })})
	}
	for name, c := range map[string]struct {
		order              Order
		nodes              []*Node // behind the source; the last one fails
		meanwhile, written string
	}{
		"operator":         {OrderPartition, []*Node{failing(every)}, partitions, allPartitions},
		"output":           {OrderPartition, []*Node{refusing()}, partitions, allPartitions},
		"operator, by key": {OrderKey, []*Node{failing(every)}, keys, allKeys},
		"output, by key":   {OrderKey, []*Node{refusing()}, keys, allKeys},
		"behind a window": {OrderPartition, []*Node{windowing(&window{size: 1}), flattening(), failing(every)},
			partitions, allPartitions},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				here, letters := make(latch), newAwayLetters()
				letters.output.write = here.away(func(r *Record) bool { return r.Partition == 0 && r.Offset == 2 })
				nodes := append([]*Node{source()}, c.nodes...)
				last := nodes[len(nodes)-1]
				if last.Policy = quickly(ThenDeadLetter, letters.node); last.Role != RoleOutput {
					nodes = append(nodes, healing())
				}
				g := &Graph{Workers: 1, Order: c.order, Sources: []Source{pushing(false, func(in Intake) {
					in.Push(claimOf(in, 0), byTurns(0, 0, 6))
					in.Push(claimOf(in, 1), byTurns(1, 0, 1))
				})}}
				line(g, nodes...)
				g.Nodes = append(g.Nodes, letters.node)
				_, wait := start(t, t.Context(), g, Options{})
				time.Sleep(time.Minute) //nolint:forbidigo // virtual time
				expect(t, "while one is away", letters.output.byUnit(c.order), c.meanwhile)
				close(here)
				result := wait()
				expect(t, "in the end", letters.output.byUnit(c.order), c.written)
				expect(t, "watermark", watermarks(result)[0], 6)
			})
		})
	}
}

// The letter of a record waits for one before it in its unit that has failed,
// too, and of which something else is still open.
func TestLetterWaitsForWhatHasFailedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, letters := make(latch), newAwayLetters()
		close(letters.here)
		slow := output(&funcOutput{write: here.away(every)})
		first := &Node{Name: "first", Role: RoleOperator, Operator: operatorFunc(func(_ context.Context, r *Record, out *Out) error {
			if r.Partition == 0 && r.Offset == 0 {
				out.Emit(r)
			}
			return nil
		})}
		in, bad := source(), failing(every)
		bad.Policy = quickly(ThenDeadLetter, letters.node)
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) {
			in.Push(claimOf(in, 0), records(0, 0, 4))
			in.Push(claimOf(in, 1), records(1, 0, 4))
		})}}
		line(g, in, first, slow)
		g.Nodes = append(g.Nodes, bad, healing(), letters.node)
		g.Connect(in, bad, 0)
		g.Connect(bad, g.Nodes[4], 0)
		_, wait := start(t, t.Context(), g, Options{})
		time.Sleep(time.Minute) //nolint:forbidigo // virtual time
		expect(t, "while the first is open", letters.output.byUnit(OrderPartition), "1: 0 1 2 3")
		close(here)
		result := wait()
		expect(t, "in the end", letters.output.byUnit(OrderPartition), "0: 0 1 2 3, 1: 0 1 2 3")
		expect(t, "watermark", watermarks(result)[0], 4)
	})
}

// Letters of one unit that wait for nothing else go together.
func TestLettersOfAUnitGoTogether(t *testing.T) {
	const n = 1000
	for name, order := range map[string]Order{"partition": OrderPartition, "key": OrderKey} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				letters := newAwayLetters()
				// While the first are written, all others come.
				letters.output.write = lasting(time.Second, func(context.Context, []*Record) []error { return nil })
				bad := failing(func(r *Record) bool { return r.Offset%2 == 0 })
				bad.Policy = quickly(ThenDeadLetter, letters.node)
				g := &Graph{Workers: 1, Order: order, Sources: []Source{pushing(false, func(in Intake) {
					in.Push(claimOf(in, 0), byTurns(0, 0, n))
				})}}
				line(g, source(), bad, healing(), output(&funcOutput{}))
				g.Nodes = append(g.Nodes, letters.node)
				result := runToEnd(t, g)
				expect(t, "watermark", watermarks(result)[0], n)
				expect(t, "letters", len(letters.output.written), n/2)
				expect(t, "writes", letters.output.slices <= 2, true)
			})
		})
	}
}

// A letter holds the output stream in which its record failed. It must not wait
// for a record before it that has failed elsewhere: more of that one may stand in
// the stream, behind the letter's own hold.
func TestLetterOfAStreamDoesNotWaitForWhatItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		letters, out := newAwayLetters(), &funcOutput{}
		close(letters.here)
		policy := quickly(ThenDeadLetter, letters.node)
		in, bad, second := source(), failing(func(r *Record) bool { return r.Offset == 0 }), failing(func(r *Record) bool { return r.Offset == 1 })
		second.Name, bad.Policy, second.Policy = "second", policy, policy
		g := &Graph{Workers: 1, Sources: []Source{pushing(false, func(in Intake) { in.Push(claimOf(in, 0), records(0, 0, 2)) })}}
		line(g, in, windowing(&backwards{}), second, output(out))
		g.Nodes = append(g.Nodes, bad, healing(), letters.node)
		g.Connect(in, bad, 0)
		g.Connect(bad, g.Nodes[5], 0)
		result := runToEnd(t, g)
		expect(t, "letters", letters.output.got(), "0/1 0/0")
		expect(t, "written", out.got(), "0/0")
		expect(t, "watermark", watermarks(result)[0], 2)
	})
}

// backwards lets go of what came, the last first, at the end.
type backwards struct{ records []*Record }

func (b *backwards) Process(_ context.Context, r *Record, out *Out) error {
	out.Keep(r)
	b.records = append(b.records, r)
	return nil
}

func (b *backwards) Flush(_ context.Context, _ bool, out *Out) error {
	for _, r := range slices.Backward(b.records) {
		out.Emit(r)
		out.LetGo(r)
	}
	return nil
}

func (*backwards) Evict(func(*Record) bool) {}
