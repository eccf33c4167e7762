package metrics

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"waterhealer/engine"
	"waterhealer/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixed is a pipeline that always says the same.
type fixed struct{ status observe.Status }

func (f *fixed) Status() *observe.Status  { s := f.status; return &s }
func (f *fixed) History() []observe.Point { return nil }
func (f *fixed) Config() string           { return "" }
func (f *fixed) Tap(context.Context, string, string, int) (<-chan observe.Sample, error) {
	return nil, nil
}

// full is a pipeline of which everything is known.
func full() *fixed {
	return &fixed{observe.Status{
		Pipeline: "quakes", Version: "1.2.3",
		Health: observe.Health{Live: true, Problems: []observe.Problem{{Code: observe.ProblemBrokersAway}}},
		Totals: observe.Totals{InFlight: 7},
		Nodes: []observe.Node{
			{Name: "in", Kind: "kafka", Role: observe.RoleSource, In: 100, Out: 99, Failed: 1},
			{Name: "filter-1", Kind: "filter", Role: observe.RoleOperator, In: 99, Out: 60, Dropped: 39},
			{Name: "partition-1", Kind: "partition", Role: observe.RoleOperator, In: 60, Out: 50, Held: 10, Queue: 4},
			{Name: "out", Kind: "kafka", Role: observe.RoleOutput, In: 50, Out: 48, Retried: 5, Skipped: 2},
			{Name: "dead_letter", Kind: "kafka", Role: observe.RoleOutput, In: 1, Out: 1, DeadLetters: 1},
			{Name: "dead_letter", Kind: "kafka", Role: observe.RoleOutput, In: 2, Out: 2, DeadLetters: 2}, // of another node
		},
		Groups: []observe.Group{{
			Name: "alerts", Joined: true, Rebalances: 2, Commits: 9, CommitErrors: 3,
			LastCommit: time.Unix(1_700_000_000, 500_000_000), Away: time.Unix(1_700_000_100, 0),
		}},
		Partitions: []observe.Partition{
			{Source: "in", Topic: "t", Partition: 3, Committed: 40, Watermark: 42, Position: 60, End: 100, Lag: 60,
				InFlight: 7, Full: true, Holes: 11, MetadataBytes: 33, OldestSeconds: 1.5},
			{Source: "in", Topic: "t", Partition: 4, Committed: -1, Watermark: 0, Position: 0, End: -1, Lag: -1},
		},
		Stuck: []observe.Stuck{{Node: "out"}},
	}}
}

// worked are the measures of a run in which every kind of node has had a record.
func worked(t *testing.T) *engine.Measures {
	t.Helper()
	m := engine.NewMeasures()
	render := m.Render("out", func(*engine.Record) (engine.Message, error) {
		return engine.Message{Key: []byte("k"), Value: []byte("four")}, nil
	})
	in := &engine.Node{Name: "in", Kind: "kafka", Role: engine.RoleSource}
	pass := &engine.Node{Name: "filter-1", Kind: "filter", Role: engine.RoleOperator, Operator: passing{}}
	healing := &engine.Node{Name: "sink", Kind: "healing", Role: engine.RoleHealing}
	out := &engine.Node{Name: "out", Kind: "kafka", Role: engine.RoleOutput, Output: rendering{render}, Policy: engine.DefaultPolicy()}
	g := &engine.Graph{Nodes: []*engine.Node{in, pass, healing, out}, Sources: []engine.Source{three{}}}
	g.Connect(in, pass, 0)
	g.Connect(pass, healing, 0)
	g.Connect(healing, out, 0)
	rt, err := engine.New(g, engine.Options{Measures: m})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := rt.Run(t.Context()); err != nil || result.Halted != nil {
		t.Fatal(err, result.Halted)
	}
	return m
}

type passing struct{}

func (passing) Process(_ context.Context, r *engine.Record, out *engine.Out) error {
	out.Emit(r)
	return nil
}

// three is a source of three records.
type three struct{}

func (three) Run(_ context.Context, in engine.Intake) error {
	c := in.Claim(engine.ClaimOptions{Source: "in", Topic: "t"})
	var list []*engine.Record
	for i := range 3 {
		list = append(list, &engine.Record{Raw: []byte("0123456789abcdefg"), Topic: "t", Offset: int64(i), Known: engine.KnownAll})
	}
	in.Push(c, list)
	return nil
}

func (three) Close(context.Context) error { return nil }

// rendering is an output that makes its messages and forgets them.
type rendering struct{ render engine.Render }

func (rendering) Open(context.Context) error  { return nil }
func (rendering) Close(context.Context) error { return nil }
func (o rendering) Write(_ context.Context, records []*engine.Record) []error {
	for _, r := range records {
		_, _ = o.render(r)
	}
	return nil
}

// Prometheus's own linter has nothing to say.
func TestNamesFollowPrometheusRules(t *testing.T) {
	problems, err := testutil.GatherAndLint(Registry(full(), worked(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, namespace) { // the others are the client's
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// What is scraped is what the status says.
func TestScrape(t *testing.T) {
	response := httptest.NewRecorder()
	Handler(full(), worked(t)).ServeHTTP(response, httptest.NewRequest("GET", "/metrics", nil))
	if response.Code != 200 {
		t.Fatalf("%d: %s", response.Code, response.Body)
	}
	var lines []string
	for line := range strings.Lines(response.Body.String()) {
		lines = append(lines, strings.TrimSpace(line))
	}
	of := func(name string, partition string, value any) string {
		if partition == "" {
			return fmt.Sprintf(`waterhealer_%s{pipeline="quakes"} %v`, name, value)
		}
		return fmt.Sprintf(`waterhealer_%s{partition="%s",pipeline="quakes",source="in",topic="t"} %v`, name, partition, value)
	}
	for _, want := range []string{
		of("ready", "", 0), of("live", "", 1), of("stuck_parts", "", 1), of("in_flight_records", "", 7),
		`waterhealer_problem{code="brokers_away",pipeline="quakes"} 1`, `waterhealer_problem{code="halted",pipeline="quakes"} 0`,
		`waterhealer_node_records_in_total{kind="kafka",node="in",pipeline="quakes"} 100`,
		`waterhealer_node_records_dropped_total{kind="filter",node="filter-1",pipeline="quakes"} 39`,
		`waterhealer_node_held_records{kind="partition",node="partition-1",pipeline="quakes"} 10`,
		`waterhealer_node_queue_records{kind="partition",node="partition-1",pipeline="quakes"} 4`,
		`waterhealer_node_retries_total{kind="kafka",node="out",pipeline="quakes"} 5`,
		`waterhealer_node_dead_letters_total{kind="kafka",node="dead_letter",pipeline="quakes"} 3`,
		of("partition_committed_offset", "3", 40), of("partition_watermark_offset", "3", 42),
		of("partition_position_offset", "3", 60), of("partition_end_offset", "3", 100), of("partition_lag_records", "3", 60),
		of("partition_in_flight_records", "3", 7), of("partition_full", "3", 1), of("partition_holes", "3", 11),
		of("partition_commit_metadata_bytes", "3", 33), of("partition_oldest_unfinished_seconds", "3", 1.5),
		of("partition_watermark_offset", "4", 0),
		`waterhealer_group_commits_total{group="alerts",pipeline="quakes"} 9`, `waterhealer_group_commit_errors_total{group="alerts",pipeline="quakes"} 3`,
		`waterhealer_group_rebalances_total{group="alerts",pipeline="quakes"} 2`, `waterhealer_group_joined{group="alerts",pipeline="quakes"} 1`,
		`waterhealer_group_brokers_away{group="alerts",pipeline="quakes"} 1`,
		`waterhealer_group_last_commit_timestamp_seconds{group="alerts",pipeline="quakes"} 1.7000000005e+09`,
		`waterhealer_source_record_size_bytes_bucket{kind="kafka",node="in",pipeline="quakes",le="16"} 0`,
		`waterhealer_source_record_size_bytes_bucket{kind="kafka",node="in",pipeline="quakes",le="64"} 3`,
		`waterhealer_source_record_size_bytes_sum{kind="kafka",node="in",pipeline="quakes"} 51`,
		`waterhealer_output_message_size_bytes_sum{kind="kafka",node="out",pipeline="quakes"} 15`,
		`waterhealer_output_message_size_bytes_count{kind="kafka",node="out",pipeline="quakes"} 3`,
		`waterhealer_node_record_duration_seconds_count{kind="kafka",node="out",pipeline="quakes"} 3`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("missing: %s", want)
		}
	}
	for _, unknown := range []string{`partition_committed_offset{partition="4"`, `partition_lag_records{partition="4"`, "source_record_size_bytes_count{kind=\"filter\""} {
		if strings.Contains(response.Body.String(), unknown) {
			t.Errorf("there is a value of what is not known: %s", unknown)
		}
	}
	if !strings.Contains(response.Body.String(), "go_goroutines ") {
		t.Error("nothing of Go")
	}
}
