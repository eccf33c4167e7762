package observe

import (
	"encoding/json"
	"time"

	"waterhealer/observe/drawing"
)

// States of a pipeline.
const (
	StateStarting = "starting" // outputs open, sources join
	StateRunning  = "running"
	StateStopping = "stopping" // drains after a signal, the end of its input or a halt
	StateEnded    = "ended"
)

// Status is a pipeline at one moment. Its JSON is the answer of
// /api/v1/status; fields are added, never renamed. Times are RFC 3339 in UTC,
// durations are seconds, rates are per second over the last few seconds.
type Status struct {
	Pipeline string `json:"pipeline"`
	Version  string `json:"version"`
	// Run is different for each start of the process.
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	At      time.Time `json:"at"`
	State   string    `json:"state"`
	// Reason is why it halts or ends, empty where nothing is wrong.
	Reason string `json:"reason,omitempty"`
	Health Health `json:"health"`

	Totals Totals `json:"totals"`
	Rates  Rates  `json:"rates"`
	Nodes  []Node `json:"nodes"` // in the graph's order: sources first
	Edges  []Edge `json:"edges"`
	// Groups are the consumer groups, one for each that sources name.
	Groups     []Group     `json:"groups"`
	Partitions []Partition `json:"partitions"` // that this process holds, sorted
	// Stuck is what has work and makes no progress, the oldest first.
	Stuck []Stuck `json:"stuck"`
	// Failures are the last records that failed, the newest first.
	Failures []Failure `json:"failures"`
	Process  Process   `json:"process"`
}

// Health is whether the pipeline does its work.
type Health struct {
	// Live is false when the process should be restarted: it will not recover.
	Live bool `json:"live"`
	// Ready is false while records are not processed and committed.
	Ready    bool      `json:"ready"`
	Problems []Problem `json:"problems"` // empty when ready
}

// Codes of problems.
const (
	ProblemStarting    = "starting"     // not yet begun
	ProblemStopping    = "stopping"     // a signal or the end of the input
	ProblemHalted      = "halted"       // a record that nobody may skip
	ProblemStalled     = "stalled"      // work waits, and nothing moves
	ProblemBrokersAway = "brokers_away" // no broker of a source or an output answers
	ProblemWrites      = "writes"       // an output's destination takes nothing, though it may be there
	ProblemNotJoined   = "not_joined"   // no member of the consumer group
	ProblemCommits     = "commits"      // commits are not acknowledged
)

// Problem is one reason not to be ready.
type Problem struct {
	Code  string    `json:"code"`
	Text  string    `json:"text"`
	Node  string    `json:"node,omitempty"`
	Since time.Time `json:"since"`
}

// Totals are counted since the start.
type Totals struct {
	In          int64 `json:"in"`  // records that came from sources
	Out         int64 `json:"out"` // acknowledged by outputs, or taken by healing sinks without one
	Dropped     int64 `json:"dropped"`
	Failed      int64 `json:"failed"`
	Retried     int64 `json:"retried"`
	DeadLetters int64 `json:"dead_letters"`
	Skipped     int64 `json:"skipped"`
	Commits     int64 `json:"commits"`
	InFlight    int64 `json:"in_flight"` // now
	// Lag is how many offsets the committed ones are behind the ends, -1 where no
	// source knows.
	Lag int64 `json:"lag"`
}

// Rates are per second.
type Rates struct {
	In      float64 `json:"in"`
	Out     float64 `json:"out"`
	Failed  float64 `json:"failed"`
	Retried float64 `json:"retried"`
}

// Roles of nodes.
const (
	RoleSource   = drawing.RoleSource
	RoleOperator = drawing.RoleOperator
	RoleSink     = drawing.RoleSink
	RoleOutput   = drawing.RoleOutput
)

// Node is one node of the graph.
type Node struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Role  string `json:"role"`
	Where string `json:"where"` // file:line:col
	// Detail is what it does in a few words, as its line in the file: an
	// expression, a size, a topic. Secrets are masked.
	Detail string `json:"detail,omitempty"`
	State  bool   `json:"state,omitempty"`  // it sees one stream per process
	Heals  bool   `json:"heals,omitempty"`  // what reaches it is finished there
	Aside  string `json:"aside,omitempty"`  // "dead_letter" or "report": fed from beside the graph
	Sink   string `json:"sink,omitempty"`   // of an output, the sink it belongs to
	Errors string `json:"errors,omitempty"` // the last error of a try, if it still tries

	In      int64 `json:"in"`
	Out     int64 `json:"out"`
	Dropped int64 `json:"dropped"`
	Failed  int64 `json:"failed"`
	Retried int64 `json:"retried"`
	Skipped int64 `json:"skipped"`
	// DeadLetters counts acknowledged letters of an output that takes them.
	DeadLetters int64 `json:"dead_letters"`
	Held        int64 `json:"held"`  // records that an operator holds now
	Queue       int64 `json:"queue"` // records that wait in front of it

	InRate     float64 `json:"in_rate"`
	OutRate    float64 `json:"out_rate"`
	FailedRate float64 `json:"failed_rate"`
	// Seconds is the mean time of a record in this node over the last seconds, 0
	// where it had none.
	Seconds float64 `json:"seconds"`
	// Inspect says that it keeps its last records: see /api/v1/tap.
	Inspect bool `json:"inspect,omitempty"`
}

// Edge is a way of records from one node to another.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Branch of a switch, from 1; 0 where there is none.
	Branch int `json:"branch,omitempty"`
	// Aside is "dead_letter" or "report" where the way is beside the graph.
	Aside string `json:"aside,omitempty"`
}

// Group is a consumer group as its member in this process sees it.
type Group struct {
	Name         string   `json:"name"`
	Sources      []string `json:"sources"`
	Topics       []string `json:"topics"`
	Brokers      []string `json:"brokers"`
	Joined       bool     `json:"joined"`
	Member       string   `json:"member,omitempty"`
	Generation   int32    `json:"generation"`
	Rebalances   int64    `json:"rebalances"`
	Commits      int64    `json:"commits"` // requests that were acknowledged
	CommitErrors int64    `json:"commit_errors"`
	// LastCommit is when the brokers acknowledged the last one.
	LastCommit time.Time `json:"last_commit,omitzero"`
	// Away is since when no broker has answered; zero while one does.
	Away  time.Time `json:"away,omitzero"`
	Error string    `json:"error,omitempty"` // why, or of the last commit
}

// Partition is one partition that this process holds. All offsets are of the
// next record, as Kafka counts: what is below is done. An offset that is not
// known is -1.
type Partition struct {
	Source    string `json:"source"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`

	Committed int64 `json:"committed"` // acknowledged by the group's coordinator
	Watermark int64 `json:"watermark"` // everything below is finished
	Position  int64 `json:"position"`  // the next to be read
	End       int64 `json:"end"`       // of the log
	Lag       int64 `json:"lag"`       // End - Committed

	InFlight int64 `json:"in_flight"`
	Full     bool  `json:"full"` // no more is taken until something finishes
	// Holes are how many offsets beyond the watermark are finished; Finished are
	// the first of them as [from, to) pairs.
	Holes    int64      `json:"holes"`
	Finished [][2]int64 `json:"finished"`
	// MetadataBytes is the size of the map in the last commit.
	MetadataBytes int `json:"metadata_bytes"`
	// OldestSeconds is how long the oldest unfinished record has been in flight.
	OldestSeconds float64 `json:"oldest_seconds"`
	// Head is the first unfinished record, nil where all are finished.
	Head *Head `json:"head,omitempty"`
}

// Head is the record that keeps a watermark where it is.
type Head struct {
	EmitID  string  `json:"emit_id"`
	Offset  int64   `json:"offset"`
	Seconds float64 `json:"seconds"` // since it was read
	// Node is where it is, as far as that is known: the node that holds it or
	// tries it again, "" while it moves.
	Node     string `json:"node,omitempty"`
	Doing    string `json:"doing,omitempty"` // "held", "writing", "waits for a try", …
	Error    string `json:"error,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	// NextTry is when it is tried again.
	NextTry time.Time `json:"next_try,omitzero"`
}

// Stuck is a part of the pipeline that has work and makes no progress.
type Stuck struct {
	Node      string    `json:"node"`
	Where     string    `json:"where"`
	Doing     string    `json:"doing"`
	Topic     string    `json:"topic,omitempty"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"` // -1 where there is none
	Held      []string  `json:"held,omitempty"`
	Since     time.Time `json:"since"`
	Error     string    `json:"error,omitempty"`
}

// Failure is a record whose tries have ended.
type Failure struct {
	EmitID    string    `json:"emit_id"`
	At        time.Time `json:"at"`
	Node      string    `json:"node"`
	Where     string    `json:"where"`
	Source    string    `json:"source"`
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error"`
	Then      string    `json:"then"` // halt, dead_letter or skip
	// What the source record held: only where the program was told to show
	// values (--http-show-values).
	Key     *string           `json:"key,omitempty"`
	Value   json.RawMessage   `json:"value,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// Process is the program itself.
type Process struct {
	Goroutines int   `json:"goroutines"`
	HeapBytes  int64 `json:"heap_bytes"`
	Workers    int   `json:"workers"`
}

// Point is one moment of the history: throughput and lag over the last 15
// minutes, the answer of /api/v1/history.
type Point struct {
	At       time.Time `json:"at"`
	In       float64   `json:"in"` // records per second since the point before
	Out      float64   `json:"out"`
	Failed   float64   `json:"failed"`
	Lag      int64     `json:"lag"`
	InFlight int64     `json:"in_flight"`
}

// Sample is one record on its way through a node, see /api/v1/tap.
type Sample struct {
	EmitID string    `json:"emit_id,omitempty"` // "" of a value that has no one origin
	At     time.Time `json:"at"`
	Node   string    `json:"node"`
	// Topic is "", Partition and Offset are -1 where a value is made of several
	// records that do not agree.
	Topic     string            `json:"topic"`
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Key       *string           `json:"key"`
	Value     json.RawMessage   `json:"value"`
	Headers   map[string]string `json:"headers,omitempty"`
	// Truncated says that Value is a string with the beginning of a long value.
	Truncated bool `json:"truncated,omitempty"`
	// Error is why there is no Value.
	Error string `json:"error,omitempty"`
	// Origins are the emit ids of the records of a batch; the first few.
	Origins []string `json:"origins,omitempty"`
	Batch   int      `json:"batch,omitempty"` // how many records, where it is one
}
