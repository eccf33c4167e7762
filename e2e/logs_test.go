package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

// Markers and aborted records are never delivered: the input still ends, the
// lag reaches 0, and nothing that was aborted arrives.
func testTransactions(t *testing.T, b *broker) {
	names := b.topics(t, 1, "transactions", "settled")
	in, out := names[0], names[1]
	for i, commit := range []bool{true, false, true, false} {
		err := b.client.Transaction(t.Context(), "writer-"+in, in, commit, numbers(i*10, i*10+10, 1))
		if err != nil {
			t.Fatal(err)
		}
	}
	pipeline := file(t, "p.yaml", linear(in, out, "transactions", "  - map: value.id"))
	if code, _ := run(t, b.env(), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	got := b.consume(t, out)
	if len(got) != 20 {
		t.Fatalf("%d messages arrived, want the 20 that were committed", len(got))
	}
	for i, m := range got {
		if want := fmt.Sprint(i%10 + i/10*20); string(m.Value) != want {
			t.Errorf("message %d is %s, want %s", i, m.Value, want)
		}
	}
	// 40 records and 4 markers.
	if offset, err := b.client.Committed(t.Context(), "transactions", in, 0); err != nil || offset != 44 {
		t.Errorf("committed %d, %v, want 44: behind the last marker", offset, err)
	}
	code, p := run(t, b.env(), time.Minute, "offsets", pipeline, "--format", "json")
	if code != 0 || !strings.Contains(p.stdout.String(), `"lag": 0`) {
		t.Errorf("offsets ended with %d and said %s", code, p.stdout.String())
	}
}

// A committed offset that the log no longer has is an error that names the lost
// range and the command that accepts the loss; nothing is skipped silently.
func testOutOfRange(t *testing.T, b *broker) {
	names := b.topics(t, 1, "retained", "rest")
	in, out := names[0], names[1]
	b.produce(t, in, numbers(0, 10, 1)...)
	pipeline := file(t, "p.yaml", linear(in, out, "retained", "  - map: value.id"))
	if code, _ := run(t, b.env(), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	b.produce(t, in, numbers(10, 30, 1)...)
	if err := b.client.DeleteRecords(t.Context(), in, 0, 20); err != nil {
		t.Fatal(err)
	}
	code, p := run(t, b.env(), time.Minute, "run", pipeline, "--until-end")
	if code != 1 {
		t.Fatalf("exit code %d, want 1", code)
	}
	accept := "in/" + in + "/0=20"
	for _, part := range []string{"10", "20", "--set", accept, "--yes"} {
		if !strings.Contains(p.stderr.String(), part) {
			t.Errorf("stderr does not say %q", part)
		}
	}
	if code, _ := run(t, b.env(), time.Minute, "offsets", pipeline, "--set", accept, "--yes"); code != 0 {
		t.Fatalf("exit code %d of offsets --set", code)
	}
	if code, _ := run(t, b.env(), time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d after the loss was accepted", code)
	}
	if got := len(b.consume(t, out)); got != 20 {
		t.Errorf("%d messages arrived, want the 10 before and the 10 that are left", got)
	}
}

// A record of 50 MB goes through a pipeline that cannot write it: it fails with
// its origin, goes to the dead letters in a file, and holds nobody up.
func testHugeRecord(t *testing.T, b *broker) {
	in := fmt.Sprintf("huge-%d", b.number+1)
	names := b.topics(t, 1, "small")
	settings := map[string]string{"max.message.bytes": fmt.Sprint(60 << 20)}
	if err := b.client.CreateTopic(t.Context(), in, 1, settings); err != nil {
		t.Fatal(err)
	}
	huge := append([]byte(`{"id": 1, "text": "`), bytes.Repeat([]byte("x"), 50<<20)...)
	huge = append(huge, `"}`...)
	messages := []kafkatest.Message{{Value: []byte(`{"id": 0}`)}, {Value: huge}, {Value: []byte(`{"id": 2}`)}}
	for _, m := range messages {
		if err := b.client.Produce(t.Context(), in, []kafkatest.Message{m}); err != nil {
			t.Fatal(err)
		}
	}
	dead := file(t, "dead.jsonl", "")
	pipeline := file(t, "p.yaml", linear(in, names[0], "huge", "  - filter: value.id < 1 || value.id > 0")+
		"on_error: {retry: {attempts: 1}, then: dead_letter, dead_letter: {file: {path: "+dead+"}}}\n")
	code, p := run(t, b.env(), 2*time.Minute, "run", pipeline, "--until-end")
	got := b.consume(t, names[0])
	if code != 0 || len(got) < 2 {
		t.Fatalf("exit code %d, %d messages arrived", code, len(got))
	}
	if len(got) == 2 && !strings.Contains(p.stderr.String(), in) {
		t.Error("stderr does not name the record that failed")
	}
	if offset, err := b.client.Committed(t.Context(), "huge", in, 0); err != nil || offset != 3 {
		t.Errorf("committed %d, %v, want 3", offset, err)
	}
}
