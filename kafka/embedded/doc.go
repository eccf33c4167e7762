// Package embedded runs one Kafka-compatible broker inside the process, for
// trying things out and for tests. It speaks Kafka's real protocol over TCP,
// so every client can use it (it is franz-go's pkg/kfake), but it is no
// Kafka: there is one node, no replication, no quotas, and everything passes
// through one goroutine. Without a data folder the records live in memory,
// about 400 MB per million small ones, and are gone when it stops.
//
// With a data folder everything that was acknowledged is written to the
// operating system before the acknowledgement is sent. It survives the end of
// the process in any way, SIGKILL included; a crash of the machine may lose
// the last writes. One process at a time may use a folder.
//
// It may import nothing of ours, and nothing else may import kfake. Start
// reading at [Start].
package embedded

// Notice is what a command prints before it uses the broker.
const Notice = "embedded broker: for trying things out and for tests, not for production (one node, no replication)"
