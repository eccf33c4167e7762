package observe_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"waterhealer/engine"
	"waterhealer/observe"
)

func TestLogRecords(t *testing.T) {
	var log bytes.Buffer
	graph := &engine.Graph{Nodes: []*engine.Node{{Name: "map-1", Role: engine.RoleOperator, Branches: []string{"big", "small"}}, {Name: "out", Role: engine.RoleOutput, Sink: "healing-1"}}}
	observe.LogRecords(graph, slog.New(slog.NewJSONHandler(&log, nil)))
	if graph.Nodes[1].Tap != nil {
		t.Error("what a sink gets is logged twice")
	}
	tap := graph.Nodes[0].Tap
	tap(record(7), 2)
	tap(engine.NewBatch([]*engine.Record{record(8), record(9)}), 0)
	long := record(10)
	long.Value = strings.Repeat("ä", 1000)
	tap(long, 0)
	var lines []map[string]any
	for line := range strings.Lines(log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fields)
	}
	if len(lines) != 3 {
		t.Fatalf("there are %d lines: %s", len(lines), log.String())
	}
	for i, want := range []map[string]any{
		{"node": "map-1", "emit_id": "orders/3/7", "topic": "orders", "partition": 3., "offset": 7., "branch": "small", "value": "7"},
		{"emit_id": "orders/3/8", "batch": 2., "value": "[8,9]"},
		{"emit_id": "orders/3/10"},
	} {
		for name, value := range want {
			if lines[i][name] != value {
				t.Errorf("line %d: %s is %v, want %v", i, name, lines[i][name], value)
			}
		}
	}
	if text, _ := lines[2]["value"].(string); len(text) > 300 || !strings.HasSuffix(text, "ä…") {
		t.Errorf("the long value is %q", text)
	}
}
