package healer

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"
)

func entries(offsets ...int64) []Entry {
	list := make([]Entry, len(offsets))
	for i, o := range offsets {
		list[i] = Entry{Offset: o, Size: 10, Source: o}
	}
	return list
}

// begin begins offsets on p; its acks are as many.
func begin(t testing.TB, p *Partition, offsets ...int64) []Ack {
	t.Helper()
	acks, err := p.Begin(entries(offsets...))
	if err != nil {
		t.Fatal(err)
	}
	return acks
}

func wantProgress(t *testing.T, p *Partition, watermark int64, holes ...int64) {
	t.Helper()
	got, h := p.Progress()
	if got != watermark || !slices.Equal(list(h), holes) {
		t.Errorf("watermark %d, holes %v; want %d, %v", got, list(h), watermark, holes)
	}
}

func TestWatermarkCountsWhatWasDelivered(t *testing.T) {
	p := NewPartition(Options{Start: 100})
	wantProgress(t, p, 100)
	acks := begin(t, p, 105, 107, 110)
	wantProgress(t, p, 105)
	acks[1].Release()
	wantProgress(t, p, 105, 107)
	acks[0].Release()
	wantProgress(t, p, 110)
	p.Advance(120)
	wantProgress(t, p, 110)
	acks[2].Release()
	wantProgress(t, p, 120)
	p.Advance(115)
	wantProgress(t, p, 120)
	begin(t, p, 125)
	wantProgress(t, p, 125)
}

func TestBelowStartIsFinished(t *testing.T) {
	p := NewPartition(Options{Start: 100})
	if acks := begin(t, p, 90, 99, 100); !acks[0].Finished() || !acks[1].Finished() || acks[2].Finished() {
		t.Error("only what lies below the start is finished at once")
	}
	wantProgress(t, p, 100)
	if records, bytes := p.InFlight(); records != 1 || bytes != 10 {
		t.Errorf("in flight %d records, %d bytes", records, bytes)
	}
}

// TestWatermarkFollowsALag keeps thousands open behind what is fetched, so that
// the backlog moves down many times.
func TestWatermarkFollowsALag(t *testing.T) {
	p := NewPartition(Options{})
	var open []*Ack
	for next := int64(0); next < 50_000; next += 500 {
		var offsets []int64
		for i := range int64(500) {
			offsets = append(offsets, next+i)
		}
		acks := begin(t, p, offsets...)
		for i := range acks {
			open = append(open, &acks[i])
		}
		for len(open) > 700 {
			open[0].Release()
			open = open[1:]
		}
		if got, want := p.Watermark(), open[0].Offset; got != want {
			t.Fatalf("watermark %d, want %d", got, want)
		}
		if got := p.Unfinished(1000); len(got) != len(open) || !slices.IsSorted(got) || got[0] != open[0].Offset {
			t.Fatalf("%d unfinished from %d on, want %d", len(got), got[0], len(open))
		}
	}
	if n := cap(p.open.acks); n > 10_000 {
		t.Errorf("room for %d acks, 1200 were open at most", n)
	}
}

func TestBeginRefusesDisorder(t *testing.T) {
	tests := []struct {
		name    string
		offsets []int64
	}{
		{"a repeat", []int64{20, 20}},
		{"descending", []int64{21, 20}},
		{"begun before", []int64{10, 20}},
		{"below what Advance said", []int64{14, 20}},
		{"negative", []int64{-1}},
		{"the last offset there is", []int64{math.MaxInt64}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := NewPartition(Options{})
			begin(t, p, 10)[0].Release()
			p.Advance(15)
			if acks, err := p.Begin(entries(tt.offsets...)); !errors.Is(err, ErrOrder) || acks != nil {
				t.Errorf("%d acks, %v", len(acks), err)
			}
			wantProgress(t, p, 15)
			if records, _ := p.InFlight(); records != 0 {
				t.Errorf("%d records in flight", records)
			}
		})
	}
}

func TestFailedOffsetWaitsForItsPolicy(t *testing.T) {
	var failed []*Ack
	p := NewPartition(Options{OnFailed: func(a *Ack) { failed = append(failed, a) }})
	acks := begin(t, p, 1, 2)
	first := errors.New("first")
	acks[0].Retain(1)
	acks[0].Fail(first)
	acks[0].Fail(errors.New("second"))
	acks[0].Release()
	if len(failed) != 0 {
		t.Fatal("handed over while a branch was open")
	}
	acks[0].Release()
	acks[1].Release()
	if len(failed) != 1 || failed[0] != &acks[0] || !errors.Is(failed[0].Failure(), first) || failed[0].Source != int64(1) {
		t.Fatalf("handed over %v", failed)
	}
	wantProgress(t, p, 1, 2)
	// The dead letter is written with a reference of its own.
	acks[0].Retain(1)
	acks[0].Settle()
	wantProgress(t, p, 1, 2)
	acks[0].Release()
	wantProgress(t, p, 3)
	if len(failed) != 1 || p.Misuses() != 0 {
		t.Errorf("%d handed over, %d misuses", len(failed), p.Misuses())
	}
}

func TestFailureWithoutReason(t *testing.T) {
	p := NewPartition(Options{})
	acks := begin(t, p, 1)
	acks[0].Fail(nil)
	acks[0].Release()
	if acks[0].Failure() == nil || acks[0].Finished() {
		t.Error("a failure without a reason was taken for a success")
	}
}

func TestJoinFailsEveryParent(t *testing.T) {
	p, other := NewPartition(Options{}), NewPartition(Options{})
	acks, others := begin(t, p, 1, 2, 3), begin(t, other, 7)
	inner := Join(&acks[0], &acks[1])
	outer := Join(inner, &others[0], &acks[0])
	for _, a := range []*Ack{inner, &acks[0], &acks[1], &acks[2], &others[0]} {
		a.Release()
	}
	if outer.Partition() != nil || acks[0].Partition() != p {
		t.Error("a node belongs to no partition, a source ack to its own")
	}
	var leaves []int64
	outer.Leaves(func(a *Ack) { leaves = append(leaves, a.Offset) })
	if !slices.Equal(leaves, []int64{1, 2, 7}) {
		t.Errorf("leaves %v", leaves)
	}
	wantProgress(t, p, 1, 3)
	p.Close()
	if outer.Closed() || !inner.Closed() {
		t.Error("a node is closed when all its parents are")
	}
	outer.Fail(errors.New("poison"))
	outer.Release()
	if others[0].Failure() == nil || acks[1].Failure() == nil {
		t.Error("a failure has to go to every parent")
	}
	wantProgress(t, other, 7)
	wantProgress(t, p, 1, 3)
}

func TestJoinOfManyRetainsEachOnce(t *testing.T) {
	p := NewPartition(Options{})
	var offsets []int64
	for i := range int64(100) {
		offsets = append(offsets, i)
	}
	acks := begin(t, p, offsets...)
	var parents []*Ack
	for i := range acks {
		parents = append(parents, &acks[i], &acks[i/2])
	}
	joined := Join(parents...)
	if n := len(joined.node.parents); n != len(acks) {
		t.Errorf("%d parents, want %d", n, len(acks))
	}
	for i := range acks {
		acks[i].Release()
	}
	wantProgress(t, p, 0)
	joined.Release()
	wantProgress(t, p, 100)
	Join().Release() // made of nothing: holds nothing
	if p.Misuses() != 0 {
		t.Errorf("%d misuses", p.Misuses())
	}
}

func TestMisuseIsCounted(t *testing.T) {
	var got []string
	p := NewPartition(Options{Finished: func(o int64) bool { return o == 9 }, OnMisuse: func(err error) {
		if !errors.Is(err, ErrMisuse) {
			t.Error(err)
		}
		got = append(got, err.Error())
	}})
	acks := begin(t, p, 1, 2, 9)
	acks[0].Release()
	acks[0].Release()
	acks[0].Retain(1)
	acks[0].Fail(errors.New("late"))
	acks[1].Settle()
	acks[1].Retain(-1)
	acks[2].Release() // finished by an earlier claim: not counted
	acks[2].Retain(3)
	want := []string{
		"lineage misuse: ack of offset 1 released with 0 references left",
		"lineage misuse: ack of offset 1 retained with 0 references left",
		"lineage misuse: ack of offset 1 failed with 0 references left",
		"lineage misuse: ack of offset 2 settled without a failure with 1 references left",
		"lineage misuse: ack of offset 2 retained with 1 references left",
	}
	if !slices.Equal(got, want) || p.Misuses() != 5 {
		t.Errorf("%d misuses: %q", p.Misuses(), got)
	}
	wantProgress(t, p, 2, 9)
}

func TestCloseFreezes(t *testing.T) {
	var handed int
	var gone int64
	p := NewPartition(Options{OnFailed: func(*Ack) { handed++ }, OnFinish: func(n int, b int64) { gone += int64(n)*1000 + b }})
	acks := begin(t, p, 1, 2, 3, 4)
	acks[2].Release()
	acks[3].Fail(errors.New("before"))
	p.Close()
	if records, bytes := p.InFlight(); records != 0 || bytes != 0 || gone != 4040 {
		t.Errorf("in flight %d, %d; told of %d", records, bytes, gone)
	}
	acks[0].Release()
	acks[0].Release()
	acks[1].Fail(errors.New("after"))
	acks[1].Release()
	acks[1].Settle()
	acks[3].Release()
	acks[3].Settle()
	p.Advance(100)
	late := begin(t, p, 50)
	late[0].Release()
	wantProgress(t, p, 1, 3)
	if handed != 0 || gone != 4040 || p.Misuses() != 0 || acks[0].Finished() || !late[0].Closed() {
		t.Errorf("handed %d, told of %d, misuses %d", handed, gone, p.Misuses())
	}
	if p.OldestUnfinished() != nil || p.Unfinished(9) != nil {
		t.Error("a closed claim waits for nothing")
	}
}

func TestInheritedHolesAreNotForgotten(t *testing.T) {
	p := NewPartition(Options{Start: 5, Inherited: NewHoles(Range{0, 3}, Range{7, 8}, Range{12, 12})})
	wantProgress(t, p, 5, 7, 8, 12)
	acks := begin(t, p, 5, 6)
	acks[0].Release()
	wantProgress(t, p, 6, 7, 8, 12)
	more := begin(t, p, 8, 9)
	if !more[0].Finished() || more[0].Source != nil {
		t.Error("8 was finished by an earlier claim")
	}
	more[0].Release()
	wantProgress(t, p, 6, 8, 12) // 7 was not delivered again: it is gone from the log
	acks[1].Release()
	wantProgress(t, p, 9, 12)
	begin(t, p, 20)
	wantProgress(t, p, 9)
	p.Close()
	wantProgress(t, p, 9)
}

// TestFinishedRecordsAreFreed lets a head be stuck while much finishes behind
// it, and nobody asks for holes.
func TestFinishedRecordsAreFreed(t *testing.T) {
	p := NewPartition(Options{})
	stuck := begin(t, p, 0)
	const slabs, size = 200, 500
	next := int64(1)
	for range slabs {
		batch := make([]Entry, size)
		for i := range batch {
			batch[i] = Entry{Offset: next, Source: new([1 << 10]byte)}
			next++
		}
		acks, err := p.Begin(batch)
		if err != nil {
			t.Fatal(err)
		}
		for i := range acks {
			acks[i].Release()
		}
	}
	if n := p.open.len(); n > 10_000 {
		t.Errorf("%d acks are kept for one unfinished record", n)
	}
	for _, a := range p.open.acks[len(p.open.acks):cap(p.open.acks)] {
		if a != nil {
			t.Fatalf("the ack of %d is kept behind the backlog's end", a.Offset)
		}
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	if memory.HeapAlloc > 20<<20 { // the sources alone were 100 MB
		t.Errorf("%d MB in use", memory.HeapAlloc>>20)
	}
	if w, h := p.Progress(); w != 0 || h.Len() != slabs*size {
		t.Errorf("watermark %d, %d holes", w, h.Len())
	}
	stuck[0].Release()
	wantProgress(t, p, next)
}

func TestDataPathAllocatesNothing(t *testing.T) {
	p := NewPartition(Options{OnFinish: func(int, int64) {}})
	batch := make([]Entry, 500)
	next := int64(0)
	round := func() {
		for i := range batch {
			batch[i].Offset = next
			next++
		}
		acks, err := p.Begin(batch)
		if err != nil {
			t.Fatal(err)
		}
		for i := range acks {
			acks[i].Retain(2)
			acks[i].Release()
			acks[i].Release()
			acks[i].Release()
		}
		p.Watermark()
	}
	if allocs := testing.AllocsPerRun(100, round); allocs > 1 {
		t.Errorf("%v allocations for %d records, want the slab alone", allocs, len(batch))
	}
}
