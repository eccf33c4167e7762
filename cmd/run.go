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
	"waterhealer/observe"
)

// runOptions are the flags of `run`.
type runOptions struct {
	startOptions
	untilEnd bool
	dryRun   bool
	inputs   []string
	embedded bool
	seeds    []string
	profiles profiles
	http     httpOptions
	// logRecords is for looking for a mistake.
	logRecords bool
}

func (p *program) runCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Runs a pipeline",
		Long: `Runs a pipeline until a signal, or with --until-end until all that was there at
the start is finished. A first SIGINT or SIGTERM drains and commits; a second one
ends the program at once.

With --dry-run files are played instead of the sources and nothing is written
anywhere. stdout has one line per message that an output would get; stderr has
what each node did, the offset each source would commit, and each record that
failed, as file:line.

Exit code: 0 done; 1 halted, or in a dry run a record would halt it; 2 usage or
configuration; 3 stalled; by the pipeline's supervise: 1 on_error; 4 no_commit or
no_poll; 5 max_uptime or max_commits.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			l, logger, err := p.prepare(cmd, args[0])
			if err != nil {
				return err
			}
			stopProfiles, err := o.profiles.start()
			if err != nil {
				return err
			}
			defer func() {
				if err := stopProfiles(); err != nil {
					logger.Warn("profile not written", "error", err)
				}
			}()
			if o.dryRun {
				return p.dryRun(cmd.Context(), l, o, logger)
			}
			return p.run(cmd.Context(), l, o, logger)
		},
		ValidArgsFunction: completePipelines,
	}
	flags := c.Flags()
	flags.BoolVar(&o.untilEnd, "until-end", false, "end when all that was there at the start is finished")
	flags.BoolVar(&o.dryRun, "dry-run", false, "play files instead of the sources, write nothing, print what would be written")
	flags.StringArrayVar(&o.inputs, "input", nil, "[SOURCE=]FILE that a dry run plays for a source; - is stdin")
	flags.BoolVar(&o.embedded, "embedded", false, "start an in-process broker in place of every brokers: key, with every topic that the file names")
	flags.StringArrayVar(&o.seeds, "seed", nil, "TOPIC=FILE whose records the embedded broker starts with")
	flags.BoolVar(&o.logRecords, "log-records", false, "log each record that leaves a node, with its origin and the first 256 bytes of its value; slow")
	flags.StringVar(&o.profiles.cpu, "cpuprofile", "", "file for a CPU profile of the run, for go tool pprof")
	flags.StringVar(&o.profiles.memory, "memprofile", "", "file for a profile of what the run allocated, for go tool pprof")
	o.http.add(flags)
	o.add(flags, "how a dry run prints its summary on stderr")
	return c
}

// check refuses flags that do not go together.
func (o *runOptions) check() error {
	switch {
	case len(o.inputs) > 0 && !o.dryRun:
		return usageError("--input needs --dry-run")
	case o.dryRun && o.embedded:
		return usageError("--dry-run reaches no broker: leave out --embedded")
	case len(o.seeds) > 0 && !o.embedded:
		return usageError("--seed needs --embedded")
	case o.dryRun && o.http.address != "":
		return usageError("--dry-run serves nothing: leave out --http")
	}
	if err := o.http.check(); err != nil {
		return err
	}
	return o.startOptions.check()
}

// run runs a pipeline for real.
func (p *program) run(ctx context.Context, l *loaded, o runOptions, logger *slog.Logger) error {
	if err := oneStdin(l, nil); err != nil {
		return err
	}
	server, err := o.http.listen(ctx, logger)
	if err != nil {
		return err
	}
	defer server.close()
	traces, stopTracing, err := startTracing(ctx, l, logger)
	if err != nil {
		return err
	}
	defer stopTracing()
	w := &wiring{program: p, loaded: l, options: o, logger: logger, measures: server.measured(), traces: traces}
	if o.embedded {
		broker, err := p.startEmbedded(ctx, l, o, logger)
		if err != nil {
			return err
		}
		defer func() { _ = broker.Close() }() // the run is over, and nothing is kept
		w.override = &kafka.Connection{Brokers: broker.Addresses()}
	}
	graph, err := l.plan.Graph(w.connectors())
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	if o.logRecords {
		observe.LogRecords(graph, logger)
	}
	started := time.Now()
	result, err := p.start(ctx, l, graph, logger, server, traces)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it began
		}
		return err
	}
	report := newReport(result, l.pipeline, w.lastCommits(), time.Since(started))
	report.refused = w.refusedCommits()
	report.tell(logger, p.terminal, p.logsJSON)
	return outcome(ctx, result)
}

// outcome is the exit of a run that was started.
func outcome(ctx context.Context, result engine.Result) error {
	switch {
	case engine.Stalled(result.Halted):
		return &exitError{code: exitStalled, err: fmt.Errorf("stalled: %w", result.Halted)}
	case result.Halted != nil:
		return &exitError{code: exitHalted, err: fmt.Errorf("halted: %w", result.Halted)}
	case result.Stopped != nil:
		return &exitError{code: ruleExit(result.Stopped.Rule), err: fmt.Errorf("stopped by supervise: %w%s", result.Stopped, leftOver(result))}
	case result.Forced && ctx.Err() != nil:
		return &exitError{code: exitHalted, err: errors.New("stopped before everything in flight was finished: what was not will be read again")}
	}
	return nil
}

// ruleExit is the exit code of a run that a rule of supervise ended.
func ruleExit(rule engine.Rule) int {
	switch rule {
	case engine.RuleNoCommit, engine.RuleNoPoll:
		return exitWaiting
	case engine.RuleMaxUptime, engine.RuleMaxCommits:
		return exitLimit
	}
	return exitHalted
}

// leftOver says that not all in flight was finished.
func leftOver(result engine.Result) string {
	if result.Forced {
		return "; not everything in flight was finished: what was not will be read again"
	}
	return ""
}
