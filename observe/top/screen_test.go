package top

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"waterhealer/observe"
)

var update = flag.Bool("update", false, "write the golden files anew")

// orders is a pipeline with a record that is stuck.
func orders() *observe.Status {
	at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	return &observe.Status{
		Pipeline: "orders", Version: "1.0", Run: "a", Started: at.Add(-90 * time.Second), At: at, State: observe.StateRunning,
		Health: observe.Health{Live: true, Problems: []observe.Problem{{Code: observe.ProblemStalled, Text: "node alerts: writing orders/1/40 for 1m10s", Since: at.Add(-70 * time.Second)}}},
		Totals: observe.Totals{In: 123_456, Out: 61_000, Dropped: 62_000, Failed: 3, Retried: 17, DeadLetters: 3, Commits: 90, InFlight: 456, Lag: 1_234_567},
		Rates:  observe.Rates{In: 1371.7, Out: 677},
		Nodes: []observe.Node{
			{Name: "kafka-1", Kind: "kafka", Role: observe.RoleSource, In: 123_456, Out: 123_456, InRate: 1371.7, OutRate: 1371.7, Seconds: 4.5e-7},
			{Name: "filter-1", Kind: "filter", Role: observe.RoleOperator, In: 123_456, Out: 61_456, Dropped: 62_000, InRate: 1371.7, OutRate: 690, Seconds: 1.2e-7},
			{Name: "alerts", Kind: "kafka", Role: observe.RoleOutput, Sink: "healing-1", In: 61_456, Out: 61_000, OutRate: 677, Retried: 17, Failed: 3, Queue: 400, Seconds: .0123, Errors: "kafka: broker 1 is away"},
		},
		Groups: []observe.Group{
			{Name: "orders", Topics: []string{"orders"}, Joined: true, Generation: 4, Rebalances: 2, Commits: 90, CommitErrors: 1, LastCommit: at.Add(-300 * time.Millisecond)},
			{Name: "other", Topics: []string{"a", "b"}, Error: "no broker answers"},
		},
		Partitions: []observe.Partition{
			{Topic: "orders", Partition: 0, Committed: 100, Watermark: 100, Position: 100, End: 100},
			{
				Topic: "orders", Partition: 1, Committed: 38, Watermark: 40, Position: 80, End: 1_234_605, Lag: 1_234_567, InFlight: 15, Full: true, Holes: 25,
				Finished: [][2]int64{{41, 60}, {70, 76}}, OldestSeconds: 70,
				Head: &observe.Head{EmitID: "orders/1/40", Offset: 40, Seconds: 70, Node: "alerts", Doing: "waits for a try", Error: "kafka: broker 1\nis away", Attempts: 7, NextTry: at.Add(4200 * time.Millisecond)},
			},
		},
		Failures: []observe.Failure{{EmitID: "orders/0/7", At: at, Node: "map-1", Attempts: 1, Error: "value.x is missing", Then: "dead_letter"}},
	}
}

func history(status *observe.Status) []observe.Point {
	var points []observe.Point
	for i := range 60 {
		points = append(points, observe.Point{At: status.At.Add(time.Duration(i-60) * 5 * time.Second), In: float64(i % 13 * 100), Lag: int64(i * i)})
	}
	return points
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got+"\n" != string(want) {
		t.Errorf("%s is not what it was:\n%s", name, got)
	}
}

func TestScreen(t *testing.T) {
	time.Local = time.UTC // clocks are shown in local time
	status := orders()
	for name, s := range map[string]*Screen{
		"whole.txt":      {Status: status, History: history(status)},
		"partitions.txt": {Status: status, History: history(status), Pane: panePartitions},
		"asking.txt":     {},
		"away.txt":       {Status: status, Away: status.At, Trouble: errors.New("connection refused"), Pane: paneFailures},
	} {
		s.Address = "http://127.0.0.1:8080"
		height := 24
		if name == "whole.txt" {
			height = 0
		}
		golden(t, name, s.Text(110, height))
	}
}

// On a narrow terminal columns go that are missed least; what failed and why stays.
func TestNarrowScreen(t *testing.T) {
	time.Local = time.UTC
	status := orders()
	status.Nodes[2].Errors = strings.Repeat("kafka: topic orders.v2 does not exist: create it first ", 2)
	for name, width := range map[string]int{"narrow-80.txt": 80, "narrow-60.txt": 60} {
		s := &Screen{Address: "http://127.0.0.1:8080", Status: status, History: history(status)}
		text := s.Text(width, 0)
		golden(t, name, text)
		for _, want := range []string{"retried  failed", "17       3", "create it first", "value.x is missing", "committed to read", "▓", "broker 1 is away", "commit errors 1"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d columns do not show %q", width, want)
			}
		}
	}
}

// Whatever a pipeline says, the screen has its size and no control characters
// but those of colours.
func TestScreenKeepsItsSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		status := orders()
		status.Pipeline = rapid.String().Draw(t, "pipeline")
		status.Nodes[1].Name = rapid.String().Draw(t, "node")
		p := &status.Partitions[1]
		p.Committed = rapid.Int64Range(-1, 1<<62).Draw(t, "committed")
		p.Watermark, p.Position = rapid.Int64().Draw(t, "watermark"), rapid.Int64().Draw(t, "position")
		p.Head.Error = rapid.String().Draw(t, "error")
		s := &Screen{Address: "a", Status: status, History: history(status), Color: rapid.Bool().Draw(t, "color"), Pane: rapid.IntRange(0, panes-1).Draw(t, "pane"), Offset: rapid.IntRange(0, 1000).Draw(t, "offset")}
		width, height := rapid.IntRange(1, 200).Draw(t, "width"), rapid.IntRange(1, 60).Draw(t, "height")
		text := s.Text(width, height)
		if n := strings.Count(text, "\n") + 1; n > height {
			t.Fatalf("%d lines of %d", n, height)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if w := ansi.StringWidth(line); w > width {
				t.Fatalf("a line is %d columns wide, not %d: %q", w, width, line)
			}
			if bare := ansi.Strip(line); plain(bare) != bare {
				t.Fatalf("control characters in %q", line)
			}
		}
	})
}

// Another run of the program begins with an empty history.
func TestRestart(t *testing.T) {
	s := &Screen{}
	status := orders()
	s.History = history(status)
	s.take(status)
	if len(s.History) != 61 {
		t.Errorf("%d points of one run", len(s.History))
	}
	next := *status
	next.Run = "b"
	s.take(&next)
	if len(s.History) != 1 {
		t.Errorf("%d points of the next run", len(s.History))
	}
}
