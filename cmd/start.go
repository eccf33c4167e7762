package cmd

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"waterhealer/engine"
	"waterhealer/kafka"
	"waterhealer/observe/tracing"
)

// startOptions are the flags of every command that runs a pipeline.
type startOptions struct {
	summary        string
	connectTimeout time.Duration
}

// add makes the flags; what says what the summary is of.
func (o *startOptions) add(flags *pflag.FlagSet, what string) {
	flags.StringVar(&o.summary, "summary", "text", what+": text or json")
	flags.DurationVar(&o.connectTimeout, "connect-timeout", kafka.DefaultConnectTimeout, "how long brokers may be away at the start")
}

// check refuses values that the flags' types let through.
func (o *startOptions) check() error {
	switch {
	case o.summary != "text" && o.summary != "json":
		return usageError("--summary is %q, must be text or json", o.summary)
	case o.connectTimeout <= 0:
		return usageError("--connect-timeout is %s, must be more than 0", o.connectTimeout)
	}
	return nil
}

// prepare gives a command what it needs before it can run a pipeline.
func (p *program) prepare(cmd *cobra.Command, path string) (*loaded, *slog.Logger, error) {
	logger, err := p.logger(cmd)
	if err != nil {
		return nil, nil, err
	}
	l, err := p.loadRunnable(path)
	return l, logger, err
}

// start runs the graph of a pipeline to its end; server and traces, which may be
// nil, tell of it. The error is an [exitError] and says why it never began.
func (p *program) start(ctx context.Context, l *loaded, graph *engine.Graph, logger *slog.Logger, server *httpServer, traces *tracing.Tracing) (engine.Result, error) {
	observer := observerOf(l, graph, logger, server)
	rt, err := engine.New(graph, engine.Options{
		Logger: logger, Seed: uint64(time.Now().UnixNano()), OnFailure: observer.Failed, Measures: server.measured(), Tracer: traces.Tracer(),
	})
	if err != nil {
		return engine.Result{}, &exitError{code: exitUsage, err: err}
	}
	defer floorHeap()()
	observer.Watch(rt)
	defer observed(ctx, observer)()
	defer server.serve(ctx, observer)()
	defer p.terminal.progress(observer)()
	result, err := rt.Run(ctx)
	if err != nil {
		err = &exitError{code: exitHalted, err: err}
	}
	return result, err
}

// traceStop is how long sending the last spans may take: a collector that is away
// must not hold up the end.
const traceStop = 5 * time.Second

// startTracing begins to trace where the environment asks for it; nil is off.
func startTracing(ctx context.Context, l *loaded, logger *slog.Logger) (traces *tracing.Tracing, stop func(), err error) {
	if !tracing.Wanted() {
		if unknown := tracing.UnknownExporter(); unknown != "" {
			logger.Warn("nothing is traced: OTEL_TRACES_EXPORTER must be otlp or none", "is", unknown)
		}
		return nil, func() {}, nil
	}
	traces, err = tracing.Start(ctx, tracing.Options{Pipeline: l.pipeline.Name, Version: buildVersion(), Logger: logger})
	if err != nil {
		return nil, nil, usageError("traces: %w", err)
	}
	logger.Info("records are followed with OpenTelemetry", "sampler", traces.Sampler())
	return traces, func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), traceStop)
		defer cancel()
		if err := traces.Stop(stopping); err != nil {
			logger.Warn("not all traces were sent", "error", err)
		}
	}, nil
}
