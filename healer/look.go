package healer

// Look is a partition at one moment.
type Look struct {
	Watermark int64
	Position  int64 // the lowest offset that may still be begun
	Holes     Holes
	// Head is the first ack that is not finished, nil where there is none. The
	// caller holds no reference of it: see [Partition.OldestUnfinished].
	Head *Ack
	// Records are unfinished, Bytes what is in flight about then.
	Records, Bytes int64
}

// Look returns all that is known of the partition at one moment. It costs as
// much as [Partition.Progress].
func (p *Partition) Look() Look {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return Look{Watermark: p.mark, Position: p.floor, Holes: p.snapshot}
	}
	p.sweep()
	// Records finish at any time; what the sweep has left was unfinished then.
	l := Look{Watermark: p.floor, Position: p.floor}
	if p.open.len() > 0 {
		l.Head = p.open.acks[p.open.head]
		l.Watermark = l.Head.Offset
	}
	if p.done.bits != nil && int64(p.done.bits.Minimum()) < l.Watermark {
		p.done.drop(l.Watermark)
		p.fresh = false
	}
	l.Holes = p.holes()
	l.Records, l.Bytes = int64(p.open.len()), p.bytes.Load()
	return l
}
