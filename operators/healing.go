package operators

import "waterhealer/configs"

// healingSpec is the sink that finishes offsets. Its outputs are nodes of
// their own in the graph.
func healingSpec() configs.Spec {
	return configs.Spec{
		Section: configs.SectionSink, Kind: "healing",
		Summary:  "Finishes the offsets of what reaches it, and lets them be committed.",
		Doc:      "Without `to`, reaching the sink is success. With `to`, each output must acknowledge a record before its offset is finished; in a list each output is a branch of its own, and only the one that fails is tried again. Where several healing sinks share a source, the shortest `interval` counts, and `ignore` and `asynchronous` only if all of them say so.",
		Finished: "when every output of `to` has acknowledged the record",
		Fields: []configs.Field{
			{Name: "to", Type: configs.TypeOutput, List: true, Doc: "The output, or a list of outputs."},
			{Name: "interval", Type: configs.TypeDuration, Default: "1s", Min: "1ms", Doc: "How often finished offsets are committed."},
			{Name: "asynchronous", Type: configs.TypeBool, Default: "false", Doc: "Whether the report of an element goes out before the commit is acknowledged."},
			{Name: "ignore", Type: configs.TypeBool, Default: "false", Doc: "Whether a commit that fails for good is only logged and counted, instead of halting the pipeline."},
			{Name: "report", Type: configs.TypeOutput, Doc: "An output that gets {topic, partition, offset, success, reason, data} for each healed element. It never holds an offset."},
		},
		Example: "healing:\n  to:\n    kafka: {topic: alerts, key: value.id}\n",
	}
}
