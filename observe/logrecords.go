package observe

import (
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
			line := append([]any{"node", n.Name}, r.Attributes()...)
			if branch > 0 && branch <= len(n.Branches) {
				line = append(line, "branch", n.Branches[branch-1])
			}
			if r.Batch != nil {
				line = append(line, "batch", len(r.Batch))
			}
			logger.Info("record", append(line, "value", loggedText(r))...)
		}
	}
}

// loggedText is the value as JSON, cut where it is long.
func loggedText(r *engine.Record) string {
	text, err := value.Append(nil, r.List())
	if err != nil {
		return "cannot be written as JSON: " + err.Error()
	}
	if len(text) <= loggedValue {
		return string(text)
	}
	return beginning(string(text[:loggedValue])) + "…"
}
