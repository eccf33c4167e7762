package cmd

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
	"waterhealer/kafka/kafkatest"
	"waterhealer/observe"
	"waterhealer/observe/web"
)

// watched is a pipeline that can be run and looked at.
type watched struct {
	loaded   *loaded
	observer *observe.Observer
	runtime  *engine.Runtime
}

func observedRun(t *testing.T, path string) *watched {
	t.Helper()
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: os.Stderr}
	l, err := p.loadRunnable(path)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	w := &wiring{program: p, loaded: l, logger: logger}
	w.options.connectTimeout = time.Minute
	graph, err := l.plan.Graph(w.connectors())
	if err != nil {
		t.Fatal(err)
	}
	observer := observerOf(l, graph, logger, nil)
	rt, err := engine.New(graph, engine.Options{Logger: logger, OnFailure: observer.Failed})
	if err != nil {
		t.Fatal(err)
	}
	observer.Watch(rt)
	return &watched{l, observer, rt}
}

// run runs it until the test is over.
func (w *watched) run(t *testing.T) {
	t.Helper()
	ctx, signal := context.WithCancel(context.Background())
	stop := observed(ctx, w.observer)
	done := make(chan engine.Result, 1)
	go func() {
		result, err := w.runtime.Run(ctx)
		if err != nil {
			t.Error(err)
		}
		done <- result
	}()
	t.Cleanup(func() {
		signal()
		<-done
		stop()
	})
}

// within waits until the status is as wanted, and returns it.
func (w *watched) within(t *testing.T, limit time.Duration, what string, ok func(s *observe.Status) bool) *observe.Status {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(limit)
	for {
		s := w.observer.Status()
		if ok(s) {
			return s
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited %s: %s; the status is %+v", limit, what, s)
		}
	}
}

// Who asks whether the pipeline is ready hears of brokers that are gone, and that
// they are back.
func TestReadyGoesWithTheBrokers(t *testing.T) {
	own(t)
	folder := t.TempDir()
	start := func(listen string) *embedded.Broker {
		b, err := embedded.Start(embedded.Options{Topics: map[string]int32{"in": 1, "out": 1}, DataDir: folder, Listen: listen})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := start("")
	address := b.Addresses()[0]
	t.Setenv("KAFKA_BROKERS", address)
	w := observedRun(t, kafkaPipeline(t, ""))
	if s := w.observer.Status(); s.Health.Ready || s.State != observe.StateStarting || s.Health.Problems[0].Code != observe.ProblemStarting {
		t.Errorf("before it runs, it is %s, %+v", s.State, s.Health)
	}
	w.run(t)
	ready := func(s *observe.Status) bool { return s.Health.Ready }
	w.within(t, time.Minute, "ready", ready)
	server := httptest.NewServer(web.New(web.Options{Pipeline: w.observer}).Handler())
	defer server.Close()
	if code, text := get(t, server.URL+"/readyz"); code != http.StatusOK {
		t.Errorf("/readyz answers %d: %s", code, text)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	s := w.within(t, time.Minute, "the brokers are missed", func(s *observe.Status) bool {
		return slices.ContainsFunc(s.Health.Problems, func(p observe.Problem) bool { return p.Code == observe.ProblemBrokersAway })
	})
	if s.Health.Ready || !s.Health.Live || s.Groups[0].Away.IsZero() || s.Groups[0].Error == "" {
		t.Errorf("without brokers it is %+v, the group %+v", s.Health, s.Groups[0])
	}
	if code, text := get(t, server.URL+"/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(text, `"brokers_away"`) {
		t.Errorf("/readyz answers %d: %s", code, text)
	}
	if code, text := get(t, server.URL+"/livez"); code != http.StatusOK {
		t.Errorf("/livez answers %d: %s", code, text)
	}
	b = start(address)
	defer b.Close()
	w.within(t, 2*time.Minute, "ready again", ready)
	if code, text := get(t, server.URL+"/readyz"); code != http.StatusOK {
		t.Errorf("/readyz answers %d: %s", code, text)
	}
	c, err := kafkatest.Connect(b.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	produce(t, c, "in", []byte(`{"n":1}`), []byte(`{"n":2}`))
	s = w.within(t, time.Minute, "what comes is committed", func(s *observe.Status) bool {
		return len(s.Partitions) == 1 && s.Partitions[0].Committed == 2
	})
	if p := s.Partitions[0]; p.End != 2 || p.Lag != 0 || p.Watermark != 2 || s.Totals.Commits < 1 {
		t.Errorf("the partition is %+v", p)
	}
}

func get(t *testing.T, url string) (code int, text string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return response.StatusCode, string(body)
}

// Nothing that is told holds a secret, wherever it comes from.
func TestStatusHidesSecrets(t *testing.T) {
	own(t)
	t.Setenv("SECRET", "from-the-environment")
	file(t, "secret", "from-a-file\n")
	path := file(t, "p.yaml", `sources:
  - name: in
    kafka:
      brokers: ["localhost:9092"]
      topics: [in]
      group: g
      sasl: {mechanism: PLAIN, username: me, password: "${SECRET}"}
      tls: {insecure: true}
sinks:
  - healing:
      to:
        - kafka: {topic: out, sasl: {mechanism: PLAIN, username: me, password: "${file:secret}"}}
        - kafka: {topic: out, sasl: {mechanism: PLAIN, username: me, password: "written-in-the-file"}}
on_error:
  then: dead_letter
  dead_letter: {kafka: {topic: dead, sasl: {mechanism: PLAIN, username: me, password: "${NONE:-a-default}"}}}
`)
	w := observedRun(t, path)
	text, err := json.Marshal(w.observer.Status())
	if err != nil {
		t.Fatal(err)
	}
	told := string(text) + w.observer.Config()
	if !strings.Contains(told, "PLAIN") {
		t.Errorf("nothing is told of the connection:\n%s", told)
	}
	for _, secret := range []string{"from-the-environment", "from-a-file", "written-in-the-file", "a-default"} {
		if strings.Contains(told, secret) {
			t.Errorf("%s is told:\n%s", secret, told)
		}
	}
}

func TestDetails(t *testing.T) {
	own(t)
	path := file(t, "p.yaml", `sources:
  - name: in
    kafka: {brokers: ["localhost:9092"], topics: [in], group: g}
operators:
  - filter: 'value.n > 1'
  - name: shaped
    map:
      # what they need
      n: value.n
      sum: value.a +
        value.b
  - partition: {size: 50, timeout: 2s}
  - name: ä
    foreach_map: value
  - name: braces
    map: '{a: parse_json(to_json(value))}.a ?? {b: 2}.b'
sinks:
  - healing: {interval: 2s, ignore: true, to: [{kafka: {topic: {expr: 'value.a + "," + value.b'}, key: value.k, acks: all}}]}
  - name: block
    from: braces
    healing:
      # only where to
      to:
        - kafka:
            topic: out2
            acks: all
on_error: {then: dead_letter, dead_letter: {kafka: {topic: dead}}}
`)
	got := detailsOf(observedRun(t, path).loaded.pipeline)
	for place, want := range map[string]string{
		"p.yaml:3:5":   "topics: [in], group: g",
		"p.yaml:5:5":   "value.n > 1",
		"p.yaml:7:5":   "n: value.n, sum: value.a + value.b",
		"p.yaml:12:5":  "size: 50, timeout: 2s",
		"p.yaml:14:5":  "value",
		"p.yaml:16:5":  "{a: parse_json(to_json(value))}.a ?? {b: 2}.b",
		"p.yaml:18:5":  "interval: 2s, ignore: true",
		"p.yaml:18:49": `topic: {expr: 'value.a + "," + value.b'}, key: value.k`,
		"p.yaml:21:5":  "",
		"p.yaml:24:11": "topic: out2",
		"p.yaml:27:45": "topic: dead",
	} {
		if got[place] != want {
			t.Errorf("%s is %q, want %q", place, got[place], want)
		}
	}
	if long := shortened(strings.Repeat("ä", 200)); len(long) > detailLength+4 || !strings.HasSuffix(long, "ä…") {
		t.Errorf("shortened it is %q", long)
	}
}
