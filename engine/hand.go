package engine

// handedClaims counts, per claim, the records that an output was given.
type handedClaims []handedClaim

type handedClaim struct {
	claim *Claim
	n     int64
}

// hand counts the entries' claims as handed out; entries of revoked claims are
// dropped, unfinished.
func (w *writer) hand(slice []entry) ([]entry, handedClaims) {
	var handed handedClaims
	kept := slice[:0]
	for i := 0; i < len(slice); {
		n := run(slice[i:])
		if handed.add(slice[i].record, int64(n)) {
			kept = append(kept, slice[i:i+n]...)
		} else {
			for j := i; j < i+n; j++ {
				w.drop(&slice[j])
			}
		}
		i += n
	}
	return kept, handed
}

// run is how many entries at the front come from the same single claim.
func run(slice []entry) int {
	first := slice[0].record.Claim
	n := 1
	for first != nil && n < len(slice) && slice[n].record.Claim == first {
		n++
	}
	return n
}

// add counts n records like r; false when their claim, of a joined value all of
// them, is revoked.
func (h *handedClaims) add(r *Record, n int64) bool {
	if r.Claim != nil {
		return h.count(r.Claim, n)
	}
	if r.ack == nil {
		return true // a report
	}
	claims := r.claims()
	alive := len(claims) == 0
	for _, claim := range claims {
		if h.count(claim, n) {
			alive = true
		}
	}
	return alive
}

func (h *handedClaims) count(c *Claim, n int64) bool {
	if !c.hand(n) {
		return false
	}
	*h = append(*h, handedClaim{claim: c, n: n})
	return true
}

// takeBack ends what add began. It returns h, empty.
func (h handedClaims) takeBack() handedClaims {
	for _, run := range h {
		run.claim.takeBack(run.n)
	}
	return h[:0]
}
