// Package observe says what a running pipeline does: one [Status], made when
// somebody asks, from which the live page, the metrics, the health checks,
// `waterhealer top` and the progress line are all drawn, so that no two of them
// can tell different stories.
//
// # Where to start
//
//	status.go    what is told: the JSON of /api/v1/status
//
// Nothing here is on the data path. The engine and the sources count; this
// package reads their counters, at most a few times a second.
package observe
