package main

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/kafka"
	"waterhealer/operators"
)

// dataPath is a pipeline of testdata with its records in memory and its outputs
// empty: everything of the program that sees a record, but for the client.
type dataPath struct {
	pipeline string
	messages []record
}

// run runs n records through the path.
func (d *dataPath) run(t testing.TB, n int) {
	t.Helper()
	text, err := os.ReadFile(d.pipeline)
	if err != nil {
		t.Fatal(err)
	}
	specs := append(append(operators.Specs(), kafka.SourceSpecs()...), kafka.OutputSpec())
	parsed, found := configs.Parse(d.pipeline, text, specs, configs.Environment{
		Lookup: func(name string) (string, bool) { return strings.ToLower(name), true },
	})
	if found.HasErrors() {
		t.Fatal(found)
	}
	plan, problems := operators.NewPlan(parsed, operators.Scope{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	written := 0
	graph, err := plan.Graph(operators.Connectors{
		Sources: func([]*configs.Node, map[string]operators.SourceSettings) ([]engine.Source, error) {
			return []engine.Source{&inMemory{path: d, records: n}}, nil
		},
		Output: func(r operators.OutputRequest) (engine.Output, error) {
			return &rendering{render: r.Render, written: &written}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	graph.Workers = 1
	rt, err := engine.New(graph, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := rt.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if result.Halted != nil {
		t.Fatal(result.Halted)
	}
}

// allocated is what the path allocates for a record, in objects and bytes: what
// a long run takes more than a short one.
func (d *dataPath) allocated(t testing.TB) (objects, bytes float64) {
	t.Helper()
	const short, long = 10_000, 60_000
	d.run(t, short) // what is made once is made
	count := func(n int) (objects, bytes uint64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d.run(t, n)
		runtime.ReadMemStats(&after)
		return after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
	}
	a, b := count(short)
	c, e := count(long)
	return (float64(c) - float64(a)) / (long - short), (float64(e) - float64(b)) / (long - short)
}

// inMemory pushes records as the Kafka source does, one slab for each slice, but as
// fast as bounds allow.
type inMemory struct {
	path    *dataPath
	records int
	in      engine.Intake
	claim   *engine.Claim
}

func (s *inMemory) Run(ctx context.Context, in engine.Intake) error {
	const slice = 512 // of package kafka
	s.in, s.claim = in, in.Claim(engine.ClaimOptions{Source: "in", Topic: "in"})
	now := time.Now()
	for at := 0; at < s.records; {
		if s.claim.Full() {
			select {
			case <-s.claim.Room():
			case <-ctx.Done():
				return nil
			}
		}
		slab := make([]engine.Record, min(slice, s.records-at))
		records := make([]*engine.Record, len(slab))
		for i := range slab {
			m := &s.path.messages[at%len(s.path.messages)]
			r := &slab[i]
			r.Raw, r.Intact, r.Key, r.Timestamp = m.value, true, m.key, now
			r.Topic, r.Offset, r.Known = "in", int64(at), engine.KnownAll
			records[i] = r
			at++
		}
		s.in.Push(s.claim, records)
	}
	return nil
}

func (s *inMemory) Close(ctx context.Context) error {
	s.in.Revoke(ctx, s.claim)
	return nil
}

// rendering makes the messages and lets them fall.
type rendering struct {
	render  engine.Render
	written *int
}

func (*rendering) Open(context.Context) error  { return nil }
func (*rendering) Close(context.Context) error { return nil }

func (o *rendering) Write(_ context.Context, records []*engine.Record) []error {
	for i, r := range records {
		if _, err := o.render(r); err != nil {
			errs := make([]error, len(records))
			errs[i] = err
			return errs
		}
	}
	*o.written += len(records)
	return nil
}
