package cmd

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/kafka"
	"waterhealer/local"
	"waterhealer/observe/tracing"
	"waterhealer/operators"
)

// wiring brings a plan together with the sources and outputs of kafka and local.
type wiring struct {
	program *program
	loaded  *loaded
	options runOptions
	logger  *slog.Logger
	// measures are nil where nobody can look at them.
	measures *engine.Measures
	// traces are nil where nobody follows records.
	traces *tracing.Tracing
	// override replaces the connection of every Kafka node, for the embedded broker.
	override *kafka.Connection

	mu      sync.Mutex
	commits map[commitPlace]kafka.Commit
	refused int // commits of a partition that failed for good
}

func (w *wiring) connectors() operators.Connectors {
	return operators.Connectors{Sources: w.sources, Output: w.output}
}

func isKafka(n *configs.Node) bool { return n.Kind == "kafka" || n.Kind == "kafka_batched" }

// sources makes the sources of all nodes: those of one consumer group become
// one, the others one each.
func (w *wiring) sources(nodes []*configs.Node, settings map[string]operators.SourceSettings) ([]engine.Source, error) {
	var out []engine.Source
	var onKafka []*configs.Node
	forKafka := make(map[string]kafka.SourceSettings)
	for _, n := range nodes {
		s := settings[n.Name]
		if isKafka(n) {
			onKafka = append(onKafka, n)
			forKafka[n.Name] = kafka.SourceSettings{
				CommitInterval: s.CommitInterval, IgnoreCommitErrors: s.IgnoreCommitErrors, NoMap: s.NoMap,
				UntilEnd: w.options.untilEnd, DrainTimeout: w.loaded.pipeline.Settings.Duration("drain_timeout"),
				ConnectTimeout: w.options.connectTimeout, Logger: w.logger, OnCommit: w.committed,
				Connection: w.override,
			}
			continue
		}
		source, err := local.NewSource(local.SourceOptions{
			Node: n, Generate: s.Generate, Stdin: w.program.stdin, Clock: engine.RealClock{}, Logger: w.logger,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, source)
	}
	if len(onKafka) == 0 {
		return out, nil
	}
	groups, err := kafka.NewSources(onKafka, forKafka)
	if err != nil {
		return nil, err
	}
	return append(out, groups...), nil
}

func (w *wiring) output(request operators.OutputRequest) (engine.Output, error) {
	n := request.Node
	request.Render = w.measures.Render(request.Name, request.Render)
	if n.Kind == "kafka" && request.Sink != "" {
		request.Render = w.traces.Render(request.Name, request.Render)
	}
	if n.Kind != "kafka" {
		return local.NewOutput(local.OutputOptions{Node: n, Render: request.Render, Codec: request.Codec, Stdout: w.program.stdout, Logger: w.logger})
	}
	connection, err := w.connection(request)
	if err != nil {
		return nil, err
	}
	options, err := kafka.ReadOutput(n.Values)
	if err != nil {
		return nil, err
	}
	options.Connection, options.Render = connection, request.Render
	return kafka.NewOutput(options), nil
}

// connection is an output's own, or that of the sources whose records it
// writes when they all have the same brokers.
func (w *wiring) connection(request operators.OutputRequest) (kafka.Connection, error) {
	connection, err := w.ownConnection(request)
	connection.Logger, connection.ConnectTimeout = w.logger, w.options.connectTimeout
	return connection, err
}

func (w *wiring) ownConnection(request operators.OutputRequest) (kafka.Connection, error) {
	if w.override != nil {
		return *w.override, nil
	}
	n := request.Node
	if n.Values.Has("brokers") {
		return kafka.ReadConnection(n.Values)
	}
	var from *configs.Node
	for _, source := range request.Sources {
		if !isKafka(source) {
			continue
		}
		if from != nil && !sameBrokers(from, source) {
			return kafka.Connection{}, fmt.Errorf("%s: say which brokers: the sources %s and %s have different ones", n.KindPos, from.Name, source.Name)
		}
		from = source
	}
	if from == nil {
		return kafka.Connection{}, fmt.Errorf("%s: brokers is missing, and there is no Kafka source to take them from", n.KindPos)
	}
	connection, err := kafka.ReadConnection(from.Values)
	if err != nil {
		return connection, err
	}
	own, err := kafka.ReadConnection(n.Values)
	if err != nil {
		return connection, err
	}
	if own.TLS != nil {
		connection.TLS = own.TLS
	}
	if own.SASL != nil {
		connection.SASL = own.SASL
	}
	if n.Values.Has("client_id") {
		connection.ClientID = own.ClientID
	}
	return connection, nil
}

func sameBrokers(a, b *configs.Node) bool {
	x, y := slices.Clone(a.Values.Strings("brokers")), slices.Clone(b.Values.Strings("brokers"))
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// committed notes the last commit of each partition.
func (w *wiring) committed(c kafka.Commit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.commits == nil {
		w.commits = make(map[commitPlace]kafka.Commit)
	}
	w.commits[commitPlace{topic: c.Topic, partition: c.Partition}] = c
	if c.Err != nil {
		w.refused++
	}
}

// refusedCommits counts the commits of a partition that failed for good.
func (w *wiring) refusedCommits() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// lastCommits are the last commit of each partition, acknowledged or not.
func (w *wiring) lastCommits() map[commitPlace]kafka.Commit {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.commits)
}
