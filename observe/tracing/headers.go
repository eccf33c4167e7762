package tracing

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"waterhealer/engine"
)

// The headers of W3C trace context.
const (
	headerParent = "traceparent"
	headerState  = "tracestate"
)

// carrier is a record's headers as OpenTelemetry reads and writes them. The
// last of a name wins, as in expressions.
type carrier struct{ headers []engine.Header }

// Get is the value of a header.
func (c *carrier) Get(name string) string {
	for i := len(c.headers) - 1; i >= 0; i-- {
		if strings.EqualFold(c.headers[i].Key, name) {
			return string(c.headers[i].Value)
		}
	}
	return ""
}

// Set replaces a header. The slice is its own.
func (c *carrier) Set(name, value string) {
	c.headers = slices.DeleteFunc(c.headers, func(h engine.Header) bool { return strings.EqualFold(h.Key, name) })
	c.headers = append(c.headers, engine.Header{Key: name, Value: []byte(value)})
}

// Keys are the names of all headers.
func (c *carrier) Keys() []string {
	names := make([]string, len(c.headers))
	for i, h := range c.headers {
		names[i] = h.Key
	}
	return names
}

// begunElsewhere is the span that a record's headers name; invalid where they
// name none.
func begunElsewhere(headers []engine.Header) trace.SpanContext {
	if len(headers) == 0 {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), &carrier{headers})
	return trace.SpanContextFromContext(ctx)
}

// Render makes an output's messages name the span of their write. It may be called on
// nil. Dead letters must not come here: they keep their record's headers, which
// are put back with it.
func (t *Tracing) Render(node string, render engine.Render) engine.Render {
	if t == nil || render == nil {
		return render
	}
	return func(r *engine.Record) (engine.Message, error) {
		m, err := render(r)
		if err != nil || t.busy.Load() == 0 {
			return m, err
		}
		t.mu.Lock()
		call := t.writing[written{node, r}]
		t.mu.Unlock()
		if call == nil {
			return m, nil
		}
		call.addressed(m.Topic)
		c := carrier{slices.Clone(m.Headers)} // the record's own are never changed
		c.headers = slices.DeleteFunc(c.headers, func(h engine.Header) bool { return strings.EqualFold(h.Key, headerState) })
		propagation.TraceContext{}.Inject(call.ctx, &c)
		m.Headers = c.headers
		return m, nil
	}
}
