package tracing

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// account compares the spans that ended with those that were given to the
// exporter: where more end than a collector takes, OpenTelemetry drops some and
// says so to nobody.
type account struct {
	sdk.SpanExporter
	ended, given atomic.Int64
	// waiting is how many may be neither.
	waiting int64
}

func newAccount(exporter sdk.SpanExporter) *account {
	return &account{SpanExporter: exporter, waiting: fromEnvironment("OTEL_BSP_MAX_QUEUE_SIZE", sdk.DefaultMaxQueueSize) +
		fromEnvironment("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", sdk.DefaultMaxExportBatchSize)}
}

func fromEnvironment(name string, standard int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil && n > 0 {
		return n
	}
	return standard
}

// ExportSpans counts them, and complains of those that can be neither here nor
// waiting.
func (a *account) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	given := a.given.Add(int64(len(spans)))
	if lost := a.ended.Load() - given - a.waiting; lost > 0 {
		otel.Handle(dropped(lost))
	}
	return a.SpanExporter.ExportSpans(ctx, spans)
}

// missing says at the end what was dropped.
func (a *account) missing() error {
	if lost := a.ended.Load() - a.given.Load(); lost > 0 {
		return dropped(lost)
	}
	return nil
}

func dropped(spans int64) error {
	return fmt.Errorf("%d spans were dropped, as more records are followed than the collector takes: lower OTEL_TRACES_SAMPLER_ARG, or raise OTEL_BSP_MAX_QUEUE_SIZE", spans)
}

// endings counts spans that end.
type endings struct{ to *account }

func (e endings) OnEnd(sdk.ReadOnlySpan)                   { e.to.ended.Add(1) }
func (endings) OnStart(context.Context, sdk.ReadWriteSpan) {}
func (endings) Shutdown(context.Context) error             { return nil }
func (endings) ForceFlush(context.Context) error           { return nil }
