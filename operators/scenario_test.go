package operators_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators"
)

// scenario plays steps on a pipeline, one after another, in the virtual time of
// a test, and notes what each of them brought about: what came to the sinks,
// batches whole, which offsets are finished by it, and what failed. The steps:
//
//	1, a: {"x": 1}   a record of the only source, of source a
//	wait 1s          time passes
//	hold, ack        outputs do not answer any more; they answer
//	away, back       outputs refuse all connections; they take them
//	revoke a         the claim of source a is taken away, and given again
//	end              the input of all sources ends
//	end a            that of source a ends
//	signal           the run is stopped
type scenario struct {
	t       testing.TB
	sources map[string]*steppedSource
	names   []string
	cancel  context.CancelFunc
	done    chan engine.Result
	over    bool
	trace   []string // a line per step
	outputs []string // what came to the sinks during the steps
	written func(*engine.Record)

	mu      sync.Mutex
	seen    []string      // since the last step
	arrived []string      // at the sinks
	gate    chan struct{} // nil while outputs answer
	away    bool
}

// broken reports errors other than of what would stall in the long run, since
// these scenarios are short, and of records that all fail, which may be.
func broken(problems configs.Diagnostics) bool {
	return slices.ContainsFunc(problems, func(d configs.Diagnostic) bool {
		return d.Severity == configs.Error && d.Code != configs.CodeJoinStall && d.Code != configs.CodeWindowSize && d.Code != configs.CodeWrongKind
	})
}

// play runs a scenario. It belongs in a synctest bubble.
func play(t testing.TB, pipeline string, steps []string) *scenario {
	t.Helper()
	parsed, plan, problems := compile(t, pipeline)
	if broken(problems) {
		t.Fatalf("the pipeline has problems: %v", problems)
	}
	s := &scenario{t: t, sources: make(map[string]*steppedSource), done: make(chan engine.Result, 1)}
	s.start(parsed, plan)
	for _, step := range steps {
		s.step(step)
		s.trace = append(s.trace, strings.TrimRight(fmt.Sprintf("%-10s | %s", step, s.news()), " "))
	}
	s.mu.Lock()
	s.outputs = slices.Clone(s.arrived)
	s.mu.Unlock()
	s.stop()
	return s
}

// start runs the pipeline with a tap beside each sink.
func (s *scenario) start(parsed *configs.Pipeline, plan *operators.Plan) {
	graph, err := plan.Graph(operators.Connectors{
		Sources: func(nodes []*configs.Node, _ map[string]operators.SourceSettings) ([]engine.Source, error) {
			var sources []engine.Source
			for _, n := range nodes {
				source := newSteppedSource(n.Name)
				s.sources[n.Name] = source
				s.names = append(s.names, n.Name)
				sources = append(sources, source)
			}
			return sources, nil
		},
		Output: func(r operators.OutputRequest) (engine.Output, error) { return &steppedOutput{s: s, request: r}, nil },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	graph.Workers = 1
	s.tap(parsed, graph)
	rt, err := engine.New(graph, engine.Options{OnFailure: func(f *engine.Failure) {
		s.note(fmt.Sprintf("%s/%d %s", f.Source, f.Offset, map[engine.Then]string{
			engine.ThenHalt: "halts", engine.ThenDeadLetter: "dead", engine.ThenSkip: "skipped"}[f.Then]))
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	s.cancel = cancel
	go func() {
		result, err := rt.Run(ctx)
		if err != nil {
			s.t.Error(err)
		}
		s.done <- result
	}()
	synctest.Wait()
}

// tap notes what comes to each sink. It reads what the sink reads, and drops it.
func (s *scenario) tap(parsed *configs.Pipeline, graph *engine.Graph) {
	node := func(name string) *engine.Node {
		return graph.Nodes[slices.IndexFunc(graph.Nodes, func(n *engine.Node) bool { return n.Name == name })]
	}
	for _, sink := range parsed.Sinks {
		name := ""
		if len(parsed.Sinks) > 1 {
			name = sink.Name + ": "
		}
		tap := &engine.Node{Name: "tap of " + sink.Name, Role: engine.RoleOperator, Policy: engine.DefaultPolicy(), Operator: tapOperator(func(r *engine.Record) {
			text, err := value.Append(nil, r.List())
			if err != nil {
				s.t.Error(err)
			}
			s.note(name + string(text))
			s.mu.Lock()
			s.arrived = append(s.arrived, name+string(text))
			s.mu.Unlock()
		})}
		graph.Nodes = append(graph.Nodes, tap)
		for _, in := range sink.InputList() {
			if in.Branch == "" {
				graph.Connect(node(in.Node.Name), tap, 0)
			} else {
				graph.ConnectBranch(node(in.Node.Name), slices.Index(in.Node.Branches(), in.Branch)+1, tap, 0)
			}
		}
	}
}

type tapOperator func(*engine.Record)

func (f tapOperator) Process(_ context.Context, r *engine.Record, _ *engine.Out) error {
	f(r)
	return nil
}

func (s *scenario) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, what)
}

func (s *scenario) step(step string) {
	word, rest, _ := strings.Cut(step, " ")
	switch word {
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			s.t.Fatal(err)
		}
		<-time.After(d)
	case "hold":
		s.mu.Lock()
		if s.gate == nil {
			s.gate = make(chan struct{})
		}
		s.mu.Unlock()
	case "ack":
		s.ack()
	case "away", "back":
		s.mu.Lock()
		s.away = word == "away"
		s.mu.Unlock()
	case "revoke":
		s.sources[rest].revoke(s.t.Context())
	case "end":
		for _, name := range s.names {
			if rest == "" || rest == name {
				s.sources[name].end()
			}
		}
	case "signal":
		s.cancel()
	default:
		s.push(step)
	}
	synctest.Wait()
}

func (s *scenario) push(step string) {
	name, payload := s.names[0], step
	if before, after, ok := strings.Cut(step, ": "); ok && s.sources[before] != nil {
		name, payload = before, after
	}
	if !json.Valid([]byte(payload)) {
		s.t.Fatalf("no step: %q", step)
	}
	s.sources[name].offer(payload)
}

// news is what happened since the last step.
func (s *scenario) news() string {
	s.mu.Lock()
	news := s.seen
	s.seen = nil
	s.mu.Unlock()
	for _, name := range s.names {
		news = append(news, s.sources[name].news()...)
	}
	if !s.over {
		select {
		case result := <-s.done:
			s.over = true
			news = append(news, "ended")
			for _, n := range result.Nodes {
				if n.Held > 0 {
					news = append(news, fmt.Sprintf("%s holds %d", n.Name, n.Held))
				}
			}
		default:
		}
	}
	return strings.Join(news, "  ")
}

func (s *scenario) ack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate != nil {
		close(s.gate)
		s.gate = nil
	}
}

func (s *scenario) stop() {
	s.ack()
	s.step("back")
	s.step("end")
	s.cancel()
	if !s.over {
		<-s.done
	}
}

// steppedSource pushes what it is offered; under back-pressure it waits.
type steppedSource struct {
	name  string
	in    engine.Intake
	claim *engine.Claim
	do    chan func() // by the goroutine of Run
	ended chan struct{}
	left  chan struct{} // Run has returned
	once  sync.Once

	mu     sync.Mutex
	claims []*engine.Claim // all of them

	waiting  []*engine.Record
	next     int64
	finished map[int64]bool // that news told
}

func newSteppedSource(name string) *steppedSource {
	return &steppedSource{name: name, do: make(chan func()), ended: make(chan struct{}), left: make(chan struct{}), finished: make(map[int64]bool)}
}

func (f *steppedSource) offer(payload string) { f.offerMade(func() string { return payload }) }

// offerID offers a record that says where it was read, in which claim.
func (f *steppedSource) offerID() {
	f.offerMade(func() string { return fmt.Sprintf(`{"id":"%s/%d/%d"}`, f.name, len(f.claims)-1, f.next) })
}

func (f *steppedSource) offerMade(payload func() string) {
	f.ask(func() {
		f.waiting = append(f.waiting, &engine.Record{
			Raw: []byte(payload()), Intact: true, Known: engine.KnownAll, Topic: f.name, Offset: f.next,
		})
		f.next++
	})
}

// ask lets Run do something, unless it has returned: a halt may end it.
func (f *steppedSource) ask(do func()) {
	select {
	case f.do <- do:
	case <-f.left:
	}
}

func (f *steppedSource) Run(ctx context.Context, in engine.Intake) error {
	defer close(f.left)
	f.in = in
	f.take(0, nil)
	ended := f.ended
	for {
		for len(f.waiting) > 0 && !f.claim.Full() {
			f.in.Push(f.claim, f.waiting[:1:1])
			f.waiting = f.waiting[1:]
		}
		if ended == nil && len(f.waiting) == 0 {
			return nil
		}
		select {
		case do := <-f.do:
			do()
		case <-f.claim.Room():
		case <-ended:
			ended = nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (f *steppedSource) take(start int64, finished func(int64) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claim = f.in.Claim(engine.ClaimOptions{Source: f.name, Topic: f.name, Start: start, Finished: finished})
	f.claims = append(f.claims, f.claim)
}

func (f *steppedSource) Close(ctx context.Context) error {
	f.in.Revoke(ctx, f.claim)
	return nil
}

func (f *steppedSource) end() { f.once.Do(func() { close(f.ended) }) }

// revoke gives the claim up and takes the partition again, at its watermark and
// without what was finished beyond it.
func (f *steppedSource) revoke(ctx context.Context) {
	f.ask(func() {
		old := f.claim
		drain, cancel := context.WithCancel(ctx)
		cancel() // writes under way are not awaited
		f.in.Revoke(drain, old)
		watermark, holes := old.Progress()
		f.take(watermark, holes.Contains)
		f.next, f.waiting = watermark, nil
	})
}

// news are the offsets that are finished now and were not.
func (f *steppedSource) news() []string {
	var news []string
	watermark, holes := f.claim.Progress()
	for o := range max(f.next, watermark) {
		if (o < watermark || holes.Contains(o)) && !f.finished[o] {
			f.finished[o] = true
			news = append(news, fmt.Sprintf("✓%s/%d", f.name, o))
		}
	}
	return news
}

// steppedOutput answers when the scenario lets it.
type steppedOutput struct {
	s       *scenario
	request operators.OutputRequest
}

func (o *steppedOutput) Open(context.Context) error  { return nil }
func (o *steppedOutput) Close(context.Context) error { return nil }

func (o *steppedOutput) Write(ctx context.Context, records []*engine.Record) []error {
	o.s.mu.Lock()
	gate, away := o.s.gate, o.s.away
	o.s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	errs := make([]error, len(records))
	for i := range records {
		if o.s.written != nil {
			o.s.written(records[i])
		}
		if away {
			errs[i] = &engine.FaultError{Fault: engine.FaultDestination, Err: fmt.Errorf("away")}
		}
	}
	if away {
		return errs
	}
	return nil
}
