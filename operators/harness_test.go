package operators_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/operators"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write what comes out into testdata")

// specs are the operators, and a source and an output in memory.
func specs() []configs.Spec {
	return append(operators.Specs(),
		configs.Spec{Section: configs.SectionSource, Kind: "memory"},
		configs.Spec{Section: configs.SectionSource, Kind: "generate", Short: "value", Fields: []configs.Field{
			{Name: "value", Type: configs.TypeExpression, Required: true},
		}},
		configs.Spec{Section: configs.SectionOutput, Kind: "memory", Fields: []configs.Field{
			{Name: "topic", Type: configs.TypeString, Default: "t", Or: &configs.Field{
				Name: "topic", Type: configs.TypeObject, Fields: []configs.Field{{Name: "expr", Type: configs.TypeExpression, Required: true}},
			}},
			{Name: "key", Type: configs.TypeExpression},
			{Name: "headers", Type: configs.TypeMap, Item: &configs.Field{Type: configs.TypeExpression}},
			{Name: "encode", Type: configs.TypeString, Values: []string{"json", "text", "bytes", "csv"}},
		}},
		configs.Spec{Section: configs.SectionOutput, Kind: "stdout", Fields: []configs.Field{
			{Name: "format", Type: configs.TypeString, Values: []string{"jsonl", "csv", "text"}},
		}},
	)
}

// compile makes the plan of a pipeline in which sources and sinks may be left out.
func compile(t testing.TB, pipeline string) (*configs.Pipeline, *operators.Plan, configs.Diagnostics) {
	t.Helper()
	if !strings.Contains(pipeline, "sources:") {
		pipeline += "sources: [{name: in, memory: {}}]\n"
	}
	if !strings.Contains(pipeline, "sinks:") {
		pipeline += "sinks: [{name: out, memory: {}}]\n"
	}
	parsed, found := configs.Parse("p.yaml", []byte(pipeline), specs(), configs.Environment{})
	if found.HasErrors() {
		var text strings.Builder
		found.Print(&text, nil, false)
		t.Fatalf("the pipeline has errors:\n%s", text.String())
	}
	plan, problems := operators.NewPlan(parsed, operators.Scope{})
	return parsed, plan, problems
}

// bench is a run with everything in memory.
type bench struct {
	mu       sync.Mutex
	lines    []string // what outputs got, in order
	failures []string
	clock    engine.Clock
	ctx      context.Context            // nil is the test's
	quiet    bool                       // what is written is not kept
	halts    bool                       // a failure that halts does so; otherwise it is listed
	refuse   func(engine.Message) error // of all outputs; nil is nothing
	revoke   map[string]time.Duration   // when the claims of sources are taken away
}

// feed pushes the records of one source.
type feed func(ctx context.Context, push func(...*engine.Record))

// run runs a pipeline whose sources are fed, and returns how it ended.
func (b *bench) run(t testing.TB, pipeline string, feeds map[string]feed) engine.Result {
	t.Helper()
	_, plan, problems := compile(t, pipeline)
	if problems.HasErrors() {
		t.Fatalf("the pipeline has problems: %v", problems)
	}
	graph, err := plan.Graph(operators.Connectors{
		Sources: func(nodes []*configs.Node, _ map[string]operators.SourceSettings) ([]engine.Source, error) {
			var sources []engine.Source
			for _, n := range nodes {
				sources = append(sources, &memorySource{name: n.Name, feed: feeds[n.Name], revoke: b.revoke[n.Name]})
			}
			return sources, nil
		},
		Output: func(r operators.OutputRequest) (engine.Output, error) {
			return &memoryOutput{bench: b, request: r}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	graph.Workers = 1
	clock := b.clock
	if clock == nil {
		clock = engine.FrozenClock{}
	}
	rt, err := engine.New(graph, engine.Options{Clock: clock, ListFailures: !b.halts, OnFailure: func(f *engine.Failure) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.failures = append(b.failures, fmt.Sprintf("failed: %s/%d at %s, then %s: %v", f.Source, f.Offset, f.Node, f.Then, f.Err))
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := b.ctx
	if ctx == nil {
		ctx = t.Context()
	}
	result, err := rt.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

type memorySource struct {
	name  string
	feed  feed
	claim *engine.Claim
	in    engine.Intake

	revoke  time.Duration // 0 is never
	revoked sync.Once
}

func (s *memorySource) Run(ctx context.Context, in engine.Intake) error {
	s.in = in
	s.claim = in.Claim(engine.ClaimOptions{Source: s.name, Topic: s.name + "-topic", Uncommitted: true})
	if s.revoke > 0 {
		timer := time.AfterFunc(s.revoke, func() { s.giveUp(ctx) })
		defer timer.Stop()
	}
	offset := int64(0)
	s.feed(ctx, func(records ...*engine.Record) {
		for _, r := range records {
			r.Elements(func(element *engine.Record) {
				element.Topic, element.Offset = s.claim.Topic, offset
				element.Known = engine.KnownAll
				element.Intact = true
				offset++
			})
		}
		in.Push(s.claim, records)
	})
	return nil
}

func (s *memorySource) Close(ctx context.Context) error {
	s.giveUp(ctx)
	return nil
}

func (s *memorySource) giveUp(ctx context.Context) {
	s.revoked.Do(func() { s.in.Revoke(ctx, s.claim) })
}

type memoryOutput struct {
	bench   *bench
	request operators.OutputRequest
}

func (o *memoryOutput) Open(context.Context) error  { return nil }
func (o *memoryOutput) Close(context.Context) error { return nil }

// Write notes what each record would be as a message. Records of one order unit
// behind one that failed are held back.
func (o *memoryOutput) Write(_ context.Context, records []*engine.Record) []error {
	o.bench.mu.Lock()
	defer o.bench.mu.Unlock()
	if o.bench.quiet {
		return nil
	}
	errs := make([]error, len(records))
	stopped := make(map[any]bool)
	for i, r := range records {
		if unit := r.Unit(); unit != nil && stopped[unit] {
			errs[i] = engine.ErrHeldBack
			continue
		}
		m, err := o.request.Render(r)
		if err == nil && o.bench.refuse != nil {
			err = o.bench.refuse(m)
		}
		if err != nil {
			errs[i] = err
			stopped[r.Unit()] = true
			continue
		}
		name := o.request.Name
		if o.request.DeadLetter {
			name = "dead letter"
		}
		o.bench.lines = append(o.bench.lines, name+": "+shown(m, o.request.DeadLetter))
	}
	return errs
}

// shown is a message as testdata has it.
func shown(m engine.Message, letter bool) string {
	var b strings.Builder
	if m.Topic != "t" && m.Topic != "" {
		fmt.Fprintf(&b, "topic=%s ", m.Topic)
	}
	if m.Key != nil {
		fmt.Fprintf(&b, "key=%s ", m.Key)
	}
	for _, h := range m.Headers {
		if letter && (h.Key == "waterhealer-time" || h.Key == "waterhealer-error") {
			continue
		}
		fmt.Fprintf(&b, "%s=%s ", h.Key, h.Value)
	}
	switch {
	case m.Value == nil:
		b.WriteString("<null>")
	case len(m.Value) == 0:
		b.WriteString("<empty>")
	default:
		b.Write(m.Value)
	}
	return strings.ReplaceAll(b.String(), "\n", `\n`)
}

// record reads a line of an input: metadata, then a bar, then the payload.
//
//	key=k colour=red | {"a": 1}
func record(line string) *engine.Record {
	r := &engine.Record{}
	if metadata, payload, ok := strings.Cut(line, " | "); ok {
		line = payload
		for _, pair := range strings.Fields(metadata) {
			name, value, _ := strings.Cut(pair, "=")
			if name == "key" {
				r.Key = []byte(value)
				continue
			}
			r.Headers = append(r.Headers, engine.Header{Key: name, Value: []byte(value)})
		}
	}
	switch line {
	case "<null>":
	case "<empty>":
		r.Raw = []byte{}
	default:
		r.Raw = []byte(strings.ReplaceAll(line, `\n`, "\n"))
	}
	return r
}

// TestCases runs the files of testdata: a pipeline, what goes in, and what must
// come out. A new case needs no Go: write the first two parts, run with
// -update, and read the third. Failures are listed, as in a dry run, unless the
// first word is "# Halts".
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.SplitN(string(data), "--- ", 3)
			if len(parts) < 2 {
				t.Fatalf("%s has no `--- in`", file)
			}
			got := parts[0] + "--- " + parts[1] + "--- out\n" + outcome(t, parts[0], strings.TrimPrefix(parts[1], "in\n"))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(data) {
				t.Errorf("%s: the run gives\n%s", file, got)
			}
		})
	}
}

// outcome is what comes out: messages, failures, and where the source stands.
func outcome(t *testing.T, pipeline, input string) string {
	t.Helper()
	var records []*engine.Record
	for line := range strings.Lines(input) {
		records = append(records, record(strings.TrimSuffix(line, "\n")))
	}
	b := &bench{halts: strings.HasPrefix(pipeline, "# Halts")}
	result := b.run(t, pipeline, map[string]feed{
		"in": func(_ context.Context, push func(...*engine.Record)) { push(records...) },
	})
	// Outputs take turns as they like; what each of them gets is in order.
	slices.SortStableFunc(b.lines, func(x, y string) int {
		x, _, _ = strings.Cut(x, ": ")
		y, _, _ = strings.Cut(y, ": ")
		return strings.Compare(x, y)
	})
	slices.Sort(b.failures)
	lines := slices.Concat(b.lines, b.failures)
	for _, c := range result.Claims {
		where := fmt.Sprintf("watermark: %d", c.Watermark)
		if len(c.Unfinished) > 0 {
			where += fmt.Sprintf(", unfinished %v", c.Unfinished)
		}
		lines = append(lines, where)
	}
	return strings.Join(lines, "\n") + "\n"
}
