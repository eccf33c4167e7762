package observe

import (
	"context"
	"log/slog"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

// loggedValue is how much of a value a log line shows.
const loggedValue = 256

// LogRecords logs each record that leaves a node of a graph that does not run
// yet, with its origin and the beginning of its value. It is for looking for a
// mistake, and slow.
func LogRecords(graph *engine.Graph, logger *slog.Logger) {
	for _, n := range graph.Nodes {
		if n.Role == engine.RoleOutput && n.Sink != "" {
			continue // what its sink gets
		}
		before := n.Tap
		n.Tap = func(r *engine.Record, branch int) {
			if before != nil {
				before(r, branch)
			}
			line := []slog.Attr{slog.String("node", n.Name), r.Attributes()}
			if branch > 0 {
				line = append(line, slog.Int("branch", branch))
			}
			if r.Batch != nil {
				line = append(line, slog.Int("batch", len(r.Batch)))
			}
			logger.LogAttrs(context.Background(), slog.LevelInfo, "record", append(line, loggedText(r))...)
		}
	}
}

// loggedText is the value as JSON, cut where it is long.
func loggedText(r *engine.Record) slog.Attr {
	text, err := value.Append(nil, r.List())
	if err != nil {
		return slog.Any("value_error", err)
	}
	if len(text) <= loggedValue {
		return slog.String("value", string(text))
	}
	return slog.String("value", beginning(string(text[:loggedValue]))+"…")
}
