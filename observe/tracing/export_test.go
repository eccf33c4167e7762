package tracing

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"waterhealer/engine"
)

// collecting is a collector that passes on what it gets.
type collecting struct {
	collector.UnimplementedTraceServiceServer
	got chan *collector.ExportTraceServiceRequest
}

func (c *collecting) Export(_ context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.got <- request
	return &collector.ExportTraceServiceResponse{}, nil
}

func (c *collecting) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	var batch collector.ExportTraceServiceRequest
	_ = proto.Unmarshal(body, &batch)
	c.got <- &batch
}

// Spans reach a collector by either protocol, with what the environment says of
// the service.
func TestExport(t *testing.T) {
	c := &collecting{got: make(chan *collector.ExportTraceServiceRequest, 10)}
	byHTTP := httptest.NewServer(c)
	defer byHTTP.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	byGRPC := grpc.NewServer()
	collector.RegisterTraceServiceServer(byGRPC, c)
	served := make(chan error, 1)
	go func() { served <- byGRPC.Serve(listener) }()
	defer func() {
		byGRPC.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	for protocol, endpoint := range map[string]string{"": byHTTP.URL, "http/protobuf": byHTTP.URL, "grpc": "http://" + listener.Addr().String()} {
		t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
		t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=mine,team=sea")
		tr, err := Start(t.Context(), Options{Pipeline: "p", Version: "1", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		rt, err := engine.New(graph(tr, &source{records: records(1)}, &output{}), engine.Options{Tracer: tr.Tracer()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rt.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := tr.Stop(t.Context()); err != nil {
			t.Fatalf("%s: %v", protocol, err)
		}
		batch := <-c.got
		attributes := make(map[string]string)
		for _, a := range batch.ResourceSpans[0].Resource.Attributes {
			attributes[a.Key] = a.Value.GetStringValue()
		}
		expect(t, "service", attributes["service.name"], "mine")
		expect(t, "team", attributes["team"], "sea")
		expect(t, "pipeline", attributes["waterhealer.pipeline"], "p")
		expect(t, "spans", len(batch.ResourceSpans[0].ScopeSpans[0].Spans), 2)
	}
}

// What is off does nothing.
func TestOff(t *testing.T) {
	var off *Tracing
	if off.Tracer() != nil || off.Render("out", nil) != nil || off.Stop(t.Context()) != nil {
		t.Error("it does something")
	}
}
