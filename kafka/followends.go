package kafka

import (
	"context"
	"time"
)

// endsInterval is between questions for the ends of partitions that are not
// fetched.
const endsInterval = 3 * time.Second

// followEnds learns the ends of logs that no fetch tells, because their claims
// are paused, until ctx is done. One question asks for all at a time. Nothing but
// what is told depends on it, and rules of supervise.
func (g *group) followEnds(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(endsInterval):
		}
		var places []place
		claims := make(map[place]*claim)
		for _, c := range g.live() {
			if c.holding.Load() {
				places = append(places, c.place)
				claims[c.place] = c
			}
		}
		if len(places) == 0 {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, askTimeout)
		highs, err := g.cluster.highs(asking, places)
		cancel()
		if err != nil {
			g.logger.Debug("the ends of paused partitions are not known", "error", err)
			continue
		}
		for p, high := range highs {
			claims[p].shown.end.Store(high)
		}
	}
}
