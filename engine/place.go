package engine

// stream numbers the output of an operator with state, which is an order unit
// of its own (one per key where it has keys).
type stream struct {
	gate *gate // nil where nothing is kept in order
	seq  int64
}

// place gives a record its place in the stream. The elements of a batch get
// places of their own, which they keep when the batch is taken apart: a record
// that fails alone then holds those behind it and not those before.
func (s *stream) place(r *Record, key string) *Record {
	if s.gate == nil {
		return r
	}
	unit := unitID{gate: s.gate, key: hashKey(key)}
	if r.Batch == nil {
		s.seq++
		return r.at(unit, s.seq)
	}
	slab := make([]Record, 0, r.count())
	return s.batch(r, unit, &slab)
}

func (s *stream) batch(r *Record, unit unitID, slab *[]Record) *Record {
	placed := *r
	placed.gate, placed.unitKey, placed.seq = unit.gate, unit.key, s.seq+1
	placed.Batch = make([]*Record, len(r.Batch))
	for i, element := range r.Batch {
		if element.Batch != nil {
			placed.Batch[i] = s.batch(element, unit, slab)
			continue
		}
		s.seq++
		*slab = append(*slab, *element)
		element = &(*slab)[len(*slab)-1]
		element.gate, element.unitKey, element.seq = unit.gate, unit.key, s.seq
		placed.Batch[i] = element
	}
	return &placed
}

// at is the record at a place in an order unit. One that was never emitted is
// changed itself.
func (r *Record) at(unit unitID, seq int64) *Record {
	placed := r
	if r.gate != nil {
		if r.lane() == unit && r.seq == seq {
			return r
		}
		other := *r
		placed = &other
	}
	placed.gate, placed.unitKey, placed.seq = unit.gate, unit.key, seq
	return placed
}

// within puts a record that an operator without state made of in where in
// stands, unless it has a place in the same unit already, as elements of a
// batch have.
func (r *Record) within(in *Record) *Record {
	unit := in.lane()
	if unit.gate == nil || r.lane() == unit {
		return r
	}
	r = r.at(unit, in.seq)
	if r.Batch == nil {
		return r
	}
	elements := make([]*Record, len(r.Batch))
	for i, element := range r.Batch {
		elements[i] = element.within(in)
	}
	r.Batch = elements
	return r
}
