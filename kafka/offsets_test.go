package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/configs"
	"waterhealer/engine"
)

func brokerSource(t *testing.T, b brokers, fields string) []*configs.Node {
	t.Helper()
	return parseSources(t, fmt.Sprintf("  - name: in\n    kafka: {brokers: [%q], group: g, %s}\n", b.Addresses()[0], fields))
}

func TestInspect(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 3})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	produceValues(t, b, "t", 1, numbered("a", 10)...)
	in := newIntake(func(r *engine.Record) bool { return r.Partition != 0 || r.Offset != 4 && r.Offset != 7 })
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 20 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	commitAs(t, control(t, b, "g"), "hello", map[place]int64{{"t", 1}: 3})
	if err := b.Cluster().DeleteRecords("t", 1, 5); err != nil {
		t.Fatal(err)
	}
	rows, err := Inspect(t.Context(), brokerSource(t, b, "topics: t"), SourceSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, want := range []PartitionOffsets{
		{Committed: 4, LogStart: 0, End: 10, Lag: 6, Holes: 4},
		{Committed: 3, LogStart: 5, End: 10, Lag: 5},
		{Committed: 0, LogStart: 0, End: 0, Lag: 0},
	} {
		got := rows[i]
		if got.Committed != want.Committed || got.LogStart != want.LogStart || got.End != want.End || got.Lag != want.Lag ||
			got.Holes != want.Holes || got.Partition != int32(i) || got.Source != "in" || got.Group != "g" {
			t.Errorf("partition %d: %+v", i, got)
		}
	}
	if rows[0].Problem != "" || !strings.Contains(rows[1].Problem, "offsets 3 to 4 are lost") || rows[2].Problem != "" {
		t.Errorf("the problems are %q, %q, %q", rows[0].Problem, rows[1].Problem, rows[2].Problem)
	}
	if !strings.Contains(rows[1].Metadata, "unknown") || !strings.Contains(rows[2].Metadata, "no finished offsets") {
		t.Errorf("the metadata is %q, %q", rows[1].Metadata, rows[2].Metadata)
	}
}

func TestInspectBeforeTheFirstRun(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, "a", "b")
	rows, err := Inspect(t.Context(), brokerSource(t, b, "topics: t"), SourceSettings{})
	if err != nil || len(rows) != 1 || rows[0].Committed != -1 || rows[0].Lag != 2 {
		t.Errorf("%+v, %v", rows, err)
	}
	if got := committedAt(t, control(t, b, "g"), "t", 0); got.offset != -1 {
		t.Errorf("looking has committed %d", got.offset)
	}
}

func TestSetOffsets(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 2})
	at := time.UnixMilli(1_700_000_000_000)
	var messages []*sarama.ProducerMessage
	for i := range 10 {
		messages = append(messages, &sarama.ProducerMessage{Topic: "t", Value: sarama.StringEncoder("v"), Timestamp: at.Add(time.Duration(i) * time.Second)})
	}
	produceAll(t, b, messages...)
	produceValues(t, b, "t", 1, numbered("b", 3)...)
	nodes := brokerSource(t, b, "topics: t")
	admin := control(t, b, "g")
	for _, test := range []struct {
		set               string
		first             []int64 // committed afterwards, per partition
		skipped, repeated int64
	}{
		{"in=latest", []int64{10, 3}, 13, 0},
		{"in/t/0=4", []int64{4, 3}, 0, 6},
		{"in/t=earliest", []int64{0, 0}, 0, 7},
		{"in/t/0=" + at.Add(2500*time.Millisecond).UTC().Format(time.RFC3339Nano), []int64{3, 0}, 3, 0},
		{"in=2099-01-01T00:00:00Z", []int64{10, 3}, 10, 0},
	} {
		before := committedAt(t, admin, "t", 0)
		if _, err := PlanOffsets(t.Context(), nodes, SourceSettings{}, []string{test.set}); err != nil {
			t.Fatalf("%s: %v", test.set, err)
		}
		if now := committedAt(t, admin, "t", 0); now != before {
			t.Fatalf("%s: planning has committed %+v", test.set, now)
		}
		changes, err := SetOffsets(t.Context(), nodes, SourceSettings{}, []string{test.set})
		if err != nil {
			t.Fatalf("%s: %v", test.set, err)
		}
		var skipped, repeated int64
		for _, c := range changes {
			skipped, repeated = skipped+c.Skipped, repeated+c.Repeated
		}
		if skipped != test.skipped || repeated != test.repeated {
			t.Errorf("%s: %d skipped, %d repeated", test.set, skipped, repeated)
		}
		for p, want := range test.first {
			if got := max(0, committedAt(t, admin, "t", int32(p)).offset); got != want {
				t.Errorf("%s: partition %d is at %d, want %d", test.set, p, got, want)
			}
		}
	}
}

func TestSetOffsetsThatCannotBe(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	nodes := brokerSource(t, b, "topics: t")
	for set, want := range map[string]string{
		"in":           "must be SOURCE",
		"out=0":        "there are: in",
		"in/t/x=0":     "not a number",
		"in/t/7=0":     "no such topic or partition",
		"in/u=0":       "no such topic or partition",
		"in=whenever":  "not earliest",
		"in/t/0=5":     "has offsets 0 to 0",
		"in/t/0=-1":    "not earliest",
		"in/t/0/1=0":   "not a number",
		"inn=earliest": "there are: in",
	} {
		if _, err := SetOffsets(t.Context(), nodes, SourceSettings{}, []string{set}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", set, err, want)
		}
	}
}

func TestSetOffsetsOfARunningGroup(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "the partition is claimed", func() bool { return in.claim("t", 0) != nil })
	_, err := SetOffsets(t.Context(), brokerSource(t, b, "topics: t"), SourceSettings{}, []string{"in=earliest"})
	if err == nil || !strings.Contains(err.Error(), "running members") {
		t.Errorf("the error is %v", err)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}
