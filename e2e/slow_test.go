package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/kafka"
	"waterhealer/kafka/embedded"
	"waterhealer/kafka/kafkatest"
	"waterhealer/operators"
)

// slowRun is a pipeline run in this process, with what the program does not
// have: the expression functions sleep and hold, and the output slow.
type slowRun struct {
	broker *embedded.Broker
	client *kafkatest.Client

	began     atomic.Pointer[time.Time] // when sleep was first called
	overslept atomic.Int64
	release   chan struct{} // hold waits until it is closed
	letGo     func()        // closes it

	mu      sync.Mutex
	written map[string][]*engine.Record // by the output's name
	last    time.Time                   // when the last write was acknowledged
	commits []kafka.Commit
}

func newSlowRun(t testing.TB) *slowRun {
	t.Helper()
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := kafkatest.Connect(b.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	s := &slowRun{broker: b, client: client, release: make(chan struct{}), written: make(map[string][]*engine.Record)}
	s.letGo = sync.OnceFunc(func() { close(s.release) })
	t.Cleanup(func() {
		s.letGo()
		client.Close()
		_ = b.Close()
	})
	return s
}

// topic makes a topic of one partition.
func (s *slowRun) topic(t testing.TB, name string, messages []kafkatest.Message) {
	t.Helper()
	if err := s.broker.CreateTopic(name, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.client.Produce(t.Context(), name, messages); err != nil {
		t.Fatal(err)
	}
}

// sleep takes a number of milliseconds, a duration or its text. It returns how
// many nanoseconds it really slept. What a busy machine oversleeps is taken off
// the sleeps that follow, so that all work together is what was asked for.
func (s *slowRun) sleep(args ...any) (any, error) {
	if len(args) != 1 {
		return nil, errors.New("sleep takes one argument")
	}
	asked, err := durationOf(args[0])
	if err != nil {
		return nil, err
	}
	began := time.Now()
	s.began.CompareAndSwap(nil, &began)
	owed := time.Duration(s.overslept.Swap(0))
	due := max(asked-owed, 0)
	time.Sleep(due) //nolint:forbidigo // this is the work itself: nothing is waited for
	slept := time.Since(began)
	s.overslept.Add(int64(slept - due + max(owed-asked, 0)))
	return slept.Nanoseconds(), nil
}

func durationOf(arg any) (time.Duration, error) {
	switch a := arg.(type) {
	case time.Duration:
		return a, nil
	case int64:
		return time.Duration(a) * time.Millisecond, nil
	case float64:
		return time.Duration(a * float64(time.Millisecond)), nil
	case value.Number:
		ms, err := strconv.ParseFloat(string(a), 64)
		return time.Duration(ms * float64(time.Millisecond)), err
	case string:
		return time.ParseDuration(a)
	}
	return 0, fmt.Errorf("sleep takes milliseconds or a duration, not %T", arg)
}

// hold returns when the test says so.
func (s *slowRun) hold(...any) (any, error) {
	<-s.release
	return nil, nil
}

func (s *slowRun) specs() []configs.Spec {
	return append(operators.Specs(), append(kafka.SourceSpecs(), configs.Spec{
		Section: configs.SectionOutput, Kind: "slow", Fields: []configs.Field{
			{Name: "write", Type: configs.TypeDuration, Default: "0s", Doc: "How long each write takes."},
			{Name: "held", Type: configs.TypeBool, Default: "false", Doc: "Writes wait until the test releases them."},
		},
	})...)
}

// run runs a pipeline until its sources are at their end, and waits for it when
// the returned function is called.
func (s *slowRun) run(t testing.TB, pipeline string) (nodes []*configs.Node, wait func() engine.Result) {
	t.Helper()
	parsed, found := configs.Parse("slow.yaml", []byte(pipeline), s.specs(), configs.Environment{})
	plan, problems := operators.NewPlan(parsed, operators.Scope{Functions: map[string]func(...any) (any, error){
		"sleep": s.sleep, "hold": s.hold,
	}})
	if found = append(found, problems...); found.HasErrors() {
		found.Print(os.Stderr, nil, false)
		t.Fatal("the pipeline has errors")
	}
	graph, err := plan.Graph(operators.Connectors{Sources: s.sources, Output: func(r operators.OutputRequest) (engine.Output, error) {
		return &slowOutput{run: s, name: r.Name, takes: r.Node.Values.Duration("write"), held: r.Node.Values.Bool("held")}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := engine.New(graph, engine.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	type end struct {
		engine.Result
		err error
	}
	ended := make(chan end, 1)
	go func() {
		result, err := rt.Run(t.Context())
		ended <- end{result, err}
	}()
	return parsed.Sources, func() engine.Result {
		t.Helper()
		e := <-ended
		if e.err != nil || e.Halted != nil {
			t.Fatalf("the run ended with %v, %v", e.err, e.Halted)
		}
		return e.Result
	}
}

func (s *slowRun) settings() kafka.SourceSettings {
	return kafka.SourceSettings{
		CommitInterval: 50 * time.Millisecond, UntilEnd: true, Connection: &kafka.Connection{Brokers: s.broker.Addresses()},
		OnCommit: func(c kafka.Commit) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.commits = append(s.commits, c)
		},
	}
}

func (s *slowRun) sources(nodes []*configs.Node, _ map[string]operators.SourceSettings) ([]engine.Source, error) {
	settings := make(map[string]kafka.SourceSettings)
	for _, n := range nodes {
		settings[n.Name] = s.settings()
	}
	return kafka.NewSources(nodes, settings)
}

// slowOutput takes its time for each write, and keeps what was written.
type slowOutput struct {
	run   *slowRun
	name  string
	takes time.Duration
	held  bool
}

func (o *slowOutput) Open(context.Context) error  { return nil }
func (o *slowOutput) Close(context.Context) error { return nil }

func (o *slowOutput) Write(ctx context.Context, records []*engine.Record) []error {
	timer := time.NewTimer(o.takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	if o.held {
		select {
		case <-o.run.release:
		case <-ctx.Done():
		}
	}
	o.run.mu.Lock()
	defer o.run.mu.Unlock()
	o.run.written[o.name] = append(o.run.written[o.name], records...)
	o.run.last = time.Now()
	return nil
}
