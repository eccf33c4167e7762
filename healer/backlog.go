package healer

// backlog is the acks of one claim, in offset order, that were unfinished when
// it was last looked at.
type backlog struct {
	acks []*Ack // those before head are gone
	head int
}

func (b *backlog) len() int { return len(b.acks) - b.head }

func (b *backlog) push(slab []Ack) {
	if b.head > 1024 && b.head > len(b.acks)/2 {
		b.cut(copy(b.acks, b.acks[b.head:]))
		b.head = 0
	}
	for i := range slab {
		b.acks = append(b.acks, &slab[i])
	}
}

// cut drops what lies behind the first n, for the collector too.
func (b *backlog) cut(n int) {
	clear(b.acks[n:])
	b.acks = b.acks[:n]
}

// first drops what is finished in front and returns the first ack that is not,
// nil if there is none. Each ack is dropped once, so a call costs no more than
// what finished since.
func (b *backlog) first() *Ack {
	for b.head < len(b.acks) {
		if a := b.acks[b.head]; !a.Finished() {
			return a
		}
		b.acks[b.head] = nil
		b.head++
	}
	b.acks, b.head = b.acks[:0], 0
	return nil
}

// sweep moves everything that is finished to done. It costs as much as was
// unfinished the last time, or begun since.
func (b *backlog) sweep(done *marks) {
	kept := b.acks[:0]
	for _, a := range b.acks[b.head:] {
		if a.Finished() {
			done.add(a.Offset)
			continue
		}
		kept = append(kept, a)
	}
	b.head = 0
	b.cut(len(kept))
	done.flush()
}

// close marks everything unfinished as closed and returns how much that was.
func (b *backlog) close() (records int, bytes int64) {
	for _, a := range b.acks[b.head:] {
		for {
			s := a.state.Load()
			if s&flagFinished != 0 {
				break
			}
			if a.state.CompareAndSwap(s, s|flagClosed) {
				records++
				bytes += a.size
				break
			}
		}
	}
	return records, bytes
}

func (b *backlog) unfinished(limit int) []int64 {
	var offsets []int64
	for _, a := range b.acks[b.head:] {
		if len(offsets) >= limit {
			break
		}
		if !a.Finished() {
			offsets = append(offsets, a.Offset)
		}
	}
	return offsets
}
