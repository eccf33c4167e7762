package tracing

import (
	"testing"

	"go.opentelemetry.io/otel/trace"

	"waterhealer/engine"
)

// The variables of the standard decide, and OpenTelemetry's meaning of a ratio.
func TestSampler(t *testing.T) {
	sampled := begunElsewhere([]engine.Header{{Key: "traceparent", Value: []byte(begun)}})
	unsampled := begunElsewhere([]engine.Header{{Key: "Traceparent", Value: []byte(begun[:len(begun)-1] + "0")}})
	if !sampled.IsSampled() || unsampled.IsSampled() || !unsampled.IsValid() {
		t.Fatal("the headers are not read")
	}
	low, high := trace.TraceID{15: 1}, trace.TraceID{8: 0xff, 15: 1}
	for _, c := range []struct {
		name, argument string
		low, high      bool // new traces
		yes, no        bool // begun elsewhere
	}{
		{"", "", true, true, true, false},
		{"parentbased_always_on", "", true, true, true, false},
		{"always_on", "", true, true, true, true},
		{"parentbased_always_off", "", false, false, true, false},
		{"always_off", "", false, false, false, false},
		{"parentbased_traceidratio", "0.5", true, false, true, false},
		{"traceidratio", "0.01", true, false, false, false}, // by the number of the trace that was begun
		{"traceidratio", "", true, true, true, true},
		{"traceidratio", "0", false, false, false, false},
	} {
		t.Setenv("OTEL_TRACES_SAMPLER", c.name)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", c.argument)
		s, err := samplerFromEnvironment()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		what := c.name + " " + c.argument
		expect(t, what+", low", s.sampled(trace.SpanContext{}, low), c.low)
		expect(t, what+", high", s.sampled(trace.SpanContext{}, high), c.high)
		expect(t, what+", sampled elsewhere", s.sampled(sampled, low), c.yes)
		expect(t, what+", not sampled elsewhere", s.sampled(unsampled, low), c.no)
	}
	for name, argument := range map[string]string{"jaeger_remote": "", "traceidratio": "1.5"} {
		t.Setenv("OTEL_TRACES_SAMPLER", name)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", argument)
		if _, err := samplerFromEnvironment(); err == nil {
			t.Errorf("%s %s is taken", name, argument)
		}
	}
}

// A ratio is one, and new traces have the number that they were sampled by.
func TestRatio(t *testing.T) {
	const n = 20_000
	s := sampler{parent: true, below: 1 << 63 / 10}
	spans := spansOf(t, s, func(tr *Tracing) *engine.Graph {
		g := graph(tr, &source{records: records(n)}, &output{})
		g.Limits.Records = n
		return g
	})
	roots := named(spans, "process t")
	if len(roots) < n/10*8/10 || len(roots) > n/10*12/10 {
		t.Errorf("%d of %d records are followed", len(roots), n)
	}
	for _, root := range roots {
		if !s.sampled(trace.SpanContext{}, root.SpanContext.TraceID()) {
			t.Fatalf("%s would not be sampled", root.SpanContext.TraceID())
		}
	}
}

// The log says in words what is sampled.
func TestSamplerInWords(t *testing.T) {
	for variable, want := range map[string]string{
		"":                         "as headers say, of others a share of 1",
		"parentbased_always_off":   "as headers say, of others a share of 0",
		"traceidratio":             "a share of 1e-05",
		"parentbased_traceidratio": "as headers say, of others a share of 1e-05",
	} {
		t.Setenv("OTEL_TRACES_SAMPLER", variable)
		t.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.00001")
		s, err := samplerFromEnvironment()
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Tracing{sampler: s}).Sampler(); got != want {
			t.Errorf("%s: %s, want %s", variable, got, want)
		}
	}
}

// Tracing is off where nobody asked for it.
func TestWanted(t *testing.T) {
	for _, c := range []struct {
		set     map[string]string
		want    bool
		unknown string
	}{
		{nil, false, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, true, ""},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, true, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, false, ""},
		{map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, false, ""},
		{map[string]string{"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, false, "console"},
		{map[string]string{"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "true"}, false, ""},
	} {
		for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"} {
			t.Setenv(name, c.set[name])
		}
		if got, unknown := Wanted(), UnknownExporter(); got != c.want || unknown != c.unknown {
			t.Errorf("%v: %v, unknown %q", c.set, got, unknown)
		}
	}
}
