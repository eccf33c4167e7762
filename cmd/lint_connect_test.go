package cmd

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func connected(t *testing.T, pipeline string, code int) string {
	t.Helper()
	return run(t, "lint", file(t, "p.yaml", pipeline), "--connect", "--connect-timeout", "30s").exits(t, code).stdout
}

// TestLintConnect asks a broker: what is there is not spoken of, what is not is
// an error at its name.
func TestLintConnect(t *testing.T) {
	own(t)
	broker(t, "in", "out")
	if said := connected(t, "sources:\n  - kafka: {brokers: [\"${KAFKA_BROKERS}\"], topics: [in], group: g}\nsinks:\n  - healing: {to: {kafka: {topic: out}}}\n", 0); said != "" {
		t.Errorf("lint says\n%s", said)
	}
	said := connected(t, `sources:
  - kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [in, nowhere], group: g}
sinks:
  - healing: {to: [{kafka: {topic: out}}, {kafka: {topic: elsewhere}}, {kafka: {topic: {expr: value.topic}}}]}
on_error: {then: dead_letter, dead_letter: {kafka: {topic: dead}}}
`, 1)
	for _, want := range []string{
		"p.yaml:2:57: error[missing-topic]: there is no topic nowhere on 127.0.0.1:", "p.yaml:4:59: error[missing-topic]: there is no topic elsewhere",
		"p.yaml:5:60: error[missing-topic]: there is no topic dead",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	if n := strings.Count(said, "["+"missing-topic]"); n != 3 {
		t.Errorf("%d messages:\n%s", n, said)
	}
	said = run(t, "lint", file(t, "away.yaml", "sources:\n  - kafka: {brokers: [\"127.0.0.1:1\"], topics: [in], group: g}\nsinks:\n  - healing: {}\n"),
		"--connect", "--connect-timeout", "100ms").exits(t, 1).stdout
	if !strings.HasPrefix(said, "away.yaml:2:23: error[unreachable]: ") {
		t.Errorf("lint says\n%s", said)
	}
	run(t, "lint", "away.yaml").exits(t, 0)
}

// TestLintConnectGroupInUse: a pipeline that runs is seen by one that is linted.
func TestLintConnectGroupInUse(t *testing.T) {
	own(t)
	broker(t, "in", "out")
	path := kafkaPipeline(t, "")
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	ended := make(chan int, 1)
	go func() {
		var stdout, stderr bytes.Buffer
		ended <- execute(ctx, []string{"run", path}, strings.NewReader(""), &stdout, &stderr)
	}()
	const want = "pipeline.yaml:3:65: warning[group-in-use]: group g is in use by waterhealer at "
	for said := ""; !strings.Contains(said, want); {
		if said = run(t, "lint", path, "--connect").exits(t, 0).stdout; ctx.Err() != nil {
			t.Fatalf("lint says\n%s", said)
		}
	}
	run(t, "lint", path, "--connect", "--strict").exits(t, 1)
	stop()
	<-ended
}

// TestLintConnectSizes: what a topic may hold and the next one does not take.
func TestLintConnectSizes(t *testing.T) {
	own(t)
	_, client := broker(t, "in")
	for topic, limit := range map[string]string{"large": "5000000", "small": "1000"} {
		if err := client.CreateTopic(t.Context(), topic, 1, map[string]string{"max.message.bytes": limit}); err != nil {
			t.Fatal(err)
		}
	}
	said := connected(t, `max_in_flight: {bytes: 2MiB}
sources:
  - kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [large], group: g}
sinks:
  - healing: {to: {kafka: {topic: small}}}
`, 0)
	for _, want := range []string{
		"p.yaml:3:53: warning[message-size]: a record of topic large may have 5000000 bytes, max_in_flight allows 2097152",
		"p.yaml:5:35: warning[message-size]: a record of topic large may have 5000000 bytes, topic small takes 1000",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}
