package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"waterhealer/configs"
	"waterhealer/kafka/embedded"
)

// embeddedPartitions is how many partitions each topic gets that a pipeline names.
const embeddedPartitions = 4

// startEmbedded starts a broker with the topics that the pipeline names and
// fills those of --seed.
func (p *program) startEmbedded(ctx context.Context, l *loaded, o runOptions, logger *slog.Logger) (*embedded.Broker, error) {
	topics := topicsOf(l.pipeline)
	type seed struct{ topic, file string }
	var seeds []seed
	for _, text := range o.seeds {
		topic, file, ok := strings.Cut(text, "=")
		if !ok || topic == "" || file == "" {
			return nil, usageError("--seed is %q, must be TOPIC=FILE", text)
		}
		seeds = append(seeds, seed{topic, file})
		topics[topic] = embeddedPartitions
	}
	fmt.Fprintln(p.terminal, embedded.Notice)
	broker, err := embedded.Start(embedded.Options{Topics: topics, Logger: logger})
	if err != nil {
		return nil, &exitError{code: exitHalted, err: err}
	}
	for _, s := range seeds {
		n, err := broker.Seed(ctx, s.topic, s.file)
		if err != nil {
			_ = broker.Close()
			return nil, &exitError{code: exitUsage, err: err}
		}
		logger.Info("topic seeded", "topic", s.topic, "file", s.file, "records", n)
	}
	return broker, nil
}

// topicsOf are the topics that a pipeline file names anywhere.
func topicsOf(pipeline *configs.Pipeline) map[string]int32 {
	topics := make(map[string]int32)
	note := func(n *configs.Node) {
		if n == nil || n.Kind != "kafka" && n.Kind != "kafka_batched" {
			return
		}
		for _, topic := range n.Values.Strings("topics") {
			topics[topic] = embeddedPartitions
		}
		if !n.Values.Alternative("topic") && n.Values.String("topic") != "" {
			topics[n.Values.String("topic")] = embeddedPartitions
		}
	}
	dead := func(e *configs.OnError) {
		if e != nil {
			note(e.DeadLetter)
		}
	}
	dead(pipeline.OnError)
	for _, nodes := range [][]*configs.Node{pipeline.Sources, pipeline.Operators, pipeline.Sinks} {
		for _, n := range nodes {
			note(n)
			dead(n.OnError)
			for _, field := range []string{"to", "report"} {
				for _, output := range n.Values.Outputs(field) {
					note(output)
				}
			}
		}
	}
	return topics
}
