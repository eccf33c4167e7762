package cmd

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"waterhealer/kafka/embedded"
	"waterhealer/kafka/kafkatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
}

// run runs a command line in a folder of its own, so that no settings file is
// found by chance.
func run(t *testing.T, args ...string) ran {
	t.Helper()
	return runWith(t, "", args...)
}

func runWith(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := execute(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	r := ran{code, stdout.String(), stderr.String()}
	for _, trace := range []string{"goroutine ", "panic", "runtime error"} {
		if strings.Contains(r.stdout+r.stderr, trace) {
			t.Errorf("a trace reached the user:\n%s", r.stderr)
		}
	}
	return r
}

// exits fails the test when the exit code is another.
func (r ran) exits(t *testing.T, code int) ran {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", r.code, code, r.stdout, r.stderr)
	}
	return r
}

// says fails the test when stderr does not hold all of the texts.
func (r ran) says(t *testing.T, texts ...string) ran {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("stderr has no %q:\n%s", text, r.stderr)
		}
	}
	return r
}

// prints fails the test when stdout is something else.
func (r ran) prints(t *testing.T, want string) ran {
	t.Helper()
	if r.stdout != want {
		t.Errorf("stdout is\n%s\nwant\n%s", r.stdout, want)
	}
	return r
}

// file writes a file into the working folder, which is the test's own.
func file(t *testing.T, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// own moves the test into a folder of its own.
func own(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
}

// broker starts a broker with topics of one partition each, whose address is
// in KAFKA_BROKERS.
func broker(t *testing.T, topics ...string) (*embedded.Broker, *kafkatest.Client) {
	t.Helper()
	counts := make(map[string]int32)
	for _, topic := range topics {
		counts[topic] = 1
	}
	b, err := embedded.Start(embedded.Options{Topics: counts})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	t.Setenv("KAFKA_BROKERS", strings.Join(b.Addresses(), ","))
	c, err := kafkatest.Connect(b.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return b, c
}

func produce(t *testing.T, c *kafkatest.Client, topic string, values ...[]byte) {
	t.Helper()
	messages := make([]kafkatest.Message, len(values))
	for i, v := range values {
		messages[i].Value = v
	}
	if err := c.Produce(t.Context(), topic, messages); err != nil {
		t.Fatal(err)
	}
}

func consume(t *testing.T, c *kafkatest.Client, topic string) []kafkatest.Message {
	t.Helper()
	messages, err := c.Consume(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// committed fails the test when the group of these tests has committed another
// offset on the first partition of a topic.
func committed(t *testing.T, c *kafkatest.Client, topic string, want int64) {
	t.Helper()
	got, err := c.Committed(context.Background(), "g", topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("%d is committed on %s, want %d", got, topic, want)
	}
}

// kafkaPipeline is a pipeline from topic in to topic out, with further lines.
func kafkaPipeline(t *testing.T, more string) string {
	t.Helper()
	return file(t, "pipeline.yaml", `sources:
  - name: in
    kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [in], group: g}
sinks:
  - healing:
      to: {kafka: {topic: out}}
`+more)
}

// folder lists the working folder.
func folder(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
