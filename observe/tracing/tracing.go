// Package tracing shows single records on their way to OpenTelemetry: of each
// record that is sampled a span from when it is read until it is finished, and
// in it one for each node's work and for each try to write it. The trace goes on
// where the record's headers say that it began, and into what is written.
//
// # Where to start
//
//	tracing.go   when it is on, and its life
//	sampling.go  which records are followed
//	spans.go     the spans
//	headers.go   W3C trace context in record headers
//	dropped.go   spans that nobody gets
//
// It is on where the standard variables name a collector, and costs nothing
// where they do not: then the engine has no tracer to ask. It is the only
// package that knows OpenTelemetry.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"waterhealer/engine"
)

// Options say what is traced.
type Options struct {
	Pipeline, Version string
	Logger            *slog.Logger
}

// Tracing follows the records of one run.
type Tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	sampler  sampler
	account  *account
	// writing are the calls of outputs for followed records, so that messages
	// can name them; busy is how many.
	mu      sync.Mutex
	writing map[written]*call
	busy    atomic.Int64
}

// Wanted says that the environment asks for traces: OTEL_EXPORTER_OTLP_ENDPOINT
// or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, or OTEL_TRACES_EXPORTER is otlp;
// and neither is OTEL_SDK_DISABLED true nor OTEL_TRACES_EXPORTER none.
func Wanted() bool {
	exporter := os.Getenv("OTEL_TRACES_EXPORTER")
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || exporter != "" && exporter != "otlp" {
		return false
	}
	return exporter == "otlp" || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// UnknownExporter is what the environment asks for in vain, "" for nothing.
func UnknownExporter() string {
	exporter := os.Getenv("OTEL_TRACES_EXPORTER")
	if exporter == "otlp" || exporter == "none" || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return ""
	}
	return exporter
}

// Start begins to send spans as the standard OTEL_ variables say. An error is
// one of these; a collector that does not answer is none.
func Start(ctx context.Context, o Options) (*Tracing, error) {
	otel.SetErrorHandler(&complaints{logger: o.Logger})
	otel.SetLogger(logr.FromSlogHandler(o.Logger.Handler()))
	sampler, err := samplerFromEnvironment()
	if err != nil {
		return nil, err
	}
	exporter, err := exporterFromEnvironment(ctx)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", o.Pipeline), attribute.String("service.version", o.Version),
		attribute.String("waterhealer.pipeline", o.Pipeline),
	), resource.WithFromEnv()) // what the environment says wins
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return newTracing(exporter, about, sampler), nil
}

func newTracing(exporter sdk.SpanExporter, about *resource.Resource, s sampler) *Tracing {
	t := &Tracing{sampler: s, writing: make(map[written]*call), account: newAccount(exporter)}
	t.provider = sdk.NewTracerProvider(
		sdk.WithSpanProcessor(endings{t.account}), // before the spans may be given to anybody
		sdk.WithBatcher(t.account), sdk.WithResource(about), sdk.WithIDGenerator(numbers{}),
		sdk.WithSampler(sdk.AlwaysSample()), // what is not sampled never comes here
	)
	t.tracer = t.provider.Tracer("waterhealer")
	return t
}

// exporterFromEnvironment is one for the protocol that the environment says. All
// else (endpoint, headers, certificates, compression, timeout) it reads itself.
func exporterFromEnvironment(ctx context.Context) (sdk.SpanExporter, error) {
	protocol := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
	if protocol == "" {
		protocol = os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")
	}
	switch protocol {
	case "", "http/protobuf":
		return otlptracehttp.New(ctx)
	case "grpc":
		return otlptracegrpc.New(ctx)
	}
	return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q, must be http/protobuf or grpc", protocol)
}

// Stop sends what is left, at most until ctx is done; the error says what could
// not be sent, or was dropped before. It may be called on nil.
func (t *Tracing) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return errors.Join(t.provider.Shutdown(ctx), t.account.missing())
}

// Tracer is what the engine asks; nil on nil.
func (t *Tracing) Tracer() engine.Tracer {
	if t == nil {
		return nil
	}
	return t
}

// complaintPause is how long a complaint of the exporter is not repeated: a
// collector that is away gives one every few seconds.
const complaintPause = time.Minute

// complaints are what OpenTelemetry cannot do. The pipeline goes on.
type complaints struct {
	logger *slog.Logger
	mu     sync.Mutex
	last   time.Time
}

// Handle logs an error.
func (c *complaints) Handle(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.last) >= complaintPause {
		c.last = now
		c.logger.Warn("not all traces are sent; the pipeline goes on", "error", err)
	}
}
