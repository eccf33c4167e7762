package healer

import (
	"fmt"
	"slices"
	"testing"
)

// trackOrders are the sequences in which records are finished.
var trackOrders = []struct {
	name  string
	stuck bool // the head is never finished
	sort  func([]*Ack)
}{
	{"in order", false, func([]*Ack) {}},
	{"reversed", false, slices.Reverse[[]*Ack]},
	{"stuck head", true, func([]*Ack) {}},
	{"stuck head, reversed", true, slices.Reverse[[]*Ack]},
}

// track measures begin, release and watermark of records that are fetched 500
// at a time, with up to inFlight unfinished; order changes the sequence in
// which those are released. A stuck head is never released.
func track(b testing.TB, records, inFlight int, stuck bool, order func([]*Ack)) {
	const fetch = 500
	p := NewPartition(Options{OnFinish: func(int, int64) {}})
	next := int64(0)
	if stuck {
		begin(b, p, 0)
		next = 1
	}
	batch := make([]Entry, fetch)
	source := any(new(int))
	open := make([]*Ack, 0, inFlight)
	for left := records; left > 0; {
		open = open[:0]
		for len(open) < inFlight && left > 0 {
			n := min(fetch, left)
			for i := range n {
				batch[i] = Entry{Offset: next, Size: 100, Source: source}
				next++
			}
			acks, err := p.Begin(batch[:n])
			if err != nil {
				b.Fatal(err)
			}
			for i := range acks {
				open = append(open, &acks[i])
			}
			left -= n
		}
		order(open)
		for i, a := range open {
			a.Release()
			if i%fetch == 0 {
				p.Watermark()
			}
		}
	}
	if want := next; !stuck && p.Watermark() != want {
		b.Fatalf("watermark %d, want %d", p.Watermark(), want)
	}
}

// BenchmarkTrack is the cost per record of begin, finish and watermark.
func BenchmarkTrack(b *testing.B) {
	for _, order := range trackOrders {
		b.Run(order.name, func(b *testing.B) {
			b.ReportAllocs()
			track(b, b.N, 10_000, order.stuck, order.sort)
		})
	}
}

// TestTrackingAllocatesNothingPerRecord is the guard of BenchmarkTrack: in any
// order and behind a stuck head, a record costs its share of one slab and of
// what grows a few times in a run, and nothing else.
func TestTrackingAllocatesNothingPerRecord(t *testing.T) {
	const records = 100_000
	for _, order := range trackOrders {
		run := func() { track(t, records, 10_000, order.stuck, order.sort) }
		if perRecord := testing.AllocsPerRun(2, run) / records; perRecord > 0.005 {
			t.Errorf("%s: %.4f allocations per record", order.name, perRecord)
		}
	}
}

// BenchmarkHoles is one look at a partition with a stuck head, 10,000 in flight
// and finished offsets beyond: after one more record finished, and after none.
func BenchmarkHoles(b *testing.B) {
	for _, span := range []int{10_000, 1_000_000} {
		for _, change := range []bool{true, false} {
			b.Run(fmt.Sprintf("span %d/changed %v", span, change), func(b *testing.B) {
				p := NewPartition(Options{})
				batch := make([]Entry, span)
				for i := range batch {
					batch[i].Offset = int64(i)
				}
				acks, err := p.Begin(batch)
				if err != nil {
					b.Fatal(err)
				}
				stride := max(2, span/10_000)
				for i := range acks {
					if i%stride != 0 {
						acks[i].Release()
					}
				}
				p.Holes()
				b.ReportAllocs()
				for next := int64(span); b.Loop(); next++ {
					if change {
						begin(b, p, next)[0].Release()
					}
					p.Progress()
				}
			})
		}
	}
}

// BenchmarkEncodeMap writes holes into metadata of Kafka's default limit.
func BenchmarkEncodeMap(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		all := shapes(1000, n)
		for _, name := range []string{"1 in 100 slow", "half", "stuck head"} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				kept := 0
				for b.Loop() {
					_, kept = EncodeMap(testGround(), all[name], 4096)
				}
				b.ReportMetric(float64(kept), "kept")
			})
		}
	}
}
