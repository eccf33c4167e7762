package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"waterhealer/engine"
	"waterhealer/kafka"
)

// The exit codes of a run that cannot go on.
const exitStalled = 3

// runOptions are the flags of `run`.
type runOptions struct {
	untilEnd       bool
	dryRun         bool
	inputs         []string
	summary        string
	embedded       bool
	seeds          []string
	connectTimeout time.Duration
}

func (p *program) runCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Runs a pipeline",
		Long: `Runs a pipeline until a signal, or with --until-end until all that was there at
the start is finished. A first SIGINT or SIGTERM drains and commits; a second one
ends the program at once.

Exit code: 0 done, 1 halted, 2 usage or configuration, 3 stalled.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			logger, err := p.logger(cmd)
			if err != nil {
				return err
			}
			l, err := p.loadRunnable(args[0])
			if err != nil {
				return err
			}
			if o.dryRun {
				return p.dryRun(cmd.Context(), l, o, logger)
			}
			return p.run(cmd.Context(), l, o, logger)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&o.untilEnd, "until-end", false, "end when all that was there at the start is finished")
	flags.BoolVar(&o.dryRun, "dry-run", false, "play files instead of the sources, write nothing, print what would be written")
	flags.StringArrayVar(&o.inputs, "input", nil, "[SOURCE=]FILE that a dry run plays for a source; - is stdin")
	flags.StringVar(&o.summary, "summary", "text", "how a dry run prints its summary on stderr: text or json")
	flags.BoolVar(&o.embedded, "embedded", false, "start an in-process broker in place of every brokers:")
	flags.StringArrayVar(&o.seeds, "seed", nil, "TOPIC=FILE whose records the embedded broker starts with")
	flags.DurationVar(&o.connectTimeout, "connect-timeout", kafka.DefaultConnectTimeout, "how long brokers may be away at the start")
	return c
}

// check refuses flags that do not go together.
func (o *runOptions) check() error {
	switch {
	case o.summary != "text" && o.summary != "json":
		return usageError("--summary is %q, must be text or json", o.summary)
	case len(o.inputs) > 0 && !o.dryRun:
		return usageError("--input needs --dry-run")
	case o.dryRun && o.embedded:
		return usageError("--dry-run reaches no broker: leave out --embedded")
	case len(o.seeds) > 0 && !o.embedded:
		return usageError("--seed needs --embedded")
	case o.connectTimeout <= 0:
		return usageError("--connect-timeout must be more than 0")
	}
	return nil
}

// run runs a pipeline for real.
func (p *program) run(ctx context.Context, l *loaded, o runOptions, logger *slog.Logger) error {
	w := &wiring{program: p, loaded: l, options: o, logger: logger}
	if o.embedded {
		broker, err := p.startEmbedded(ctx, l, o, logger)
		if err != nil {
			return err
		}
		defer func() { _ = broker.Close() }()
		w.override = &kafka.Connection{Brokers: broker.Addresses()}
	}
	graph, err := l.plan.Graph(w.connectors())
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	rt, err := engine.New(graph, engine.Options{Logger: logger, Seed: uint64(time.Now().UnixNano())})
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	started := time.Now()
	stop := p.terminal.progress(rt, func() (int64, bool) { return lagOf(graph.Sources) })
	result, err := rt.Run(ctx)
	stop()
	if err != nil {
		return &exitError{code: exitHalted, err: err}
	}
	p.report(logger, w, result, time.Since(started))
	return outcome(ctx, result)
}

// outcome is the exit of a run that was started.
func outcome(ctx context.Context, result engine.Result) error {
	var stall *engine.StallError
	switch {
	case errors.As(result.Halted, &stall):
		return &exitError{code: exitStalled, err: fmt.Errorf("stalled: %w", result.Halted)}
	case result.Halted != nil:
		return &exitError{code: exitHalted, err: fmt.Errorf("halted: %w", result.Halted)}
	case result.Forced && ctx.Err() != nil:
		return &exitError{code: exitHalted, err: errors.New("stopped before everything in flight was finished: what was not will be read again")}
	}
	return nil
}

// report logs what a run did and where it left its sources.
func (p *program) report(logger *slog.Logger, w *wiring, result engine.Result, took time.Duration) {
	in, out, failed := totals(result.Nodes)
	logger.Info("run ended", "in", in, "out", out, "failed", failed, "took", took.Round(time.Millisecond).String())
	for _, c := range result.Claims {
		if c.InFlight > 0 {
			logger.Warn("offsets left unfinished: they will be read again", "source", c.Source, "topic", c.Topic,
				"partition", c.Partition, "unfinished", c.InFlight, "first", c.Unfinished)
		}
	}
	for _, n := range result.Nodes {
		if n.Held > 0 {
			logger.Warn("records still held by an operator", "node", n.Name, "held", n.Held)
		}
	}
	w.reportCommits()
}

// lagging is a source that knows how far behind it is.
type lagging interface{ Lag() (int64, bool) }

func lagOf(sources []engine.Source) (int64, bool) {
	total, known := int64(0), false
	for _, s := range sources {
		if l, ok := s.(lagging); ok {
			if n, ok := l.Lag(); ok {
				total, known = total+n, true
			}
		}
	}
	return total, known
}
