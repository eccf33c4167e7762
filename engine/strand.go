package engine

// A strand is what waits for lanes of one order unit of a claim: its records in
// the order in which they came. A lane that takes from a strand owns it until
// what it took has reached the next queues; meanwhile the strand only grows.
//
// Where nothing is kept in order a claim has one loose strand, from which any
// number of lanes take at once.
//
// All fields are guarded by [dispatch.mu].
type strand struct {
	first, last *cell
	length      int
	state       strandState
	loose       bool
	next        *strand // in the line of ready ones
}

type strandState uint8

const (
	strandIdle  strandState = iota // nothing waits, and no lane owns it
	strandReady                    // stands in line for a lane
	strandOwned
)

// cell is the place of a record in a strand. Cells are made a slab at a time.
type cell struct {
	record *Record
	strand *strand
	next   *cell
}

func (s *strand) append(c *cell) {
	if s.last == nil {
		s.first = c
	} else {
		s.last.next = c
	}
	s.last = c
	s.length++
}

// cut takes up to n records from the front.
func (s *strand) cut(n int) stretch {
	r := stretch{strand: s, first: s.first, last: s.last, length: s.length}
	if s.length > n {
		r.last, r.length = s.first, n
		for range n - 1 {
			r.last = r.last.next
		}
	}
	s.first, r.last.next = r.last.next, nil
	if s.first == nil {
		s.last = nil
	}
	s.length -= r.length
	return r
}

// putBack undoes a cut of which nothing, or only the front, was processed.
func (s *strand) putBack(r stretch) {
	if r.length == 0 {
		return
	}
	r.last.next = s.first
	s.first = r.first
	if s.last == nil {
		s.last = r.last
	}
	s.length += r.length
}

// stretch is a piece of a strand in the hands of a lane.
type stretch struct {
	strand      *strand
	first, last *cell
	length      int
}

// strands finds the strands of a claim. It belongs to whoever pushes.
type strands struct {
	keyed  bool               // keys have strands of their own
	whole  strand             // of the partition, or of records without a key
	byKey  map[uint64]*strand // by the key's hash
	spare  []*strand
	review int // the size of byKey at which idle strands are taken out
}

// leastReview is below which idle strands are kept, so that the keys that come
// again and again find theirs.
const leastReview = 4096

// of is the strand of a record.
func (s *strands) of(r *Record) *strand {
	if r.unitKey == 0 || !s.keyed {
		return &s.whole
	}
	found := s.byKey[r.unitKey]
	if found != nil {
		return found
	}
	if s.byKey == nil {
		s.byKey, s.review = make(map[uint64]*strand), leastReview
	}
	if n := len(s.spare); n > 0 {
		found, s.spare = s.spare[n-1], s.spare[:n-1]
	} else {
		found = new(strand)
	}
	s.byKey[r.unitKey] = found
	return found
}

// prune takes out the strands of keys for which nothing is there. The caller
// holds [dispatch.mu].
func (s *strands) prune() {
	for key, one := range s.byKey {
		if one.state == strandIdle {
			delete(s.byKey, key)
			s.spare = append(s.spare, one)
		}
	}
	s.review = max(leastReview, 2*len(s.byKey))
}
