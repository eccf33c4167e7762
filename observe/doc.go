// Package observe says what a running pipeline does: one [Status], made when
// somebody asks, from which the live page, the metrics, the health checks,
// `waterhealer top` and the progress line are all drawn, so that no two of them
// can tell different stories.
//
// # Where to start
//
//	status.go    what is told: the JSON of /api/v1/status
//	observer.go  [Observer], which looks at a run
//	make.go      how a status is put together from what the engine and sources know
//	health.go    what is a problem, and what to do about it
//	samples.go   rates, and the history of 15 minutes
//	failures.go  the last records that failed
//	outline.go   what does not change of a graph
//	tap.go       looking at records on their way
//
// Nothing here is on the data path, but for a tap that somebody looks at. The
// engine and the sources count, once per slice of records; this package reads
// their counters. Where the first unfinished record of a partition is, is only
// looked for when it is more than a second old: the engine's lanes and calls can
// be looked at from outside, what its writers hold they tell themselves when they
// are asked ([engine.Runtime.Locate]).
//
// Health is judged by since when something is as it is, never by what was seen
// at an earlier look. So everyone who asks at one moment gets the same answer, and
// nothing is ready for a moment in between.
//
// A status of a thousand partitions is made in less than a millisecond
// (BenchmarkStatus); to make one a hundred times a second costs the records'
// way nothing that could be measured (BenchmarkWatched).
package observe
