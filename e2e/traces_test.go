package e2e

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"waterhealer/kafka/kafkatest"
)

// receiver is an OTLP collector that keeps what it gets.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	spans    []*otlp.Span
	services map[string]bool
	problems []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{services: make(map[string]bool)}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(request.Body)
	var batch collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &batch)
	}
	if err != nil || request.URL.Path != "/v1/traces" || request.Header.Get("Content-Type") != "application/x-protobuf" {
		r.problems = append(r.problems, fmt.Sprintf("%s %s: %v", request.URL, request.Header, err))
	}
	for _, resource := range batch.ResourceSpans {
		for _, a := range resource.Resource.GetAttributes() {
			if a.Key == "service.name" {
				r.services[a.Value.GetStringValue()] = true
			}
		}
		for _, scope := range resource.ScopeSpans {
			r.spans = append(r.spans, scope.Spans...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// in are the spans of a trace by name.
func (r *receiver) in(id string) map[string]*otlp.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	spans := make(map[string]*otlp.Span)
	for _, s := range r.spans {
		if hex.EncodeToString(s.TraceId) == id {
			spans[s.Name] = s
		}
	}
	return spans
}

// A trace that a producer began goes through the pipeline to a collector, and on
// in the header of what is written.
func testTraces(t *testing.T, b *broker) {
	names := b.topics(t, 1, "traced", "traced-on")
	const id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	header := func(value string) []kafkatest.Header { return []kafkatest.Header{{Name: "traceparent", Value: value}} }
	b.produce(t, names[0],
		kafkatest.Message{Value: []byte(`{"id": 1}`), Headers: header("00-" + id + "-" + parent + "-01")},
		kafkatest.Message{Value: []byte(`{"id": 2}`), Headers: header("00-1" + id[1:] + "-" + parent + "-00")}, // not sampled
		kafkatest.Message{Value: []byte(`{"id": 3}`)})
	pipeline := file(t, "p.yaml", "name: followed\n"+linear(names[0], names[1], "traced", "  - map: {id: value.id}"))
	r := newReceiver(t)
	env := b.env("OTEL_EXPORTER_OTLP_ENDPOINT="+r.URL, "OTEL_TRACES_SAMPLER=parentbased_always_off")
	if code, _ := run(t, env, time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if len(r.problems) > 0 || !r.services["followed"] {
		t.Errorf("services %v: %v", r.services, r.problems)
	}
	spans := r.in(id)
	if len(spans) != 3 || len(r.spans) != 3 {
		t.Fatalf("%d spans, of the trace %d: %v", len(r.spans), len(spans), spans)
	}
	read, mapped, sent := spans["process "+names[0]], spans["map-1"], spans["send "+names[1]]
	switch {
	case read == nil || mapped == nil || sent == nil:
		t.Fatalf("spans: %v", spans)
	case hex.EncodeToString(read.ParentSpanId) != parent:
		t.Errorf("the parent is %x", read.ParentSpanId)
	case string(mapped.ParentSpanId) != string(read.SpanId), string(sent.ParentSpanId) != string(read.SpanId):
		t.Errorf("the spans are not in each other: %v", spans)
	case read.EndTimeUnixNano < sent.EndTimeUnixNano:
		t.Error("the record ended before its write")
	}
	var parents []string
	for _, m := range b.consume(t, names[1]) {
		value := "none"
		for _, h := range m.Headers {
			if h.Name == "traceparent" {
				value = h.Value
			}
		}
		parents = append(parents, value)
	}
	want := []string{fmt.Sprintf("00-%s-%x-01", id, sent.SpanId), "00-1" + id[1:] + "-" + parent + "-00", "none"}
	if strings.Join(parents, " ") != strings.Join(want, " ") {
		t.Errorf("written: %v\nwant:    %v", parents, want)
	}
}

// A collector that is away costs no record, and the program says that it is. A
// variable that is wrong is a matter of usage.
func testTracesWithoutCollector(t *testing.T, b *broker) {
	names := b.topics(t, 1, "untold", "untold-out")
	b.produce(t, names[0], numbers(0, 10, 1)...)
	pipeline := file(t, "p.yaml", linear(names[0], names[1], "untold", "  - map: {id: value.id}"))
	code, p := run(t, b.env("OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"), time.Minute, "run", pipeline, "--until-end")
	if code != 0 || !strings.Contains(p.stderr.String(), "not all traces are sent") {
		t.Errorf("exit code %d", code)
	}
	b.committed(t, "untold", names[0], 10)
	code, p = run(t, b.env("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL=http/json"), time.Minute, "run", pipeline)
	if code != 2 || !strings.Contains(p.stderr.String(), `OTEL_EXPORTER_OTLP_PROTOCOL is "http/json"`) {
		t.Errorf("exit code %d", code)
	}
}
