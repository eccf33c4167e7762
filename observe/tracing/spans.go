package tracing

import (
	"context"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"waterhealer/engine"
)

// mostLinks is how many other records a span of a joined value names.
const mostLinks = 100

// mostError is how much of an error a span keeps.
const mostError = 500

// followed is a record from when it was read until it is finished.
type followed struct {
	ctx  context.Context //nolint:containedctx // its span, which those of the nodes are in
	span trace.Span
}

// Taken begins the span of a record that is sampled.
func (t *Tracing) Taken(source *engine.Node, r *engine.Record) engine.Trace {
	parent, number := begunElsewhere(r.Headers), newNumber()
	if !t.sampler.sampled(parent, number) {
		return nil
	}
	ctx := context.WithValue(context.Background(), numberKey{}, number)
	if parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	name := r.Topic
	attributes := []attribute.KeyValue{
		attribute.String("waterhealer.emit_id", engine.EmitID(r.Topic, r.Partition, r.Offset)),
		attribute.String("waterhealer.node", source.Name), attribute.String("waterhealer.kind", source.Kind),
		attribute.Int("messaging.message.body.size", len(r.Raw)),
	}
	if name == "" || r.Line > 0 {
		name = source.Name
	} else {
		attributes = append(attributes,
			attribute.String("messaging.system", "kafka"), attribute.String("messaging.operation.type", "process"),
			attribute.String("messaging.operation.name", "process"),
			attribute.String("messaging.destination.name", r.Topic), attribute.Int("messaging.destination.partition.id", int(r.Partition)),
			attribute.Int64("messaging.kafka.offset", r.Offset))
	}
	ctx, span := t.tracer.Start(ctx, "process "+name, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attributes...))
	return &followed{ctx: ctx, span: span}
}

// End ends it when the record is finished, or given up.
func (f *followed) End(err error) {
	outcome := "finished"
	var failure *engine.Failure
	switch {
	case errors.Is(err, engine.ErrGivenUp):
		outcome = "given_up"
	case errors.As(err, &failure):
		outcome = failure.Then.String()
	}
	f.span.SetAttributes(attribute.String("waterhealer.outcome", outcome))
	ends(f.span, err)
}

// call is a node at work on a value that was made of followed records.
type call struct {
	tracing *Tracing
	of      *followed
	ctx     context.Context //nolint:containedctx // its span
	span    trace.Span
	written written // of an output, until it has answered
}

// written is what an output writes; two may write one record.
type written struct {
	node   string
	record *engine.Record
}

// Call begins the span of a node's work. It is in the span of the node that
// called it, else in that of the first record; the other records are linked.
func (t *Tracing) Call(n *engine.Node, above engine.Call, r *engine.Record, made []engine.Trace) engine.Call {
	of, _ := made[0].(*followed)
	c := &call{tracing: t, of: of}
	parent := of.ctx
	if outer, ok := above.(*call); ok && outer.of == of {
		parent = outer.ctx
	}
	attributes := []attribute.KeyValue{attribute.String("waterhealer.node", n.Name), attribute.String("waterhealer.kind", n.Kind)}
	if r.Batch != nil {
		attributes = append(attributes, attribute.Int("messaging.batch.message_count", len(r.Batch)))
	}
	name, kind := n.Name, trace.SpanKindInternal
	if n.Role == engine.RoleOutput {
		name, kind = "send "+n.Name, trace.SpanKindProducer
		if n.Kind == "kafka" {
			attributes = append(attributes, attribute.String("messaging.system", "kafka"),
				attribute.String("messaging.operation.type", "send"), attribute.String("messaging.operation.name", "send"))
		}
	}
	c.ctx, c.span = t.tracer.Start(parent, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...), trace.WithLinks(linksTo(made[1:])...))
	if n.Role == engine.RoleOutput {
		c.written = written{n.Name, r}
		t.mu.Lock()
		t.writing[c.written] = c
		t.mu.Unlock()
		t.busy.Add(1)
	}
	return c
}

func linksTo(others []engine.Trace) []trace.Link {
	if len(others) == 0 {
		return nil
	}
	links := make([]trace.Link, 0, min(len(others), mostLinks))
	for _, other := range others[:min(len(others), mostLinks)] {
		if f, ok := other.(*followed); ok {
			links = append(links, trace.Link{SpanContext: f.span.SpanContext()})
		}
	}
	return links
}

// addressed says where a message goes.
func (c *call) addressed(topic string) {
	if topic != "" {
		c.span.SetName("send " + topic)
		c.span.SetAttributes(attribute.String("messaging.destination.name", topic))
	}
}

// End ends it when the node has returned; of an output, when it has answered.
func (c *call) End(err error) {
	if c.written.record != nil {
		t := c.tracing
		t.mu.Lock()
		delete(t.writing, c.written)
		t.mu.Unlock()
		t.busy.Add(-1)
	}
	ends(c.span, err)
}

// ends is the end of a span. What was only held back behind another record has no error.
func ends(span trace.Span, err error) {
	switch {
	case errors.Is(err, engine.ErrHeldBack):
		span.SetAttributes(attribute.Bool("waterhealer.held_back", true))
	case err != nil:
		text := err.Error()
		if len(text) > mostError {
			text = text[:mostError] + "…"
		}
		span.SetStatus(codes.Error, strings.ToValidUTF8(text, "�")) // protobuf takes nothing else
	}
	span.End()
}
