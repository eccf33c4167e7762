package metrics

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/metrics.md")

// TestMetricsReference: docs/metrics.md is what the families say. -update writes it.
func TestMetricsReference(t *testing.T) {
	const file = "../../docs/metrics.md"
	got := reference()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s is stale (%v): run go test ./observe/metrics -run TestMetricsReference -update", file, err)
	}
}

// introduction is what stands above the table.
const introduction = "# Metrics\n\nWritten by `go test ./observe/metrics -run TestMetricsReference -update`.\n\n" +
	"`waterhealer run --http 127.0.0.1:8080 FILE` serves these at `/metrics` for Prometheus, beside those of Go (`go_*`) and of the process (`process_*`).\n" +
	"`examples/monitoring` has a configuration of Prometheus, alert rules and a Grafana dashboard. With `--http-token` Prometheus needs\n" +
	"`authorization: {credentials_file: FILE}`.\n\n" +
	"All have the label `pipeline`, the pipeline's name. Counters begin at 0 with each start. Offsets are those of the next record, as Kafka\n" +
	"counts: what is below is done. What is not known (an end that nobody has told of, a commit that never was) has no value.\n\n" +
	"A record is timed in its nodes only now and then, at random, and counts for all between: two looks at the clock per node and record would\n" +
	"cost more than most nodes do. So `_count` and `_sum` of `waterhealer_node_record_duration_seconds` are estimates, which are good for rates,\n" +
	"means and quantiles of some thousand records. Of slow records, which take a tenth of a millisecond and more, nearly each is timed.\n" +
	"All that costs less than 2 % of CPU, and nothing without `--http`.\n"

func reference() string {
	var b strings.Builder
	b.WriteString(introduction)
	row := func(name, kind string, labels []string, help string) {
		quoted := make([]string, len(labels))
		for i, label := range labels {
			quoted[i] = "`" + label + "`"
		}
		fmt.Fprintf(&b, "| `%s%s` | %s | %s | %s |\n", namespace, name, kind, strings.Join(quoted, " "), help)
	}
	section := func(title string, list []family) {
		fmt.Fprintf(&b, "\n## %s\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n", title)
		for _, f := range list {
			kind := "gauge"
			if f.counter() {
				kind = "counter"
			}
			row(f.name, kind, f.labels, f.help)
		}
	}
	section("The pipeline", processFamilies())
	section("Nodes", nodeFamilies())
	for _, h := range histograms() {
		row(h.name, "histogram", nodeLabels, h.help)
	}
	section("Partitions that this process holds", partitionFamilies())
	section("Consumer groups", groupFamilies())
	return b.String()
}
