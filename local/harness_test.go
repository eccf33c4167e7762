package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"waterhealer/engine"
	"waterhealer/engine/value"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector is an output that keeps what it gets, and holds it back while held
// is open.
type collector struct {
	mu      sync.Mutex
	records []*engine.Record
	got     chan struct{}
	held    chan struct{} // nil: nothing is held back
}

func newCollector() *collector { return &collector{got: make(chan struct{}, 1)} }

func (c *collector) Open(context.Context) error  { return nil }
func (c *collector) Close(context.Context) error { return nil }

func (c *collector) Write(ctx context.Context, records []*engine.Record) []error {
	if c.held != nil {
		select {
		case <-c.held:
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	c.records = append(c.records, records...)
	c.mu.Unlock()
	select {
	case c.got <- struct{}{}:
	default:
	}
	return nil
}

func (c *collector) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.records)
}

// await returns when n records are there.
func (c *collector) await(t *testing.T, n int) {
	t.Helper()
	for c.count() < n {
		select {
		case <-c.got:
		case <-t.Context().Done():
			t.Fatalf("%d of %d records came", c.count(), n)
		}
	}
}

// pipeline is a source and a collector at work.
type pipeline struct {
	*collector
	node     engine.Node
	limits   engine.Limits
	operator engine.Operator // between them; nil is none

	mu       sync.Mutex
	failures []*engine.Failure
}

func newPipeline() *pipeline {
	return &pipeline{collector: newCollector(), node: engine.Node{Decode: decodeJSON}}
}

func decodeJSON(r *engine.Record) error {
	v, err := value.Decode(r.Raw)
	r.Value = v
	return err
}

// run runs the source to its end. Records that fail are skipped and noted.
func (p *pipeline) run(ctx context.Context, t *testing.T, s engine.Source) engine.Result {
	t.Helper()
	skip := engine.DefaultPolicy()
	skip.Then = engine.ThenSkip
	source := &p.node
	source.Name, source.Role, source.Policy = "in", engine.RoleSource, skip
	output := &engine.Node{Name: "out", Role: engine.RoleOutput, Output: p.collector}
	g := &engine.Graph{Name: "test", Nodes: []*engine.Node{source}, Sources: []engine.Source{s}, Workers: 1, Limits: p.limits}
	last := source
	if p.operator != nil {
		last = &engine.Node{Name: "op", Role: engine.RoleOperator, Operator: p.operator}
		g.Nodes = append(g.Nodes, last)
		g.Connect(source, last, 0)
	}
	g.Nodes = append(g.Nodes, output)
	g.Connect(last, output, 0)
	rt, err := engine.New(g, engine.Options{OnFailure: func(f *engine.Failure) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.failures = append(p.failures, f)
	}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := rt.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// shown is what came through: offset, line and value of each record, then the
// failures.
func (p *pipeline) shown(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, r := range p.records {
		text, err := value.Append(nil, r.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%d line %d %s", r.Offset, r.Line, text))
	}
	for _, f := range p.failures {
		out = append(out, fmt.Sprintf("%d line %d failed: %v", f.Offset, f.Line, f.Err))
	}
	return out
}

// write makes a file in a folder of the test.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// fileOf is a source of a file as the file node makes it.
func fileOf(f files) *fileSource {
	f.source = "in"
	if f.clock == nil {
		f.clock = engine.RealClock{}
	}
	return &fileSource{files: f}
}
