package cmd

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/local"
	"waterhealer/observe"
	"waterhealer/operators"
)

// dry is a dry run: files in, lines out.
type dry struct {
	program *program
	inputs  map[string]string // by source name
	logger  *slog.Logger
	stdout  *local.Shared
	clock   engine.Clock // stands still, so that windows end by size or with the input

	mu       sync.Mutex
	failures []*engine.Failure
}

// dryRun plays files through a pipeline and prints what it would write.
func (p *program) dryRun(ctx context.Context, l *loaded, o runOptions, logger *slog.Logger) error {
	inputs, err := inputsOf(l.pipeline, o.inputs)
	if err != nil {
		return err
	}
	if err := oneStdin(l, inputs); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	printed := &lines{w: p.stdout, stop: stop}
	d := &dry{program: p, inputs: inputs, logger: logger, stdout: local.Share(printed), clock: engine.FrozenClock{At: time.Now()}}
	graph, err := l.plan.Graph(operators.Connectors{Sources: d.sources, Output: d.output, Unwritten: d.output})
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	if o.logRecords {
		observe.LogRecords(graph, logger)
	}
	// One lane, and one record after another: the same file gives the same lines in
	// the same order.
	graph.Workers = 1
	rt, err := engine.New(graph, engine.Options{
		// The summary names every failed record, which is all that is logged.
		Logger: slog.New(slog.DiscardHandler), Clock: d.clock,
		ListFailures: true, OnFailure: d.failed, InTurn: true,
	})
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	result, err := rt.Run(ctx)
	if err != nil {
		return &exitError{code: exitHalted, err: err}
	}
	s := newSummary(result, d.failures)
	if err := s.write(p.stderr, o.summary); err != nil {
		return err
	}
	switch {
	case printed.err != nil:
		return &exitError{code: exitHalted, err: fmt.Errorf("print: %w", printed.err)}
	case engine.Stalled(result.Halted):
		return outcome(ctx, result)
	case s.halting() > 0:
		return &exitError{code: exitHalted}
	case result.Halted != nil:
		return &exitError{code: exitHalted, err: result.Halted}
	}
	return nil
}

// lines is where a dry run prints. When that fails there is nothing left to do
// for the run, and nothing to be kept: it takes whatever still comes.
type lines struct {
	w    io.Writer
	stop func()
	err  error
}

func (l *lines) Write(data []byte) (int, error) {
	if l.err == nil {
		if _, l.err = l.w.Write(data); l.err != nil {
			l.stop()
		}
	}
	return len(data), nil
}

func (d *dry) failed(f *engine.Failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failures = append(d.failures, f)
}

// sources plays the given files, and for nodes that were given none what they
// read anyway.
func (d *dry) sources(nodes []*configs.Node, settings map[string]operators.SourceSettings) ([]engine.Source, error) {
	var out []engine.Source
	for _, n := range nodes {
		s := settings[n.Name]
		source, err := d.source(n, s)
		if err != nil {
			return nil, err
		}
		out = append(out, source)
	}
	return out, nil
}

func (d *dry) source(n *configs.Node, s operators.SourceSettings) (engine.Source, error) {
	if file, given := d.inputs[n.Name]; given {
		return local.NewFileSource(local.FileOptions{
			Node: n, Path: file, Topic: onlyTopic(n), Codec: s.Codec, Stdin: d.program.stdin, Clock: d.clock,
		})
	}
	return local.NewSource(local.SourceOptions{
		Node: n, Generate: s.Generate, Stdin: d.program.stdin, Clock: d.clock, Logger: d.logger,
	})
}

// onlyTopic is the topic that a Kafka source reads, when it is only one: then
// expressions see it. "" leaves them the file's name.
func onlyTopic(n *configs.Node) string {
	if topics := n.Values.Strings("topics"); isKafka(n) && len(topics) == 1 {
		return topics[0]
	}
	return ""
}

// output prints what an output would write. Reports are about commits, of
// which a dry run makes none.
func (d *dry) output(request operators.OutputRequest) (engine.Output, error) {
	if request.Report || request.Node.Kind == "drop" {
		return local.NewOutput(local.OutputOptions{Node: &configs.Node{Kind: "drop"}, Render: request.Render, Logger: d.logger})
	}
	return local.NewPrinter(local.PrinterOptions{
		Node: request.Node, Sink: cmp.Or(request.Sink, request.Name), Render: request.Render, Codec: request.Codec,
		DeadLetter: request.DeadLetter, Stdout: d.stdout,
	}), nil
}
