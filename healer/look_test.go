package healer

import "testing"

// While records finish, what one look tells belongs together.
func TestLookWhileRecordsFinish(t *testing.T) {
	const n = 200_000
	p := NewPartition(Options{Start: 5})
	if l := p.Look(); l.Watermark != 5 || l.Position != 5 || l.Head != nil || l.Holes.Len() != 0 {
		t.Errorf("before anything comes, it is %+v", l)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for from := int64(5); from < n; from += 100 {
			entries := make([]Entry, 100)
			for i := range entries {
				entries[i] = Entry{Offset: from + int64(i)}
			}
			acks, err := p.Begin(entries)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range acks { // two by two, the later one first
				acks[i^1].Release()
			}
		}
	}()
	last := int64(0)
	for finished := false; !finished; {
		select {
		case <-done:
			finished = true
		default:
		}
		l := p.Look()
		switch {
		case l.Watermark < last:
			t.Fatalf("the watermark went back from %d to %d", last, l.Watermark)
		case l.Position < l.Watermark, l.Records+int64(l.Holes.Len()) != l.Position-l.Watermark:
			t.Fatalf("of %d offsets %d are unfinished, and %d are holes", l.Position-l.Watermark, l.Records, l.Holes.Len())
		case l.Holes.Len() > 0 && l.Holes.First() <= l.Watermark:
			t.Fatalf("%d is finished, the watermark %d", l.Holes.First(), l.Watermark)
		case l.Holes.Last() >= l.Position:
			t.Fatalf("%d is finished, which was not taken", l.Holes.Last())
		case l.Head != nil && l.Head.Offset != l.Watermark:
			t.Fatalf("the head is %d, the watermark %d", l.Head.Offset, l.Watermark)
		}
		last = l.Watermark
	}
	if l := p.Look(); l.Watermark != l.Position || l.Head != nil || l.Records != 0 {
		t.Errorf("at the end it is %+v", l)
	}
	p.Close()
	if l := p.Look(); l.Watermark != last || l.Position != last {
		t.Errorf("closed, it is %+v", l)
	}
}
