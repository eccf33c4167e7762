package cmd

import (
	"context"
	"log/slog"
	"sync"

	"waterhealer/engine"
	"waterhealer/observe"
	"waterhealer/operators"
)

// observerOf makes the observer of a pipeline that is about to run.
func observerOf(l *loaded, graph *engine.Graph, logger *slog.Logger, server *httpServer) *observe.Observer {
	var taps *observe.Taps
	showValues := false
	if server != nil { // else nobody can look
		showValues = server.options.showValues
		taps = observe.NewTaps(graph, operators.Condition, !showValues)
	}
	return observe.New(observe.Options{
		Taps:  taps,
		Graph: graph, Version: buildVersion(), Config: string(l.pipeline.Text()), Details: detailsOf(l.pipeline),
		ShowValues: showValues, Logger: logger,
	})
}

// observed runs an observer until the returned function is called. It goes on
// while a signal drains the pipeline.
func observed(ctx context.Context, observer *observe.Observer) (stop func()) {
	observing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { observer.Run(observing) })
	return func() {
		cancel()
		running.Wait()
	}
}
