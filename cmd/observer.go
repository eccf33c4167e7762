package cmd

import (
	"context"
	"log/slog"
	"slices"
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
		if inspects := inspected(graph); len(inspects) > 0 && !showValues {
			logger.Warn("inspect keeps nothing: records are only shown with --http-show-values", "nodes", inspects)
		}
		taps = observe.NewTaps(graph, operators.Condition, !showValues)
	}
	return observe.New(observe.Options{
		Taps:  taps,
		Graph: graph, Version: buildVersion(), Config: string(l.pipeline.Text()), Details: detailsOf(l.pipeline),
		ShowValues: showValues, Logger: logger,
	})
}

// inspected are the nodes that say inspect: true.
func inspected(graph *engine.Graph) []string {
	var names []string
	for _, n := range graph.Nodes {
		if n.Inspect && !slices.Contains(names, n.Name) { // a sink is several
			names = append(names, n.Name)
		}
	}
	return names
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
