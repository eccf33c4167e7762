package kafka

import (
	"context"
	"time"
)

// look asks for a look at whether the ends are reached. It never blocks.
func (g *group) look() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// awaitEnds closes g.ended when all that this process has to take of what was
// there at the start has been taken.
func (g *group) awaitEnds(ctx context.Context) {
	ticker := time.NewTicker(500 * time.Millisecond) // assignments change without a call
	defer ticker.Stop()
	for {
		if g.atEnds(ctx) {
			g.endedOnce.Do(func() { close(g.ended) })
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		case <-ticker.C:
		}
	}
}

// atEnds says whether every partition of the assignment is at its end. Without
// a session there is no assignment yet, or it is being given anew. A member
// that was given nothing waits: either others finish the work, or partitions
// come to it, be it because a cooperative assignment takes two steps, or
// because a member dies.
func (g *group) atEnds(ctx context.Context) bool {
	g.mu.Lock()
	session := g.session
	g.mu.Unlock()
	if session == nil || session.Context().Err() != nil {
		return false
	}
	assigned := 0
	for topic, partitions := range session.Claims() {
		for _, partition := range partitions {
			assigned++
			g.mu.Lock()
			c := g.claims[place{topic, partition}]
			g.mu.Unlock()
			if c == nil || c.session != session || !c.atEnd.Load() {
				return false
			}
		}
	}
	return assigned > 0 || g.othersAtEnds(ctx)
}

// othersAtEnds says whether the group has committed all ends.
func (g *group) othersAtEnds(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	places := make([]place, 0, len(g.ends))
	for p := range g.ends {
		places = append(places, p)
	}
	found, err := g.cluster.committedOffsets(ctx, places)
	if err != nil {
		return false
	}
	for p, end := range g.ends {
		if found[p].offset < end {
			return false
		}
	}
	return true
}
