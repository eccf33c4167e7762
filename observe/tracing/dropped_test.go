package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"waterhealer/engine"
)

// slowly takes nothing before it is let go.
type slowly struct {
	*tracetest.InMemoryExporter
	letGo chan struct{}
}

func (s slowly) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	<-s.letGo
	return s.InMemoryExporter.ExportSpans(ctx, spans)
}

// What a collector cannot take in time is dropped by OpenTelemetry, and the log
// says how much that was.
func TestDroppedSpansAreCounted(t *testing.T) {
	t.Setenv("OTEL_BSP_MAX_QUEUE_SIZE", "20")
	t.Setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
	var log strings.Builder
	otel.SetErrorHandler(&complaints{logger: slog.New(slog.NewTextHandler(&log, nil))})
	exporter := slowly{tracetest.NewInMemoryExporter(), make(chan struct{})}
	tr := newTracing(exporter, resource.Empty(), everything)
	const n = 500
	g := graph(tr, &source{records: records(n)}, &output{})
	g.Limits.Records = n
	rt, err := engine.New(g, engine.Options{Tracer: tr.Tracer()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(exporter.letGo)
	if err := tr.provider.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	came := len(exporter.GetSpans())
	ended := int(tr.account.ended.Load())
	if came == 0 || came > 60 || ended != 2*n {
		t.Errorf("%d of %d spans came", came, ended)
	}
	err = tr.Stop(t.Context())
	if want := fmt.Sprintf("%d spans were dropped", ended-came); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("at the end: %v, want %s", err, want)
	}
	if !strings.Contains(log.String(), "spans were dropped") {
		t.Errorf("while it runs: %s", log.String())
	}
}
