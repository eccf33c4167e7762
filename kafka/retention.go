package kafka

import (
	"context"
	"time"
)

// followLogStarts warns, until ctx is done, when the log no longer has a record
// that is not finished. The record is in memory and goes on, but should the
// process end before it is finished, the next start will find its offset out of
// range, and halt.
func (g *group) followLogStarts(ctx context.Context) {
	ticker := time.NewTicker(g.logStartInterval)
	defer ticker.Stop()
	said := make(map[*claim]int64) // the watermark that was warned of
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		said = g.lookAtLogStarts(ctx, said)
	}
}

// lookAtLogStarts warns once for each watermark; it returns what was said.
func (g *group) lookAtLogStarts(ctx context.Context, said map[*claim]int64) map[*claim]int64 {
	claims := g.live()
	if len(claims) == 0 {
		return nil
	}
	places := make([]place, len(claims))
	watermarks := make([]int64, len(claims))
	for i, c := range claims {
		places[i] = c.place
		watermarks[i], _ = c.tracker.Progress()
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	starts, err := g.cluster.starts(ctx, places)
	if err != nil {
		g.logger.Debug("the starts of logs are not known", "error", err)
		return said
	}
	now := make(map[*claim]int64, len(claims))
	for i, c := range claims {
		watermark, start := watermarks[i], starts[c.place]
		if watermark >= start {
			continue
		}
		now[c] = watermark
		if before, known := said[c]; !known || before != watermark {
			g.logger.Warn("retention has deleted records that are not finished: they go on in memory, but would be lost with the process",
				"source", c.node.name, "topic", c.topic, "partition", c.partition, "unfinished", watermark, "log_start", start,
				"offsets", start-watermark)
		}
	}
	return now
}
