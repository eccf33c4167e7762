package engine

import (
	"context"
	"sync"
	"testing"
	"time"
)

// pausingZip has room for two records of each input.
type pausingZip struct{ zip }

func (z *pausingZip) Room(port int) Room {
	switch {
	case len(z.waiting[port]) >= 2:
		return RoomFull
	case len(z.waiting[port]) == 0 && len(z.waiting[1-port]) > 0:
		return RoomWanting
	}
	return RoomFree
}

// ticker drops what comes, and emits an empty batch now and then.
type ticker struct{ due time.Time }

func (t *ticker) Process(_ context.Context, _ *Record, out *Out) error {
	if t.due.IsZero() {
		t.due = out.Now().Add(13 * time.Millisecond)
	}
	return nil
}

func (t *ticker) Next() time.Time { return t.due }

func (t *ticker) Fire(_ context.Context, now time.Time, out *Out) error {
	t.due = now.Add(13 * time.Millisecond)
	out.Emit(NewBatch(nil))
	return nil
}

// Sources that are paused, be it in a circle, are always woken again: in real
// time, with records coming from all sides.
func TestPausesEnd(t *testing.T) {
	const n = 3000
	for range 5 {
		one, other := source(), source()
		other.Name = "other"
		pairs := &Node{Name: "pairs", Role: RoleOperator, State: true, Operator: &pausingZip{}}
		both := &Node{Name: "both", Role: RoleOperator, State: true, Operator: &pausingZip{}}
		few, end, written := sparse(100), healing(), &funcOutput{}
		out := output(written)
		g := &Graph{Workers: 2, Sources: []Source{&funcSource{run: func(ctx context.Context, in Intake) error {
			var wg sync.WaitGroup
			for _, c := range []*Claim{claimOf(in, 0), in.Claim(ClaimOptions{Source: "other", Topic: "u"})} {
				wg.Go(func() { feeding(ctx, in, c, n) })
			}
			wg.Wait()
			return nil
		}}}}
		g.Nodes = []*Node{one, other, few, pairs, both, end, out}
		g.Connect(one, pairs, 0)
		g.Connect(other, pairs, 1)
		g.Connect(other, few, 0)
		g.Connect(few, both, 0)
		g.Connect(pairs, both, 1)
		g.Connect(both, end, 0)
		g.Connect(end, out, 0)
		result := runGraph(t, g, Options{})
		if result.Halted != nil {
			t.Errorf("halted: %v", result.Halted)
		}
		expect(t, "written", len(written.written), n/100)
	}
}
