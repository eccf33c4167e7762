package kafka

import "waterhealer/configs"

// The kinds of source nodes.
const (
	kindKafka   = "kafka"
	kindBatched = "kafka_batched"
)

// The rebalance strategies.
const (
	strategyCooperative = "cooperative-sticky"
	strategySticky      = "sticky"
	strategyRange       = "range"
)

// The other words of source fields.
const (
	startEarliest           = "earliest"
	startLatest             = "latest"
	isolationCommitted      = "read_committed"
	isolationUncommitted    = "read_uncommitted"
	migrateParallelConsumer = "parallel-consumer"
)

// SourceSpecs describe the source nodes of this package.
func SourceSpecs() []configs.Spec {
	return []configs.Spec{
		{
			Section: configs.SectionSource,
			Kind:    kindKafka,
			Summary: "reads Kafka topics as a member of a consumer group",
			Doc: "Partitions are shared out among all processes of the group. The committed offset of a partition is " +
				"never beyond the first record that is not finished, and its metadata holds which later ones are, so that " +
				"a restart repeats neither. Sources with the same brokers and group are one member of it.",
			Finished: "Here offsets begin. They are finished by what reads from this node.",
			Fields:   sourceFields(),
			Example:  "name: quakes\nkafka:\n  brokers: [\"localhost:9092\"]\n  topics: [quakes]\n  group: quake-alerts",
		},
		{
			Section: configs.SectionSource,
			Kind:    kindBatched,
			Summary: "reads Kafka topics and emits batches of records of one partition",
			Doc: "Like `kafka`, but each record that it emits is a batch: up to `size` records of one partition, or " +
				"what came within `timeout` of the batch's first. Each element keeps its own offset.",
			Finished: "Each element of a batch is finished on its own.",
			Fields: append(sourceFields(),
				configs.Field{Name: "size", Type: configs.TypeInt, Default: "1000", Min: "1",
					Doc: "The most records in a batch."},
				configs.Field{Name: "timeout", Type: configs.TypeDuration, Default: "1s", Min: "1ms",
					Doc: "How long a batch waits for more after its first record."},
			),
			Example: "name: strikes\nkafka_batched:\n  brokers: [\"localhost:9092\"]\n  topics: [strikes]\n  group: strike-report\n  size: 500\n  timeout: 2s",
		},
	}
}

func sourceFields() []configs.Field {
	return append([]configs.Field{
		{Name: "topics", Type: configs.TypeString, List: true, Required: true,
			Doc: "The topics to read. They must exist, and a topic belongs to one source of a group."},
		{Name: "group", Type: configs.TypeString, Required: true,
			Doc: "The consumer group. Its committed offsets say where reading goes on."},
		{Name: "start", Type: configs.TypeString, Default: startEarliest,
			Doc: "Where to begin a topic of which the group has committed nothing: `earliest`, `latest`, or an RFC 3339 " +
				"time for the first record of that time or later. Partitions that are added later begin at their first record."},
		{Name: "isolation", Type: configs.TypeString, Default: isolationCommitted,
			Values: []string{isolationCommitted, isolationUncommitted},
			Doc:    "Whether records of open and aborted transactions are read."},
		{Name: "instance_id", Type: configs.TypeString,
			Doc: "A name for this process that is unique in the group (static membership): within the session timeout " +
				"a restart takes its partitions up again without a rebalance."},
		{Name: "rebalance", Type: configs.TypeString, List: true, Default: defaultRebalance,
			Values: []string{strategyCooperative, strategySticky, strategyRange},
			Doc: "How partitions are shared out; all members must have one in common. To move a running group over, first " +
				"restart its members with a list of both, then with the new one alone."},
		{Name: "session_timeout", Type: configs.TypeDuration, Default: "10s", Min: "100ms",
			Doc: "After this time without a sign of life a process loses its partitions. The brokers allow 6s to 30m by default."},
		{Name: "rebalance_timeout", Type: configs.TypeDuration, Default: "60s", Min: "1s",
			Doc: "How long a process may take to give up partitions. Half of it is for outputs to acknowledge."},
		{Name: "metadata_limit", Type: configs.TypeSize, Default: "4096", Min: "0",
			Doc: "The most bytes of metadata in a commit: the brokers' `offset.metadata.max.bytes`. Finished offsets " +
				"that do not fit may be done again after a crash."},
		{Name: "migrate", Type: configs.TypeString, Values: []string{migrateParallelConsumer},
			Doc: "Also understand the metadata that another program left, once, when taking its group over."},
	}, ConnectionFields()...)
}
