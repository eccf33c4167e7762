package tracing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"waterhealer/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const begun = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// operator is one of a function.
type operator func(r *engine.Record, out *engine.Out) error

func (o operator) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	return o(r, out)
}

// source pushes records, and holds until it is told to end.
type source struct {
	records []*engine.Record
	hold    bool
	claim   *engine.Claim
	in      engine.Intake
}

func (s *source) Run(ctx context.Context, in engine.Intake) error {
	s.in, s.claim = in, in.Claim(engine.ClaimOptions{Source: "in", Topic: "t", Partition: 2})
	in.Push(s.claim, s.records)
	if s.hold {
		<-ctx.Done()
	}
	return nil
}

func (s *source) Close(ctx context.Context) error {
	s.in.Revoke(ctx, s.claim)
	return nil
}

// output keeps its messages.
type output struct {
	render engine.Render
	fails  func(r *engine.Record) error
	mu     sync.Mutex
	got    []engine.Message
}

func (o *output) Open(context.Context) error  { return nil }
func (o *output) Close(context.Context) error { return nil }
func (o *output) Write(_ context.Context, records []*engine.Record) []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	errs := make([]error, len(records))
	for i, r := range records {
		if o.fails != nil {
			if errs[i] = o.fails(r); errs[i] != nil {
				continue
			}
		}
		m, err := o.render(r)
		if errs[i] = err; err == nil {
			o.got = append(o.got, m)
		}
	}
	return errs
}

// records are n of them, of which the first has these headers.
func records(n int, headers ...engine.Header) []*engine.Record {
	var list []*engine.Record
	for i := range n {
		r := &engine.Record{Raw: fmt.Appendf(nil, "%d", i), Topic: "t", Partition: 2, Offset: int64(i), Known: engine.KnownAll}
		r.SetValue(int64(i))
		if i == 0 {
			r.Headers = headers
		}
		list = append(list, r)
	}
	return list
}

// graph is a line from a source to a Kafka output.
func graph(t *Tracing, src *source, out *output, operators ...*engine.Node) *engine.Graph {
	out.render = t.Render("out", func(r *engine.Record) (engine.Message, error) {
		return engine.Message{Topic: "to", Headers: r.Headers}, nil
	})
	nodes := []*engine.Node{{Name: "in", Kind: "kafka", Role: engine.RoleSource}}
	nodes = append(nodes, operators...)
	nodes = append(nodes, &engine.Node{Name: "healing-1", Kind: "healing", Role: engine.RoleHealing},
		&engine.Node{Name: "out", Kind: "kafka", Role: engine.RoleOutput, Output: out, Policy: engine.Policy{Attempts: 2, Then: engine.ThenSkip}})
	g := &engine.Graph{Workers: 2, Nodes: nodes, Sources: []engine.Source{src}}
	for i := range nodes[1:] {
		g.Connect(nodes[i], nodes[i+1], 0)
	}
	return g
}

func passing(name string) *engine.Node {
	return &engine.Node{Name: name, Kind: "map", Role: engine.RoleOperator, Operator: operator(func(r *engine.Record, out *engine.Out) error {
		out.Emit(r.With(r.Value))
		return nil
	})}
}

// spansOf runs a graph and returns all spans by their name and offset or node.
func spansOf(t *testing.T, s sampler, build func(tr *Tracing) *engine.Graph) (all []tracetest.SpanStub) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	tr := newTracing(exporter, resource.Empty(), s)
	rt, err := engine.New(build(tr), engine.Options{Tracer: tr.Tracer()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tr.provider.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	all = exporter.GetSpans()
	if err := tr.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(tr.writing) > 0 || tr.busy.Load() != 0 {
		t.Errorf("%d writes are never ended", len(tr.writing))
	}
	return all
}

var everything = sampler{parent: true, below: 1 << 63}

func named(spans []tracetest.SpanStub, name string) (found []tracetest.SpanStub) {
	for _, s := range spans {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

func attributeOf(s tracetest.SpanStub, key string) string {
	for _, a := range s.Attributes {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

func expect[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// A record's spans are in each other from its read to its acknowledgement, go on
// where its headers say that the trace began, and its message says where it goes on.
func TestTraceGoesOn(t *testing.T) {
	out := &output{}
	spans := spansOf(t, everything, func(tr *Tracing) *engine.Graph {
		return graph(tr, &source{records: records(2, engine.Header{Key: "traceparent", Value: []byte(begun)}, engine.Header{Key: "other", Value: []byte("stays")})},
			out, passing("first"), passing("second"))
	})
	expect(t, "spans", len(spans), 2*4)
	roots := named(spans, "process t")
	at := slices.IndexFunc(roots, func(s tracetest.SpanStub) bool { return attributeOf(s, "waterhealer.emit_id") == "t/2/0" })
	root := roots[at]
	expect(t, "trace", root.SpanContext.TraceID().String(), "0af7651916cd43dd8448eb211c80319c")
	expect(t, "parent", root.Parent.SpanID().String(), "b7ad6b7169203331")
	expect(t, "kind", root.SpanKind, trace.SpanKindConsumer)
	expect(t, "offset", attributeOf(root, "messaging.kafka.offset"), "0")
	expect(t, "outcome", attributeOf(root, "waterhealer.outcome"), "finished")
	in := func(name string, parent tracetest.SpanStub) tracetest.SpanStub {
		for _, s := range named(spans, name) {
			if s.SpanContext.TraceID() == root.SpanContext.TraceID() {
				expect(t, "parent of "+name, s.Parent.SpanID(), parent.SpanContext.SpanID())
				return s
			}
		}
		t.Fatalf("no span %s", name)
		return tracetest.SpanStub{}
	}
	in("second", in("first", root))
	send := in("send to", root)
	expect(t, "kind", send.SpanKind, trace.SpanKindProducer)
	if root.EndTime.Before(send.EndTime) {
		t.Error("the record's span ended before its write")
	}
	for _, m := range out.got {
		c := carrier{m.Headers}
		parent := begunElsewhere(m.Headers)
		if c.Get("other") == "stays" {
			expect(t, "message", parent.SpanID(), send.SpanContext.SpanID())
			expect(t, "headers", len(m.Headers), 2)
		} else if !parent.IsValid() {
			t.Error("a message names no span")
		}
	}
}

// What is joined has one span, in that of the first record, with links to the others.
func TestJoinedRecordsAreLinked(t *testing.T) {
	var held []*engine.Record
	window := &engine.Node{Name: "window", Kind: "partition", Role: engine.RoleOperator, State: true, Operator: operator(func(r *engine.Record, out *engine.Out) error {
		out.Keep(r)
		if held = append(held, r); len(held) == 3 {
			out.Emit(engine.NewBatch(held))
			for _, one := range held {
				out.LetGo(one)
			}
		}
		return nil
	})}
	sum := &engine.Node{Name: "sum", Kind: "map", Role: engine.RoleOperator, Operator: operator(func(r *engine.Record, out *engine.Out) error {
		out.Emit(r.With("sum"))
		return nil
	})}
	spans := spansOf(t, everything, func(tr *Tracing) *engine.Graph {
		return graph(tr, &source{records: records(3)}, &output{}, window, sum)
	})
	roots := make(map[trace.SpanID]string)
	for _, s := range named(spans, "process t") {
		roots[s.SpanContext.SpanID()] = attributeOf(s, "waterhealer.emit_id")
	}
	expect(t, "records", len(roots), 3)
	expect(t, "window", len(named(spans, "window")), 3)
	for _, name := range []string{"sum", "send to"} {
		list := named(spans, name)
		if len(list) != 1 || len(list[0].Links) != 2 {
			t.Fatalf("%s: %v", name, list)
		}
		seen := []string{}
		for _, l := range list[0].Links {
			seen = append(seen, roots[l.SpanContext.SpanID()])
		}
		slices.Sort(seen)
		expect(t, name+" links", strings.Join(seen, " "), "t/2/1 t/2/2")
		expect(t, name+" is in the trace of the first", list[0].SpanContext.TraceID(), named(spans, "window")[0].SpanContext.TraceID())
	}
}

// Each try has a span, and a record that fails says so and what became of it.
func TestFailuresAreErrors(t *testing.T) {
	tries := 0
	out := &output{fails: func(r *engine.Record) error {
		if r.Offset == 1 {
			tries++
			return engine.Refused(errors.New("refused \xff"))
		}
		return nil
	}}
	bad := &engine.Node{Name: "bad", Kind: "map", Role: engine.RoleOperator, Policy: engine.Policy{Then: engine.ThenSkip}, Operator: operator(func(r *engine.Record, out *engine.Out) error {
		if r.Offset == 2 {
			return errors.New("poison")
		}
		out.Emit(r)
		return nil
	})}
	spans := spansOf(t, everything, func(tr *Tracing) *engine.Graph { return graph(tr, &source{records: records(3)}, out, bad) })
	expect(t, "tries", tries, 2)
	outcomes := make(map[string]string)
	for _, s := range named(spans, "process t") {
		outcomes[attributeOf(s, "waterhealer.emit_id")] = attributeOf(s, "waterhealer.outcome") + " " + s.Status.Code.String()
	}
	expect(t, "finished", outcomes["t/2/0"], "finished Unset")
	expect(t, "refused", outcomes["t/2/1"], "skip Error")
	expect(t, "poison", outcomes["t/2/2"], "skip Error")
	failed := 0
	for _, s := range named(spans, "send out") { // it was never rendered, so nobody knows where it goes
		if s.Status.Code == codes.Error {
			failed++
			expect(t, "error", s.Status.Description, "refused �")
		}
	}
	expect(t, "failed tries", failed, 2)
	for _, s := range named(spans, "bad") {
		expect(t, "poison is an error of its node", s.Status.Code == codes.Error, s.Status.Description == "poison")
	}
}

// What a run leaves unfinished ends with it.
func TestGivenUp(t *testing.T) {
	out := &output{fails: func(*engine.Record) error { return engine.Refused(errors.New("no")) }}
	spans := spansOf(t, everything, func(tr *Tracing) *engine.Graph {
		g := graph(tr, &source{records: records(2), hold: true}, out)
		g.Nodes[len(g.Nodes)-1].Policy = engine.Policy{Attempts: 1, Then: engine.ThenHalt}
		return g
	})
	roots := named(spans, "process t")
	expect(t, "records", len(roots), 2)
	for _, s := range roots {
		expect(t, "outcome", attributeOf(s, "waterhealer.outcome"), "given_up")
	}
}
