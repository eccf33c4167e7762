package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/kafka"
	"waterhealer/local"
	"waterhealer/operators"
)

// healSuffix is behind the group of a source in the group that its letters are
// read in.
const healSuffix = ".heal"

// healing is one run of `heal`.
type healing struct {
	program *program
	loaded  *loaded
	options healOptions
	logger  *slog.Logger
	dead    []*configs.Node // the outputs whose letters are read
	wiring  *wiring
	made    []*kafka.HealSource

	mu      sync.Mutex
	commits map[healPlace]kafka.Commit
}

// healPlace is a partition of letters as one group sees it.
type healPlace struct {
	group string
	commitPlace
}

// healGroup is the sources whose letters one group reads.
type healGroup struct {
	name    string
	node    *configs.Node // of its Kafka sources the first; nil is none
	sources map[string]kafka.LetterSource
}

// groups are the groups that letters are read in. Sources without a group have
// the first one there is, or one that is called as the pipeline.
func (h *healing) groups() []*healGroup {
	var all []*healGroup
	var without []*configs.Node
	for _, n := range h.loaded.pipeline.Sources {
		if !isKafka(n) {
			without = append(without, n)
			continue
		}
		name := n.Values.String("group") + healSuffix
		at := slices.IndexFunc(all, func(g *healGroup) bool { return g.name == name })
		if at < 0 {
			at = len(all)
			all = append(all, &healGroup{name: name, node: n, sources: make(map[string]kafka.LetterSource)})
		}
		all[at].sources[n.Name] = kafka.LetterSource{Topics: n.Values.Strings("topics"), Batched: n.Kind == "kafka_batched"}
	}
	if len(all) == 0 {
		all = append(all, &healGroup{name: h.loaded.pipeline.Name + healSuffix, sources: make(map[string]kafka.LetterSource)})
	}
	for _, n := range without {
		all[0].sources[n.Name] = kafka.LetterSource{}
	}
	return all
}

// topicsAt are topics of dead letters on the same brokers.
type topicsAt struct {
	connection kafka.Connection
	position   configs.Position
	topics     []string
}

// places are the topics of dead letters, by their brokers.
func (h *healing) places() ([]*topicsAt, error) {
	var all []*topicsAt
	byBrokers := make(map[string]*topicsAt)
	for _, n := range h.dead {
		connection, err := h.wiring.connection(operators.OutputRequest{Node: n, Sources: h.loaded.pipeline.Sources, DeadLetter: true})
		if err != nil {
			return nil, err
		}
		key := strings.Join(slices.Sorted(slices.Values(connection.Brokers)), ",")
		at := byBrokers[key]
		if at == nil {
			at = &topicsAt{connection: connection, position: n.KindPos}
			byBrokers[key] = at
			all = append(all, at)
		}
		if topic := n.Values.String("topic"); !slices.Contains(at.topics, topic) {
			at.topics = append(at.topics, topic)
		}
	}
	return all, nil
}

// sources read the letters in place of the pipeline's own.
func (h *healing) sources(_ []*configs.Node, settings map[string]operators.SourceSettings) ([]engine.Source, error) {
	places, err := h.places()
	if err != nil {
		return nil, err
	}
	groups := h.groups()
	var out []engine.Source
	for _, g := range groups {
		others := make(map[string]kafka.LetterSource)
		for _, other := range groups {
			if other != g {
				maps.Copy(others, other.sources)
			}
		}
		interval := time.Duration(0)
		for name := range g.sources {
			if of := settings[name].CommitInterval; interval == 0 || of < interval {
				interval = of
			}
		}
		for _, at := range places {
			source, err := kafka.NewHealSource(kafka.HealOptions{
				Group: g.name, Node: g.node, Connection: at.connection, Topics: at.topics, Position: at.position,
				Sources: g.sources, Others: others, DryRun: h.options.dryRun, AcceptLost: h.options.acceptLost,
				CommitInterval: interval, DrainTimeout: h.loaded.pipeline.Settings.Duration("drain_timeout"),
				ConnectTimeout: h.options.connectTimeout, Logger: h.logger,
				OnCommit: func(c kafka.Commit) { h.committed(g.name, c) },
			})
			if err != nil {
				return nil, err
			}
			h.made = append(h.made, source)
			out = append(out, source)
		}
	}
	return out, nil
}

// committed notes the last commit of each partition.
func (h *healing) committed(group string, c kafka.Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.commits == nil {
		h.commits = make(map[healPlace]kafka.Commit)
	}
	h.commits[healPlace{group, commitPlace{c.Topic, c.Partition}}] = c
}

// report gathers what became of the letters.
func (h *healing) report(result engine.Result) healReport {
	r := healReport{dry: h.options.dryRun, Partitions: []healPartition{}}
	for _, source := range h.made {
		l := source.Letters()
		r.Letters += l.PutBack
		r.Unfinished += l.Unfinished
		r.Repeated += l.Repeated
		r.Foreign += l.Foreign
	}
	for _, n := range result.Nodes {
		r.Failed += n.Dead
		r.Skipped += n.Skipped
	}
	r.Healed = max(0, r.Letters-r.Unfinished-r.Failed-r.Skipped)
	h.mu.Lock()
	defer h.mu.Unlock()
	for at, c := range h.commits {
		p := healPartition{Group: at.group, Topic: at.topic, Partition: at.partition, Holes: c.Holes}
		if c.Err == nil {
			p.Committed = &c.Offset
		}
		r.Partitions = append(r.Partitions, p)
	}
	slices.SortFunc(r.Partitions, func(a, b healPartition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Group, b.Group))
	})
	return r
}

// dryRun shows what healing would write.
func (h *healing) dryRun(ctx context.Context) error {
	if h.options.summary == "json" { // which is then the whole of stderr
		h.logger = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	printed := &lines{w: h.program.stdout, stop: stop}
	d := &dry{program: h.program, logger: h.logger, stdout: local.Share(printed), clock: engine.FrozenClock{At: time.Now()}}
	graph, err := h.loaded.plan.Graph(operators.Connectors{Sources: h.sources, Output: d.output, Unwritten: d.output})
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	graph.Workers = 1
	for _, n := range graph.Nodes {
		n.StopRule = engine.StopRule{}
	}
	rt, err := engine.New(graph, engine.Options{
		Logger: slog.New(slog.DiscardHandler), Clock: d.clock, ListFailures: true, OnFailure: d.failed,
	})
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	result, err := rt.Run(ctx)
	if err != nil {
		return &exitError{code: exitHalted, err: err}
	}
	report := h.report(result)
	s := newSummary(result, d.failures)
	report.Nodes, report.Failures = s.Nodes, s.Failures
	if err := report.write(h.program.stderr, h.options.summary); err != nil {
		return &exitError{code: exitHalted, err: fmt.Errorf("print: %w", err)}
	}
	var listed *engine.Failure
	switch {
	case printed.err != nil:
		return &exitError{code: exitHalted, err: fmt.Errorf("print: %w", printed.err)}
	case result.Halted != nil && !errors.As(result.Halted, &listed): // a source, say
		return outcome(ctx, result)
	case len(s.Failures) > 0:
		return &exitError{code: exitHalted}
	}
	return nil
}
