package healer

// node is the part of an ack that only joined values have.
type node struct {
	ack     Ack
	parents []*Ack // distinct, each retained once
	pair    [2]*Ack
}

// Join returns the ack of one value made of all parents, with one reference.
// It retains each distinct parent once and releases it when the node's last
// reference goes. The caller must hold a reference of every parent. Of a single
// distinct parent it returns that parent, retained: a node would add nothing.
func Join(parents ...*Ack) *Ack {
	n := &node{}
	n.parents = n.pair[:0]
	if len(parents) > len(n.pair) {
		n.parents = make([]*Ack, 0, len(parents))
	}
	n.parents = appendDistinct(n.parents, parents)
	if len(n.parents) == 1 {
		n.parents[0].Retain(1)
		return n.parents[0]
	}
	for _, parent := range n.parents {
		parent.Retain(1)
	}
	n.ack.node = n
	n.ack.state.Store(oneReference)
	return &n.ack
}

// appendDistinct appends the acks of from that are not in to yet; nil ones are
// left out.
func appendDistinct(to, from []*Ack) []*Ack {
	const few = 16 // up to here comparing is faster than hashing
	var seen map[*Ack]struct{}
	if len(from) > few {
		seen = make(map[*Ack]struct{}, len(from))
	}
next:
	for _, ack := range from {
		if ack == nil {
			continue
		}
		if seen != nil {
			if _, ok := seen[ack]; ok {
				continue
			}
			seen[ack] = struct{}{}
			to = append(to, ack)
			continue
		}
		for _, known := range to {
			if known == ack {
				continue next
			}
		}
		to = append(to, ack)
	}
	return to
}

// Leaves calls yield for each source ack below a, once, in the order in which
// they were joined; for a source ack that is a itself.
func (a *Ack) Leaves(yield func(*Ack)) {
	if a.node == nil {
		yield(a)
		return
	}
	if a.node.flat() {
		for _, parent := range a.node.parents {
			yield(parent)
		}
		return
	}
	leaves(a, map[*Ack]struct{}{}, yield)
}

func leaves(a *Ack, seen map[*Ack]struct{}, yield func(*Ack)) {
	if _, ok := seen[a]; ok {
		return
	}
	seen[a] = struct{}{}
	if a.node == nil {
		yield(a)
		return
	}
	for _, parent := range a.node.parents {
		leaves(parent, seen, yield)
	}
}

// flat tells whether all parents are source acks; being distinct, they need no
// further bookkeeping.
func (n *node) flat() bool {
	for _, parent := range n.parents {
		if parent.node != nil {
			return false
		}
	}
	return true
}
