package cmd

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/kafka"
)

// report is what a run did and where it left its sources.
type report struct {
	totals
	took    time.Duration
	outputs []engine.NodeStats
	places  []placeReport
	refused int                // commits of a partition that failed for good
	holding []engine.NodeStats // operators that still hold records
}

// placeReport is where a partition, or a file, stands.
type placeReport struct {
	source, topic string
	partition     int32
	kafka         bool
	// committed is the last offset that a broker acknowledged; known is false
	// when a commit failed and none came after it.
	committed int64
	known     bool
	holes     int
	// unfinished counts records that were read and will be read again; first
	// are the first few of them.
	unfinished int64
	first      []int64
}

// commitPlace is a partition of a topic.
type commitPlace struct {
	topic     string
	partition int32
}

func newReport(result engine.Result, pipeline *configs.Pipeline, commits map[commitPlace]kafka.Commit, took time.Duration) report {
	r := report{totals: totalsOf(result.Nodes), took: took}
	for _, n := range result.Nodes {
		if n.Role == engine.RoleOutput {
			r.outputs = append(r.outputs, n)
		}
		if n.Held > 0 {
			r.holding = append(r.holding, n)
		}
	}
	committing := make(map[string]bool)
	for _, n := range pipeline.Sources {
		committing[n.Name] = isKafka(n)
	}
	places := make(map[commitPlace]*placeReport)
	for _, c := range result.Claims {
		// What was never committed in this run stands where it stood at the start,
		// which is its watermark.
		places[commitPlace{c.Topic, c.Partition}] = &placeReport{
			source: c.Source, topic: c.Topic, partition: c.Partition, committed: c.Watermark, known: true,
			unfinished: c.InFlight, first: c.Unfinished, kafka: committing[c.Source],
		}
	}
	for at, c := range commits {
		if places[at] == nil { // another process has it now
			places[at] = &placeReport{source: c.Source, topic: at.topic, partition: at.partition}
		}
		p := places[at]
		p.kafka, p.committed, p.holes, p.known = true, c.Offset, c.Holes, c.Err == nil
	}
	for _, at := range slices.SortedFunc(maps.Keys(places), func(a, b commitPlace) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	}) {
		r.places = append(r.places, *places[at])
	}
	return r
}

// tell writes the report: as text below the log, or as lines of a JSON log.
func (r report) tell(logger *slog.Logger, w io.Writer, asJSON bool) {
	for _, p := range r.places {
		if p.unfinished > 0 {
			logger.Warn("records left unfinished: they will be read again", "source", p.source, "topic", p.topic,
				"partition", p.partition, "records", p.unfinished, "offsets", p.first)
		}
	}
	for _, n := range r.holding {
		logger.Warn("an operator still holds records", "node", n.Name, "records", n.Held)
	}
	if r.refused > 0 {
		logger.Warn("commits failed", "count", r.refused)
	}
	if asJSON {
		r.log(logger)
		return
	}
	r.print(w)
}

func (r report) log(logger *slog.Logger) {
	for _, n := range r.outputs {
		logger.Info("written", "output", n.Name, "records", n.Out, "retried", n.Retried)
	}
	for _, p := range r.places {
		if p.kafka {
			logger.Info("committed", "source", p.source, "topic", p.topic, "partition", p.partition,
				"offset", p.committed, "acknowledged", p.known, "unfinished", p.unfinished, "holes", p.holes)
		}
	}
	logger.Info("run ended", "in", r.in, "out", r.out, "failed", r.failed, "took", r.took.Round(time.Millisecond))
}

func (r report) print(w io.Writer) {
	var b strings.Builder
	fmt.Fprintf(&b, "run ended after %s: %s in, %s out, %s failed\n",
		r.took.Round(time.Millisecond), grouped(r.in), grouped(r.out), grouped(r.failed))
	if len(r.outputs) > 0 {
		outputs := table{{"output", "written", "retried"}}
		for _, n := range r.outputs {
			outputs = append(outputs, []string{n.Name, number(n.Out), number(n.Retried)})
		}
		b.WriteByte('\n')
		outputs.write(&b, 1)
	}
	places := table{{"topic", "partition", "committed", "unfinished", "holes"}}
	for _, p := range r.places {
		if !p.kafka {
			continue
		}
		committed := number(p.committed)
		if !p.known {
			committed = "unknown"
		}
		places = append(places, []string{p.topic, number(int64(p.partition)), committed, number(p.unfinished), number(int64(p.holes))})
	}
	if len(places) > 1 {
		b.WriteByte('\n')
		places.write(&b, 1)
	}
	_, _ = io.WriteString(w, b.String())
}

// totals are what came from sources, what outputs acknowledged (or healing
// sinks without output took), and what failed.
type totals struct{ in, out, failed int64 }

func totalsOf(nodes []engine.NodeStats) totals {
	var t totals
	written := make(map[string]bool)
	for _, n := range nodes {
		if n.Role == engine.RoleOutput && n.Sink != "" {
			written[n.Sink] = true
		}
	}
	for _, n := range nodes {
		t.failed += n.Failed
		switch n.Role {
		case engine.RoleSource:
			t.in += n.In
		case engine.RoleOutput:
			if n.Sink != "" {
				t.out += n.Out
			}
		case engine.RoleHealing:
			if !written[n.Name] {
				t.out += n.Out
			}
		case engine.RoleOperator:
		}
	}
	return t
}
