// Package cmd is the command line: flags, settings, what is printed and the
// exit codes. It has no logic of its own: it reads a pipeline with configs,
// compiles it with operators, brings kafka's and local's sources and outputs
// together and lets engine run, or rehearsal the file's tests. Start at
// [Execute], then run.go.
package cmd
