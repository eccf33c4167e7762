package cmd

import (
	"bytes"
	"strings"
	"testing"

	"waterhealer/kafka/kafkatest"
)

// TestRecordThatIsNotJSON: the record fails with its origin, and on_error
// decides what becomes of it.
func TestRecordThatIsNotJSON(t *testing.T) {
	for _, c := range []struct {
		then      string
		code      int
		out       string
		committed int64
	}{
		{"halt", 1, "1", 1},
		{"skip", 0, "1 3", 3},
		{"dead_letter, dead_letter: {kafka: {topic: dead}}", 0, "1 3", 3},
	} {
		then, _, _ := strings.Cut(c.then, ",")
		t.Run(then, func(t *testing.T) {
			own(t)
			_, k := broker(t, "in", "out", "dead")
			produce(t, k, "in", []byte("1"), []byte("{not json"), []byte("3"))
			pipeline := kafkaPipeline(t, "on_error: {then: "+c.then+"}\n")
			got := run(t, "run", pipeline, "--until-end").exits(t, c.code)
			got.says(t, "node=in", "where=pipeline.yaml:3:5", "topic=in", "partition=0", "offset=1", "then="+then, "payload is not json: ")
			if c.code == 1 {
				got.says(t, "waterhealer: halted: pipeline.yaml:3:5: record in/0/1 failed at node in: payload is not json: ")
			}
			if out := shown(consume(t, k, "out")); out != c.out {
				t.Errorf("out holds %q, want %q", out, c.out)
			}
			committed(t, k, "in", c.committed)
			if then != "dead_letter" {
				return
			}
			letters := consume(t, k, "dead")
			if shown(letters) != "{not json" {
				t.Errorf("the dead letters are %q", shown(letters))
			}
		})
	}
}

// shown are the values of messages; a null payload is <null>.
func shown(messages []kafkatest.Message) string {
	var texts []string
	for _, m := range messages {
		if m.Value == nil {
			texts = append(texts, "<null>")
			continue
		}
		texts = append(texts, string(m.Value))
	}
	return strings.Join(texts, " ")
}

// TestEmptyAndNull: a null payload is a tombstone and is finished like any
// record; a payload without a byte is no JSON.
func TestEmptyAndNull(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	produce(t, k, "in", []byte("1"), nil, []byte{}, []byte("4"))
	pipeline := kafkaPipeline(t, "on_error: {then: dead_letter, dead_letter: {kafka: {topic: dead}}}\n")
	run(t, "run", pipeline, "--until-end").exits(t, 0).says(t, "offset=2", "payload is not json: ")
	if out := shown(consume(t, k, "out")); out != "1 <null> 4" {
		t.Errorf("out holds %q", out)
	}
	letters := consume(t, k, "dead")
	if len(letters) != 1 || letters[0].Value == nil || len(letters[0].Value) != 0 {
		t.Errorf("the dead letters are %q", shown(letters))
	}
	committed(t, k, "in", 4)
}

func TestEmptyAndNullAsText(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out")
	produce(t, k, "in", []byte("a"), nil, []byte{}, []byte("d"))
	pipeline := strings.Replace(readAll(t, kafkaPipeline(t, "")), "group: g}", "group: g}\n    decode: text", 1)
	run(t, "run", file(t, "text.yaml", pipeline), "--until-end").exits(t, 0)
	out := consume(t, k, "out")
	if len(out) != 4 || out[1].Value != nil || out[2].Value == nil {
		t.Errorf("out holds %q", shown(out))
	}
	committed(t, k, "in", 4)
}

func TestHugeRecord(t *testing.T) {
	own(t)
	b, k := broker(t, "in", "out")
	huge := append(append([]byte(`{"text":"`), bytes.Repeat([]byte("x"), 50_000_000)...), `"}`...)
	if err := b.Produce(t.Context(), "in", []byte(`{"text":"a"}`), huge, []byte(`{"text":"c"}`)); err != nil {
		t.Fatal(err)
	}
	pipeline := kafkaPipeline(t, "operators:\n  - filter: len(value.text) > 0\n")
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	out := consume(t, k, "out")
	if len(out) != 3 || !bytes.Equal(out[1].Value, huge) {
		t.Errorf("%d of 3 records came through, or not as they were", len(out))
	}
	committed(t, k, "in", 3)
}

// TestFilterThatIsNotBoolean: nil is that record's error, never a silent drop.
func TestFilterThatIsNotBoolean(t *testing.T) {
	own(t)
	pipeline := kafkaPipeline(t, "operators:\n  - filter: value.ok\n")
	t.Setenv("KAFKA_BROKERS", "nowhere:1")
	input := file(t, "in.jsonl", "{\"ok\":true}\n\n{}\n{\"ok\":\"yes\"}\n{\"ok\":false}\n")
	run(t, "run", pipeline, "--dry-run", "--input", input).exits(t, 1).
		prints(t, `{"sink":"healing-1","key":null,"value":{"ok":true}}`+"\n").
		says(t, "in.jsonl:3: failed at filter-1 (pipeline.yaml:8:5), then halt: pipeline.yaml:8:",
			"in.jsonl:4: failed at filter-1", "source in would commit offset 1", "2 failures would halt the pipeline")
}
