package kafka

import "waterhealer/configs"

// OutputSpec describes the `kafka` output.
func OutputSpec() configs.Spec {
	fields := []configs.Field{
		{
			Name: "topic", Type: configs.TypeString, Required: true,
			Or: &configs.Field{Name: "topic", Type: configs.TypeObject, Fields: []configs.Field{
				{Name: "expr", Type: configs.TypeExpression, Required: true, Doc: "Computes the topic of each record; it must exist."},
			}},
			Doc: "The topic, or `{expr: EXPR}` to compute one per record. Topics are never created.",
		},
		{Name: "key", Type: configs.TypeExpression, Doc: "The message's key: a string as it is, a number in decimal, an object as JSON, nil a null key. Default: the record's own."},
		{
			Name: "headers", Type: configs.TypeMap, Item: &configs.Field{Type: configs.TypeExpression},
			Doc: "Headers by name, each computed. They are added to the record's own and override those of the same name.",
		},
		{
			Name: "encode", Type: configs.TypeString, Values: []string{"json", "text", "bytes", "csv"},
			Doc: "How a value becomes a payload. Default: the source's `decode`. A value that no operator changed leaves as its original bytes.",
		},
		{
			Name: "acks", Type: configs.TypeString, Default: AcksAll, Values: []string{AcksAll, AcksLeader},
			Doc: "Who must have a message before it is acknowledged: `all` in-sync replicas, or only the `leader`, which may lose it.",
		},
		{Name: "idempotent", Type: configs.TypeBool, Default: "true", Doc: "Whether a message that is sent twice, after its acknowledgement was lost, is stored once. Needs `acks: all`; off by default where `acks` is `leader`."},
		{
			Name: "compression", Type: configs.TypeString, Default: "none", Values: []string{"none", "gzip", "snappy", "lz4", "zstd"},
			Doc: "How batches are compressed.",
		},
		{Name: "linger", Type: configs.TypeDuration, Default: "0s", Min: "0s", Max: "1m", Doc: "Least time between two writes of fewer than 1,000 records and less than 1 MiB: meanwhile more records gather for the next. More throughput and better compression, for as much latency."},
		{
			Name: "partitioner", Type: configs.TypeString, Default: PartitionerMurmur2,
			Values: []string{PartitionerMurmur2, PartitionerCRC32, PartitionerFNV1a},
			Doc: "How a key finds its partition: as the Java client does (murmur2), librdkafka (crc32) or sarama (fnv1a). " +
				"Messages without a key keep the order of their source: one partition each, in turn.",
		},
		{Name: "allow_loop", Type: configs.TypeBool, Default: "false", Doc: "Whether the topic may be one that the pipeline reads."},
	}
	for _, f := range ConnectionFields() {
		if f.Name == "brokers" {
			f.Required = false
			f.Doc = "The brokers. Default: those of the sources, with their tls and sasl, when they agree."
		}
		fields = append(fields, f)
	}
	return configs.Spec{
		Section: configs.SectionOutput, Kind: "kafka",
		Summary:  "Writes to a Kafka topic.",
		Doc:      "Each element of a batch is one message. A message counts as written when the brokers have acknowledged it.",
		Finished: "when the brokers have acknowledged the message",
		Fields:   fields,
		Short:    "topic",
		Example:  "kafka: {topic: alerts, key: value.id}",
	}
}

// ReadOutput reads the fields of [OutputSpec] but for the connection and the
// rendering, which the caller adds.
func ReadOutput(v configs.Values) (OutputOptions, error) {
	o := OutputOptions{
		Acks: v.String("acks"), Idempotent: v.Bool("idempotent"),
		Compression: v.String("compression"), Linger: v.Duration("linger"), Partitioner: v.String("partitioner"),
	}
	if !v.Alternative("topic") {
		o.Topic = v.String("topic")
	}
	if o.Acks == AcksAll || !o.Idempotent {
		return o, nil
	}
	if v.Has("idempotent") {
		return OutputOptions{}, wrongSetting(v, "idempotent", "idempotent needs acks: %s", AcksAll)
	}
	o.Idempotent = false
	return o, nil
}
