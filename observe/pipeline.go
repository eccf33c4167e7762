package observe

import "context"

// Pipeline is what can be asked about one: [Observer] of a real one, and
// whatever tests make up.
type Pipeline interface {
	// Status is made anew for each call, from counters; the caller may keep it.
	Status() *Status
	// History is the last 15 minutes, the oldest point first.
	History() []Point
	// Config is the pipeline file as it runs, with secrets masked.
	Config() string
	// Tap sends records that pass through a node until ctx is done, limit are
	// sent (0 is no limit), or the pipeline ends; then it closes the channel. filter
	// is an expression over the record, "" is all. A reader that is too slow misses
	// records; the pipeline never waits.
	Tap(ctx context.Context, node, filter string, limit int) (<-chan Sample, error)
}
