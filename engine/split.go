package engine

import "context"

// deliver writes records. Those that the output refuses together are written
// again in halves, until the refused ones stand alone: only that is an attempt.
// Finding k of n takes about k·log2(n) writes.
func (w *writer) deliver(ctx context.Context, records []*Record) []error {
	results := w.call(ctx, records)
	together := refusedTogether(results)
	if len(together) == 0 || ctx.Err() != nil {
		return results
	}
	if len(together) == 1 {
		results[together[0]] = Refused(results[together[0]])
		return results
	}
	half := len(together) / 2
	for _, part := range [][]int{together[:half], together[half:]} {
		w.deliverPart(ctx, records, results, part)
	}
	return results
}

// deliverPart writes those of a slice that part names, but for those whose
// order unit has failed before them, and puts their results in their places.
func (w *writer) deliverPart(ctx context.Context, records []*Record, results []error, part []int) {
	failed := make(map[unitID]bool)
	at := 0
	var again []*Record
	var places []int
	for _, i := range part {
		for ; at < i; at++ {
			if err := results[at]; err != nil && faultOf(err, FaultDestination) != FaultTogether {
				failed[records[at].lane()] = true
			}
		}
		if unit := records[i].lane(); unit.gate != nil && failed[unit] {
			results[i] = ErrHeldBack
			continue
		}
		again, places = append(again, records[i]), append(places, i)
	}
	if len(again) == 0 {
		return
	}
	written := w.deliver(ctx, again)
	for at, i := range places {
		results[i] = nil
		if written != nil {
			results[i] = written[at]
		}
	}
}

// refusedTogether are the places of what was refused without a word on which
// record is to blame.
func refusedTogether(results []error) []int {
	var out []int
	for i, err := range results {
		if err != nil && faultOf(err, FaultDestination) == FaultTogether {
			out = append(out, i)
		}
	}
	return out
}
