// Chaos runs the built program under faults and judges it from outside.
//
// Four processes share one group and a topic of 24 partitions. While records
// are written, faults strike on a schedule that follows from a seed. A poller
// looks all the time at what is committed and then at how far the outputs
// reach; when all is over, every output is read, and each promise of the
// program is held against what was seen.
//
// Reading order:
//
//	main.go              flags, and which runs there are
//	run.go               one run; course.go: its course, from the first fault to the end
//	workload.go, feed.go what the records are, and when they are written
//	fleet.go, process.go the processes
//	fault.go             the list of faults; fault_*.go: the faults
//	cluster.go           the brokers; proxy.go: what stands before them
//	poller.go            the observations of a run
//	verifier.go          the outputs; judge.go: the judgement
//	table.go             what is printed
//
// It has no knowledge of the program's insides, but for the map in the metadata
// of commits, which it reads with healer.DecodeMap.
package main
