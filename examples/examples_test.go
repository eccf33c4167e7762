package examples_test

import (
	"encoding/json"
	"strings"
	"testing"

	"waterhealer/kafka/kafkatest"
)

func TestEveryExampleIsWithoutProblems(t *testing.T) {
	atRoot(t)
	lint := run(t, append([]string{"lint", "--strict"}, pipelines(t)...)...)
	lint.exits(t, 0)
	if lint.stdout != "" {
		t.Errorf("lint says\n%s", lint.stdout)
	}
}

// TestTests runs the tests that the examples bring along.
func TestTests(t *testing.T) {
	atRoot(t)
	got := run(t, append([]string{"test"}, pipelines(t)...)...)
	got.exits(t, 0)
	if passed := strings.Count(got.stdout, "\nok    "); passed < 10 {
		t.Errorf("only %d tests:\n%s", passed, got.stdout)
	}
}

// TestDryRun runs the command that each example names in its first lines.
func TestDryRun(t *testing.T) {
	atRoot(t)
	halts := map[string]bool{"examples/seed/plus_one.yaml": true, "examples/seed/three_workers.yaml": true}
	for _, file := range pipelines(t) {
		t.Run(strings.TrimPrefix(file, "examples/"), func(t *testing.T) {
			got := run(t, commandIn(t, file)...)
			want := 0
			if halts[file] {
				want = 1
			}
			got.exits(t, want)
			golden(t, expected(file, ".jsonl"), masked(got.stdout))
			golden(t, expected(file, ".txt"), got.stderr)
		})
	}
}

// commandIn is the command in the comment at the top of an example.
func commandIn(t *testing.T, file string) []string {
	t.Helper()
	for line := range strings.Lines(text(t, file)) {
		if command, ok := strings.CutPrefix(line, "#   waterhealer "); ok {
			return strings.Fields(command)
		}
	}
	t.Fatalf("%s does not say how it is run", file)
	return nil
}

// TestSeedOnBroker runs the examples that write to standard output and have
// nothing that fails. What they write is what their dry run says.
func TestSeedOnBroker(t *testing.T) {
	atRoot(t)
	for name, group := range map[string]string{
		"partition": "partition", "nested_partition": "nested-partition", "partition_time": "partition-time",
		"foreach_map": "foreach-map", "foreach_async": "foreach-async",
	} {
		t.Run(name, func(t *testing.T) {
			file := "examples/seed/" + name + ".yaml"
			b, c := broker(t, "test")
			seed(t, b, "test", "examples/seed/numbers.jsonl")
			got := run(t, "run", file, "--until-end")
			got.exits(t, 0)
			if want := values(messages(t, expected(file, ".jsonl"))); got.stdout != want {
				t.Errorf("got\n%swant\n%s", got.stdout, want)
			}
			committed(t, c, group, "test", 27)
		})
	}
}

func TestPlusOneHaltsAtTheSameRecordInEachRun(t *testing.T) {
	atRoot(t)
	const file = "examples/seed/plus_one.yaml"
	b, c := broker(t, "test")
	seed(t, b, "test", "examples/seed/plus_one.jsonl")
	want := values(messages(t, expected(file, ".jsonl")))
	for range 2 {
		got := run(t, "run", file, "--until-end")
		got.exits(t, 1)
		if got.stdout != want {
			t.Errorf("got\n%swant\n%s", got.stdout, want)
		}
		if message := "record test/0/3 failed at node map-1"; !strings.Contains(got.stderr, message) {
			t.Errorf("stderr has no %q:\n%s", message, got.stderr)
		}
		committed(t, c, "plus-one", "test", 3)
		want = "" // what was committed is not done again
	}
}

func TestThreeWorkersRepeatOnlyTheOneThatFailed(t *testing.T) {
	atRoot(t)
	const file = "examples/seed/three_workers.yaml"
	b, c := broker(t, "jobs")
	seed(t, b, "jobs", "examples/seed/three_workers.jsonl")
	// How much is in flight when the pipeline halts is up to the scheduler: the
	// two others are done by the first run, or what is left of them by the next.
	want := values(messages(t, expected(file, ".jsonl")))
	all, holes := "", 0
	for runs := 0; runs < 5 && holes < 2; runs++ {
		got := run(t, "run", file, "--until-end")
		got.exits(t, 1)
		all += got.stdout
		committed(t, c, "three-workers", "jobs", 0)
		holes = holesOf(t, file)
	}
	if all != want || holes != 2 {
		t.Errorf("got %d finished offsets in the metadata and\n%swant 2 and\n%s", holes, all, want)
	}
	got := run(t, "run", file, "--until-end") // the two that were done are not done again
	got.exits(t, 1)
	if holes := holesOf(t, file); got.stdout != "" || holes != 2 {
		t.Errorf("another run wrote %q and left %d finished offsets in the metadata, want nothing and 2", got.stdout, holes)
	}
	committed(t, c, "three-workers", "jobs", 0)
}

// holesOf asks the program how many finished offsets an example's metadata holds.
func holesOf(t *testing.T, file string) int {
	t.Helper()
	got := run(t, "offsets", file, "--format", "json")
	got.exits(t, 0)
	var rows []struct{ Holes int }
	if err := json.Unmarshal([]byte(got.stdout), &rows); err != nil || len(rows) != 1 {
		t.Fatalf("offsets says %v\n%s", err, got.stdout)
	}
	return rows[0].Holes
}

func TestLoadFillsATopic(t *testing.T) {
	atRoot(t)
	const file = "examples/seed/load.yaml"
	_, c := broker(t, "test")
	run(t, "run", file).exits(t, 0)
	written, err := c.Consume(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, m := range written {
		lines.Write(append(m.Value, '\n'))
	}
	if want := text(t, "examples/seed/numbers.jsonl"); lines.String() != want {
		t.Errorf("the topic holds\n%swant\n%s", lines.String(), want)
	}
}

func TestBirdstrikes(t *testing.T) {
	atRoot(t)
	const file = "examples/birdstrikes/pipeline.yaml"
	got := run(t, "run", file)
	got.exits(t, 0)
	if want := values(messages(t, expected(file, ".jsonl"))); got.stdout != want {
		t.Errorf("got\n%s", shortened(got.stdout))
	}
}

// TestQuakes: the alerts and the dead letter that the dry run shows are in
// their topics, and all that was read is committed.
func TestQuakes(t *testing.T) {
	atRoot(t)
	const file = "examples/quakes/pipeline.yaml"
	b, c := broker(t, "quakes", "alerts", "quakes.dead")
	seed(t, b, "quakes", "examples/quakes/quakes.jsonl")
	got := run(t, "run", file, "--until-end")
	got.exits(t, 0)
	committed(t, c, "quake-alerts", "quakes", 1708)
	var alerts, letters []message
	for _, m := range messages(t, expected(file, ".jsonl")) {
		if m.DeadLetter {
			letters = append(letters, m)
		} else {
			alerts = append(alerts, m)
		}
	}
	if len(alerts) < 100 || len(letters) != 1 {
		t.Fatalf("%d alerts and %d dead letters are expected", len(alerts), len(letters))
	}
	holds(t, c, "alerts", alerts)
	holds(t, c, "quakes.dead", letters)
}

// holds fails the test when a topic does not hold these messages in this order.
func holds(t *testing.T, c *kafkatest.Client, topic string, want []message) {
	t.Helper()
	written, err := c.Consume(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if len(written) != len(want) {
		t.Fatalf("%s holds %d messages, want %d", topic, len(written), len(want))
	}
	for i, w := range written {
		m := message{Value: w.Value}
		if w.Key != nil {
			key := string(w.Key)
			m.Key = &key
		}
		for _, h := range w.Headers {
			if m.Headers == nil {
				m.Headers = make(map[string]string)
			}
			m.Headers[h.Name] = h.Value
		}
		if m.Headers["waterhealer-time"] != "" {
			m.Headers["waterhealer-time"] = "TIME"
		}
		if m.String() != want[i].String() {
			t.Errorf("%s holds at %d\n%s\nwant\n%s", topic, i, m, want[i])
		}
	}
}
