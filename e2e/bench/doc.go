// Bench measures the built program against what the same work costs without it.
//
// A broker runs in a process of its own and is filled once with a data set. Then
// every contender, the program with one pipeline or a baseline, reads all of it
// in a fresh consumer group, one process at a time, run after run in turn, so
// that what disturbs the machine disturbs all alike. What is measured is that
// process alone, by the system's account of it: CPU time, user and system, and
// peak memory. Start, joining the group and the last commits are in it. A run
// that did not read, write and commit everything is an error and no figure.
//
// Reading order:
//
//	main.go, options.go    commands and flags
//	suite.go               blocks (brokers, data set, partitions), contenders in turn
//	contender.go           who takes part; testdata: their pipelines
//	baseline*.go           the programs to compare with, run as children
//	data.go, load.go       the records, and the child that writes them
//	broker.go              the brokers
//	measure.go, check.go   one run, and whether it did all the work
//	profile.go             allocations per record, ours and sarama's apart
//	table.go, target.go    what is printed
//	startup.go             how soon the first record is healed
//	scaling.go             more partitions, more operators
//	latency.go, probe.go   how long a record takes from topic to topic
//	overhead.go, look.go   what it costs to be looked at
//
// The baselines are written as one would without this program, with settings of
// sarama's as good as those that the program chooses (baseline.go).
package main
