// Package examples_test runs every example as a dry run and for real, on the
// embedded broker, and compares with what lies beside it.
package examples_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"waterhealer/cmd"
	"waterhealer/kafka/embedded"
	"waterhealer/kafka/kafkatest"
)

var update = flag.Bool("update", false, "write the expected files anew")

// atRoot goes to the repository's root, from where the examples are run.
func atRoot(t *testing.T) {
	t.Helper()
	t.Chdir("..")
}

// ran is what a command did.
type ran struct {
	code           int
	stdout, stderr string
}

func run(t *testing.T, args ...string) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cmd.Execute(args, strings.NewReader(""), &stdout, &stderr)
	return ran{code, stdout.String(), stderr.String()}
}

// exits fails the test when the exit code is another.
func (r ran) exits(t *testing.T, code int) {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d; stderr:\n%s", r.code, code, r.stderr)
	}
}

func pipelines(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("examples/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	return files
}

// expected is a file beside an example: "examples/seed/load.yaml" and ".jsonl"
// give examples/seed/load.expected.jsonl.
func expected(example, kind string) string {
	return strings.TrimSuffix(example, ".yaml") + ".expected" + kind
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := text(t, file); got != want {
		t.Errorf("%s differs (run with -update and look at the difference); got\n%s", file, shortened(got))
	}
}

func shortened(s string) string { return s[:min(len(s), 4000)] }

func text(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// message is one line of a dry run.
type message struct {
	DeadLetter bool              `json:"dead_letter"`
	Sink       string            `json:"sink"`
	Key        *string           `json:"key"`
	Value      json.RawMessage   `json:"value"`
	Headers    map[string]string `json:"headers"`
}

func (m message) String() string {
	key := "null"
	if m.Key != nil {
		key = *m.Key
	}
	return fmt.Sprintf("%s: %s %v", key, m.Value, m.Headers)
}

// messages are the lines of an expected file.
func messages(t *testing.T, file string) []message {
	t.Helper()
	var all []message
	for line := range strings.Lines(text(t, file)) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, m)
	}
	return all
}

// values are the messages of one sink as lines of text.
func values(all []message) string {
	var b strings.Builder
	for _, m := range all {
		b.Write(m.Value)
		b.WriteByte('\n')
	}
	return b.String()
}

var letterTime = regexp.MustCompile(`"waterhealer-time":"[^"]*"`)

// masked is the output of a dry run without what differs between runs: times,
// and in which order sinks take turns.
func masked(stdout string) string {
	lines := slices.Collect(strings.Lines(letterTime.ReplaceAllString(stdout, `"waterhealer-time":"TIME"`)))
	slices.SortStableFunc(lines, func(a, b string) int {
		return strings.Compare(sinkOf(a), sinkOf(b))
	})
	return strings.Join(lines, "")
}

func sinkOf(line string) string {
	_, rest, _ := strings.Cut(line, `"sink":"`)
	sink, _, _ := strings.Cut(rest, `"`)
	return sink
}

// broker starts a broker with topics of one partition each, to which the
// examples connect.
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

func seed(t *testing.T, b *embedded.Broker, topic, file string) {
	t.Helper()
	if _, err := b.Seed(t.Context(), topic, file); err != nil {
		t.Fatal(err)
	}
}

// committed fails the test when a group has committed another offset on the
// first partition of a topic.
func committed(t *testing.T, c *kafkatest.Client, group, topic string, want int64) {
	t.Helper()
	got, err := c.Committed(context.Background(), group, topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("group %s has committed %d on %s, want %d", group, got, topic, want)
	}
}
