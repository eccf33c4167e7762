package metrics

import (
	"slices"
	"strconv"

	"waterhealer/engine"
	"waterhealer/observe"
)

// family is a metric: a counter where its name ends with _total, else a gauge.
// All have the label pipeline beside their own.
type family struct {
	name, help string
	labels     []string
	collect    func(s *observe.Status, add func(value float64, labels ...string))
}

// The labels of what is about a node, a partition, a group.
//
//nolint:gochecknoglobals // constants
var (
	nodeLabels      = []string{"node", "kind"}
	partitionLabels = []string{"source", "topic", "partition"}
	groupLabels     = []string{"group"}
)

// families are all metrics but the histograms.
func families() []family {
	return slices.Concat(processFamilies(), nodeFamilies(), partitionFamilies(), groupFamilies())
}

func processFamilies() []family {
	return []family{
		{"build_info", "1, with the version of waterhealer and of Go.", []string{"version", "goversion"},
			func(s *observe.Status, add func(float64, ...string)) { add(1, s.Version, goVersion()) }},
		{"live", "1 while the process may recover by itself, 0 when it should be restarted.", nil,
			func(s *observe.Status, add func(float64, ...string)) { add(number(s.Health.Live)) }},
		{"ready", "1 while records are processed and committed.", nil,
			func(s *observe.Status, add func(float64, ...string)) { add(number(s.Health.Ready)) }},
		{"problem", "1 for each reason not to be ready, else 0: starting, stopping, halted, stalled, brokers_away, writes, not_joined, commits.", []string{"code"}, problems},
		{"stuck_parts", "How many parts of the pipeline have work and make no progress: a call that does not return, an output that is tried again and again, a full partition.", nil,
			func(s *observe.Status, add func(float64, ...string)) { add(float64(len(s.Stuck))) }},
		{"in_flight_records", "Records that were read and are not finished.", nil,
			func(s *observe.Status, add func(float64, ...string)) { add(float64(s.Totals.InFlight)) }},
	}
}

func problems(s *observe.Status, add func(float64, ...string)) {
	for _, code := range []string{
		observe.ProblemStarting, observe.ProblemStopping, observe.ProblemHalted, observe.ProblemStalled,
		observe.ProblemBrokersAway, observe.ProblemWrites, observe.ProblemNotJoined, observe.ProblemCommits,
	} {
		add(number(slices.ContainsFunc(s.Health.Problems, func(p observe.Problem) bool { return p.Code == code })), code)
	}
}

func nodeFamilies() []family {
	of := func(name, help string, value func(n *observe.Node) int64) family {
		return family{name, help, nodeLabels, func(s *observe.Status, add func(float64, ...string)) {
			for i := range s.Nodes {
				add(float64(value(&s.Nodes[i])), s.Nodes[i].Name, s.Nodes[i].Kind)
			}
		}}
	}
	return []family{
		of("node_records_in_total", "Records that came to a node; of a batch, each.", func(n *observe.Node) int64 { return n.In }),
		of("node_records_out_total", "Records that left a node; of an output, those that it acknowledged.", func(n *observe.Node) int64 { return n.Out }),
		of("node_records_dropped_total", "Records that an operator let go on purpose, as a filter does.", func(n *observe.Node) int64 { return n.Dropped }),
		of("node_records_failed_total", "Records whose tries at a node have ended.", func(n *observe.Node) int64 { return n.Failed }),
		of("node_records_skipped_total", "Records that failed at a node and were skipped, as its on_error says.", func(n *observe.Node) int64 { return n.Skipped }),
		of("node_retries_total", "Further tries of records at a node.", func(n *observe.Node) int64 { return n.Retried }),
		of("node_dead_letters_total", "Dead letters that an output acknowledged.", func(n *observe.Node) int64 { return n.DeadLetters }),
		of("node_queue_records", "Records that wait in front of a node.", func(n *observe.Node) int64 { return n.Queue }),
		of("node_held_records", "Records that an operator holds: those of a window, a join, a delay.", func(n *observe.Node) int64 { return n.Held }),
	}
}

func partitionFamilies() []family {
	of := func(name, help string, value func(p *observe.Partition) float64) family {
		return family{name, help, partitionLabels, func(s *observe.Status, add func(float64, ...string)) {
			for i := range s.Partitions {
				p := &s.Partitions[i]
				if v := value(p); v >= 0 { // what is not known has no value
					add(v, p.Source, p.Topic, strconv.Itoa(int(p.Partition)))
				}
			}
		}}
	}
	return []family{
		of("partition_committed_offset", "The committed offset, as the group's coordinator has acknowledged it: the next to be read after a restart.",
			func(p *observe.Partition) float64 { return float64(p.Committed) }),
		of("partition_watermark_offset", "The first offset that is not finished. The committed one is never beyond it.",
			func(p *observe.Partition) float64 { return float64(p.Watermark) }),
		of("partition_position_offset", "The next offset to be read.", func(p *observe.Partition) float64 { return float64(p.Position) }),
		of("partition_end_offset", "The end of the log, as far as it was heard of.", func(p *observe.Partition) float64 { return float64(p.End) }),
		of("partition_lag_records", "How far the committed offset is behind the end.", func(p *observe.Partition) float64 { return float64(p.Lag) }),
		of("partition_in_flight_records", "Records that were read and are not finished.", func(p *observe.Partition) float64 { return float64(p.InFlight) }),
		of("partition_full", "1 while nothing more is read because max_in_flight or max_ahead is reached.", func(p *observe.Partition) float64 { return number(p.Full) }),
		of("partition_holes", "Offsets beyond the watermark that are finished.", func(p *observe.Partition) float64 { return float64(p.Holes) }),
		of("partition_oldest_unfinished_seconds", "How long the oldest unfinished record has been in flight.", func(p *observe.Partition) float64 { return p.OldestSeconds }),
		of("partition_commit_metadata_bytes", "Bytes of the map of finished offsets in the last commit.", func(p *observe.Partition) float64 { return float64(p.MetadataBytes) }),
	}
}

func groupFamilies() []family {
	of := func(name, help string, value func(g *observe.Group) float64) family {
		return family{name, help, groupLabels, func(s *observe.Status, add func(float64, ...string)) {
			for i := range s.Groups {
				add(value(&s.Groups[i]), s.Groups[i].Name)
			}
		}}
	}
	return []family{
		of("group_joined", "1 while this process is a member of the consumer group.", func(g *observe.Group) float64 { return number(g.Joined) }),
		of("group_brokers_away", "1 while no broker of the group answers.", func(g *observe.Group) float64 { return number(!g.Away.IsZero()) }),
		of("group_rebalances_total", "Rebalances of the group since the start.", func(g *observe.Group) float64 { return float64(g.Rebalances) }),
		of("group_commits_total", "Commit requests that were acknowledged.", func(g *observe.Group) float64 { return float64(g.Commits) }),
		of("group_commit_errors_total", "Commit requests that failed; most are sent again.", func(g *observe.Group) float64 { return float64(g.CommitErrors) }),
		{"group_last_commit_timestamp_seconds", "When the last commit was acknowledged, in seconds since 1970; none before the first.", groupLabels,
			func(s *observe.Status, add func(float64, ...string)) {
				for _, g := range s.Groups {
					if !g.LastCommit.IsZero() {
						add(float64(g.LastCommit.UnixMilli())/1000, g.Name)
					}
				}
			}},
	}
}

// histogram is a metric of what the engine measures at nodes.
type histogram struct {
	name, help string
	of         func(n *engine.NodeMeasures) *engine.Histogram // nil where a node has none
}

func histograms() []histogram {
	only := func(role engine.Role, n *engine.NodeMeasures, h *engine.Histogram) *engine.Histogram {
		if n.Role != role {
			return nil
		}
		return h
	}
	return []histogram{
		{"node_record_duration_seconds", "Time of a record in a node itself, without those behind it; of a source, to decode it. Sampled, but for outputs: some records are timed, " +
			"at random, and each counts for those between.",
			func(n *engine.NodeMeasures) *engine.Histogram {
				if n.Role == engine.RoleHealing {
					return nil
				}
				return &n.Times
			}},
		{"output_write_duration_seconds", "Time of a call of an output until it has acknowledged or refused what it was given, mostly many records.",
			func(n *engine.NodeMeasures) *engine.Histogram { return only(engine.RoleOutput, n, &n.Writes) }},
		{"source_record_size_bytes", "Bytes of the key and the value of records as they were read.",
			func(n *engine.NodeMeasures) *engine.Histogram { return only(engine.RoleSource, n, &n.Sizes) }},
		{"output_message_size_bytes", "Bytes of the key and the value of messages as they were made to be written, further tries included.",
			func(n *engine.NodeMeasures) *engine.Histogram { return only(engine.RoleOutput, n, &n.Sizes) }},
	}
}
