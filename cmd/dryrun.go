package cmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"text/tabwriter"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/local"
	"waterhealer/operators"
)

// dryRun plays files through a pipeline and prints what it would write.
func (p *program) dryRun(ctx context.Context, l *loaded, o runOptions, logger *slog.Logger) error {
	inputs, err := inputsOf(l.pipeline, o.inputs)
	if err != nil {
		return err
	}
	d := &dry{program: p, loaded: l, inputs: inputs, logger: logger, stdout: local.Share(p.stdout)}
	graph, err := l.plan.Graph(operators.Connectors{Sources: d.sources, Output: d.output, Unwritten: d.output})
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	// One lane, so that the same file gives the same lines in the same order.
	graph.Workers = 1
	rt, err := engine.New(graph, engine.Options{
		// The summary names every failed record; the log says the rest.
		Logger: slog.New(leastLevel{logger.Handler(), slog.LevelError + 1}), Clock: engine.FrozenClock{},
		ListFailures: true, OnFailure: d.failed,
	})
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	result, err := rt.Run(ctx)
	if err != nil {
		return &exitError{code: exitHalted, err: err}
	}
	if err := d.summary(o.summary, result); err != nil {
		return err
	}
	if result.Halted != nil {
		return &exitError{code: exitHalted, err: result.Halted}
	}
	for _, f := range d.failures {
		if f.Then == engine.ThenHalt {
			return &exitError{code: exitHalted}
		}
	}
	return nil
}

// leastLevel is a handler that logs nothing below a level.
type leastLevel struct {
	slog.Handler
	level slog.Level
}

func (h leastLevel) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// inputsOf assigns --input to sources.
func inputsOf(pipeline *configs.Pipeline, texts []string) (map[string]string, error) {
	byName := make(map[string]bool)
	var names []string
	for _, n := range pipeline.Sources {
		byName[n.Name] = true
		names = append(names, n.Name)
	}
	inputs := make(map[string]string)
	for _, text := range texts {
		name, file, named := strings.Cut(text, "=")
		if !named || !byName[name] && len(names) == 1 {
			if len(names) > 1 {
				return nil, usageError("--input is %q: there are several sources, say which as SOURCE=FILE (%s)", text, strings.Join(names, ", "))
			}
			name, file = names[0], text
		}
		if !byName[name] {
			return nil, usageError("--input is %q: there is no source %q, only %s", text, name, strings.Join(names, ", "))
		}
		if _, twice := inputs[name]; twice {
			return nil, usageError("--input names source %q twice", name)
		}
		inputs[name] = file
	}
	for _, n := range pipeline.Sources {
		if _, there := inputs[n.Name]; !there && isKafka(n) {
			return nil, usageError("a dry run reaches no broker: give source %q a file with --input %s=FILE", n.Name, n.Name)
		}
	}
	return inputs, nil
}

// dry is a dry run: files in, lines out.
type dry struct {
	program *program
	loaded  *loaded
	inputs  map[string]string
	logger  *slog.Logger
	stdout  *local.Shared

	mu       sync.Mutex
	failures []*engine.Failure
}

func (d *dry) failed(f *engine.Failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failures = append(d.failures, f)
}

func (d *dry) sources(nodes []*configs.Node, settings map[string]operators.SourceSettings) ([]engine.Source, error) {
	var out []engine.Source
	for _, n := range nodes {
		s := settings[n.Name]
		file, given := d.inputs[n.Name]
		if given {
			source, err := local.NewFileSource(local.FileOptions{Node: n, Path: file, Codec: s.Codec, Stdin: d.program.stdin})
			if err != nil {
				return nil, err
			}
			out = append(out, source)
			continue
		}
		source, err := local.NewSource(local.SourceOptions{
			Node: n, Generate: s.Generate, Stdin: d.program.stdin, Clock: engine.RealClock{}, Logger: d.logger,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, source)
	}
	return out, nil
}

// output prints what an output would write. Reports are about commits, of
// which a dry run makes none.
func (d *dry) output(request operators.OutputRequest) (engine.Output, error) {
	if request.Report || request.Node.Kind == "drop" {
		return local.NewOutput(local.OutputOptions{Node: &configs.Node{Kind: "drop"}, Render: request.Render, Logger: d.logger})
	}
	return local.NewPrinter(local.PrinterOptions{
		Sink: cmp.Or(request.Sink, request.Name), Render: request.Render, DeadLetter: request.DeadLetter, Stdout: d.stdout,
	}), nil
}

// summaryNode is a node of the JSON summary.
type summaryNode struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	In      int64  `json:"in"`
	Out     int64  `json:"out"`
	Dropped int64  `json:"dropped"`
	Failed  int64  `json:"failed"`
}

type summarySource struct {
	Source string `json:"source"`
	Offset int64  `json:"offset"`
}

type summaryFailure struct {
	Record string `json:"record"`
	Node   string `json:"node"`
	Where  string `json:"where"`
	Then   string `json:"then"`
	Error  string `json:"error"`
}

type summary struct {
	Nodes    []summaryNode    `json:"nodes"`
	Commits  []summarySource  `json:"commits"`
	Failures []summaryFailure `json:"failures"`
}

// summary prints per node what came, left, was dropped and failed, the offset
// each source would commit, and each failed record.
func (d *dry) summary(format string, result engine.Result) error {
	s := summary{Nodes: []summaryNode{}, Commits: []summarySource{}, Failures: []summaryFailure{}}
	for _, n := range result.Nodes {
		if n.Role == engine.RoleOutput && n.Kind == "healing" {
			continue // stands for a healing sink without output
		}
		s.Nodes = append(s.Nodes, summaryNode{Name: n.Name, Kind: n.Kind, In: n.In, Out: n.Out, Dropped: n.Dropped, Failed: n.Failed})
	}
	for _, c := range result.Claims {
		s.Commits = append(s.Commits, summarySource{Source: c.Source, Offset: c.Watermark})
	}
	for _, f := range d.failures {
		s.Failures = append(s.Failures, summaryFailure{
			Record: f.Origin(), Node: f.Node, Where: f.Where, Then: f.Then.String(), Error: f.Err.Error(),
		})
	}
	if format == "json" {
		encoder := json.NewEncoder(d.program.stderr)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(s)
	}
	return errors.Join(s.print(d.program))
}

func (s *summary) print(p *program) error {
	table := tabwriter.NewWriter(p.stderr, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "node\tin\tout\tdropped\tfailed\t")
	for _, n := range s.Nodes {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", n.Name, n.In, n.Out, n.Dropped, n.Failed)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, c := range s.Commits {
		fmt.Fprintf(p.stderr, "source %s would commit offset %d\n", c.Source, c.Offset)
	}
	for _, f := range s.Failures {
		fmt.Fprintf(p.stderr, "%s: failed at %s (%s), then %s: %s\n", f.Record, f.Node, f.Where, f.Then, f.Error)
	}
	return nil
}
