package cmd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"waterhealer/kafka/kafkatest"
)

// healed reads the report of `heal --summary json`.
func healed(t *testing.T, r ran) healReport {
	t.Helper()
	var report healReport
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatalf("%v in\n%s\n%s", err, r.stdout, r.stderr)
	}
	return report
}

// healCommitted fails the test when g.heal has committed another offset of the
// dead letters.
func healCommitted(t *testing.T, k *kafkatest.Client, want int64) {
	t.Helper()
	got, err := k.Committed(t.Context(), "g.heal", "dead", 0)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("g.heal has committed %d of the dead letters, want %d", got, want)
	}
}

// headersOf are the headers of a message by name; of equal ones the last.
func headersOf(m kafkatest.Message) map[string]string {
	headers := make(map[string]string)
	for _, h := range m.Headers {
		headers[h.Name] = h.Value
	}
	return headers
}

const deadly = "on_error: {then: dead_letter, dead_letter: {kafka: {topic: dead}}}\n"

// limited is a pipeline that cannot take values beyond $LIMIT. It tells what its
// expressions see of a record.
func limited(t *testing.T) string {
	t.Helper()
	return kafkaPipeline(t, "operators:\n"+
		`  - map: 'value > ${LIMIT:-3} ? fail("too big") : [topic, partition, offset, key, headers["waterhealer-error"], headers["waterhealer-node"], value]'`+"\n"+deadly)
}

// Dead letters come back with all that the records had, are healed when they no
// longer fail, and have one letter more when they do.
func TestHeal(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	for i := range 6 {
		m := kafkatest.Message{
			Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Append(nil, i),
			Headers: []kafkatest.Header{{Name: "h", Value: "1"}, {Name: "h", Value: "\xff2"}, {Name: "waterhealer-error", Value: "mine"}},
		}
		if err := k.Produce(t.Context(), "in", []kafkatest.Message{m}); err != nil {
			t.Fatal(err)
		}
	}
	pipeline := limited(t)
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	before := consume(t, k, "in")

	again := run(t, "heal", pipeline).exits(t, 1).says(t, "2 records failed again and have a new dead letter")
	if !strings.Contains(again.stdout, "2 letters put back: 0 healed, 2 failed again") {
		t.Errorf("stdout is\n%s", again.stdout)
	}
	letters := consume(t, k, "dead")
	if len(letters) != 4 {
		t.Fatalf("%d letters, want the 2 of before and 2 new ones", len(letters))
	}
	for i, want := range before[4:] {
		for attempts, m := range []kafkatest.Message{letters[i], letters[2+i]} {
			h := headersOf(m)
			if string(m.Key) != string(want.Key) || string(m.Value) != string(want.Value) || !slices.Equal(m.Headers[:3], want.Headers) || len(m.Headers) != 11 {
				t.Errorf("the letter of %+v is %+v", want, m)
			}
			if h["waterhealer-attempts"] != fmt.Sprint(attempts+1) || h["waterhealer-offset"] != fmt.Sprint(4+i) || h["waterhealer-topic"] != "in" ||
				h["waterhealer-partition"] != "0" || h["waterhealer-source"] != "in" || h["waterhealer-node"] != "map-1" {
				t.Errorf("the headers are %v", h)
			}
		}
	}
	healCommitted(t, k, 2)

	t.Setenv("LIMIT", "4")
	report := healed(t, run(t, "heal", pipeline, "--summary", "json").exits(t, 1))
	if report.Letters != 2 || report.Healed != 1 || report.Failed != 1 || report.Unfinished != 0 || *report.Partitions[0].Committed != 4 {
		t.Errorf("the report is %+v", report)
	}
	t.Setenv("LIMIT", "9")
	run(t, "heal", pipeline).exits(t, 0)
	report = healed(t, run(t, "heal", pipeline, "--summary", "json").exits(t, 0))
	if report.Letters != 0 || report.Failed != 0 {
		t.Errorf("with nothing to do the report is %+v", report)
	}
	healCommitted(t, k, 5)
	committed(t, k, "in", 6)
	var late []string
	for i, m := range consume(t, k, "out")[4:] {
		late = append(late, string(m.Value))
		if !m.Timestamp.Equal(before[4+i].Timestamp) {
			t.Errorf("record %d of %s was healed as of %s", 4+i, before[4+i].Timestamp, m.Timestamp)
		}
	}
	if !slices.Equal(late, []string{`["in",0,4,"k4","mine",null,4]`, `["in",0,5,"k5","mine",null,5]`}) {
		t.Errorf("healed were %q", late)
	}
}

// A record of which 500 of 1,000 items are poison has at most one letter a run,
// however often it is healed, and every run ends.
func TestHealOfFlattenedRecordThreeTimes(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	var items []string
	for i := range 1000 {
		items = append(items, fmt.Sprint(i))
	}
	produce(t, k, "in", []byte("["+strings.Join(items, ",")+"]"), []byte("[2]"))
	pipeline := kafkaPipeline(t, "operators:\n  - flatten: {}\n  - map: 'value % 2 == 1 ? fail(\"odd\") : value'\n"+deadly)
	run(t, "run", pipeline, "--until-end", "--log-level", "error").exits(t, 0)
	for attempt := range 3 {
		report := healed(t, run(t, "heal", pipeline, "--summary", "json").exits(t, 1))
		if report.Letters != 1 || report.Failed != 1 || report.Healed != 0 {
			t.Errorf("the report is %+v", report)
		}
		letters := consume(t, k, "dead")
		if len(letters) != attempt+2 {
			t.Fatalf("after %d heals there are %d letters", attempt+1, len(letters))
		}
		if got := headersOf(letters[attempt+1])["waterhealer-attempts"]; got != fmt.Sprint(attempt+2) {
			t.Errorf("after %d heals there were %s attempts", attempt+1, got)
		}
		healCommitted(t, k, int64(attempt+1))
	}
}

// Letters of others and messages that are no letters are named and left; of
// several letters of one record only one is put back.
func TestHealLeavesWhatIsNotItsOwn(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	letter := func(value string, headers ...string) kafkatest.Message {
		m := kafkatest.Message{Value: []byte(value)}
		for i, name := range []string{"source", "topic", "partition", "offset"} {
			if headers[i] != "" {
				m.Headers = append(m.Headers, kafkatest.Header{Name: "waterhealer-" + name, Value: headers[i]})
			}
		}
		return m
	}
	if err := k.Produce(t.Context(), "dead", []kafkatest.Message{
		letter("0", "other", "in", "0", "7"),
		letter("1", "in", "in", "0", "7"),
		letter("2", "in", "elsewhere", "0", "7"),
		letter("3", "in", "in", "zero", "7"),
		letter("4", "in", "in", "0", "7"),
		letter("5", "in", "in", "0", "8"),
		letter("6", "", "", "", ""),
	}); err != nil {
		t.Fatal(err)
	}
	pipeline := kafkaPipeline(t, deadly)
	got := run(t, "heal", pipeline, "--summary", "json").exits(t, 0).says(t,
		`no source \"other\"`, `source \"in\" does not read topic \"elsewhere\"`, "waterhealer-partition", "it has no header waterhealer-source", "offset=6")
	if report := healed(t, got); report.Letters != 2 || report.Healed != 2 || report.Foreign != 4 || report.Repeated != 1 {
		t.Errorf("the report is %+v", report)
	}
	if out := shown(consume(t, k, "out")); out != "1 5" {
		t.Errorf("out holds %q", out)
	}
	healCommitted(t, k, 7)
	if report := healed(t, run(t, "heal", pipeline, "--summary", "json").exits(t, 0)); report.Letters != 0 || report.Foreign != 0 {
		t.Errorf("the second report is %+v", report)
	}
}

// A record that halts the pipeline halts heal, too: its letter stays, and what
// stands before it is committed.
func TestHealHalts(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	produce(t, k, "in", []byte("4"), []byte("5"), []byte("1"))
	pipeline := limited(t)
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	halting := file(t, "halting.yaml", strings.Replace(readAll(t, pipeline), "then: dead_letter", "then: halt", 1))
	t.Setenv("LIMIT", "4")
	run(t, "heal", halting).exits(t, 1).says(t, "waterhealer: halted: halting.yaml:8:5: record in/0/1 failed at node map-1")
	healCommitted(t, k, 1)
	t.Setenv("LIMIT", "9")
	run(t, "heal", halting).exits(t, 0)
	healCommitted(t, k, 2)
}

// A dry run shows what would come, and leaves all as it is.
func TestHealDryRun(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	produce(t, k, "in", []byte("4"), []byte("5"), []byte("6"))
	pipeline := limited(t)
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	t.Setenv("LIMIT", "4")
	for range 2 {
		got := run(t, "heal", pipeline, "--dry-run").exits(t, 1).says(t,
			"3 letters would be put back: 1 would be healed, 2 would fail again", "in/0/2: failed at map-1 (pipeline.yaml:8:5), then dead_letter")
		if lines := strings.Count(got.stdout, "\n"); lines != 3 || !strings.Contains(got.stdout, `{"sink":"healing-1","key":null,"value":["in",0,0,`) ||
			!strings.Contains(got.stdout, `"waterhealer-attempts":"2"`) {
			t.Errorf("stdout is\n%s", got.stdout)
		}
		healCommitted(t, k, -1)
	}
	if len(consume(t, k, "dead")) != 3 || len(consume(t, k, "out")) != 0 {
		t.Error("something was written")
	}
	run(t, "heal", pipeline).exits(t, 1)
	healCommitted(t, k, 3)
	report := healed(t, ran{stdout: run(t, "heal", pipeline, "--dry-run", "--summary", "json").exits(t, 1).stderr})
	if report.Letters != 2 || report.Failed != 2 || len(report.Failures) != 2 || len(report.Nodes) == 0 {
		t.Errorf("the report is %+v", report)
	}
	healCommitted(t, k, 3)
}

// What cannot be healed is refused before anything is read.
func TestHealRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		want string
	}{
		"no dead letters":  {"on_error: {then: skip}\n", "pipeline.yaml writes no dead letters: there is nothing to heal"},
		"a file":           {"on_error: {then: dead_letter, dead_letter: {file: dead.jsonl}}\n", "pipeline.yaml:7:45: dead letters in a file output cannot be put back, only those in a Kafka topic"},
		"computed topics":  {"on_error: {then: dead_letter, dead_letter: {kafka: {topic: {expr: topic}}}}\n", "pipeline.yaml:7:60: dead letters whose topic is computed cannot be put back"},
		"operators, joins": {"operators:\n  - partition: 2\n  - name: later\n    partition_time: 1s\n" + deadly, "partition-1 (pipeline.yaml:8:5), later (pipeline.yaml:10:5); they would come out"},
	} {
		t.Run(name, func(t *testing.T) {
			own(t)
			t.Setenv("KAFKA_BROKERS", "127.0.0.1:1")
			run(t, "heal", kafkaPipeline(t, c.more)).exits(t, 2).prints(t, "").says(t, c.want)
		})
	}
	own(t)
	run(t, "heal", kafkaPipeline(t, deadly), "--summary", "yaml").exits(t, 2)
}

// With --force records pass windows, which end with the letters; a batched
// source brings each back as a batch.
func TestHealForcedAndBatched(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	produce(t, k, "in", []byte("4"), []byte("5"), []byte("6"))
	run(t, "run", limited(t), "--until-end").exits(t, 0)
	windows := strings.Replace(readAll(t, "pipeline.yaml"), "operators:", "operators:\n  - partition: 2\n  - map: sum(value)", 1)
	windows = strings.Replace(windows, "value > ${LIMIT:-3} ? fail", "value < 0 ? fail", 1)
	run(t, "heal", file(t, "windows.yaml", windows), "--force").exits(t, 0)
	values := func() (all []string) {
		for _, m := range consume(t, k, "out") {
			all = append(all, string(m.Value[strings.LastIndexByte(string(m.Value), ',')+1:]))
		}
		return all
	}
	if got := values(); !slices.Equal(got, []string{"9]", "6]"}) {
		t.Errorf("out holds %v", got)
	}
	healCommitted(t, k, 3)

	if _, err := k.Committed(t.Context(), "g.heal", "dead", 0); err != nil {
		t.Fatal(err)
	}
	batched := strings.NewReplacer("kafka: {brokers: [\"${KAFKA_BROKERS}\"], topics: [in], group: g}",
		"kafka_batched: {brokers: [\"${KAFKA_BROKERS}\"], topics: [in], group: h}", "partition: 2", "filter: len(value) == 1").Replace(windows)
	run(t, "heal", file(t, "batched.yaml", batched)).exits(t, 0)
	if got := values()[2:]; !slices.Equal(got, []string{"4]", "5]", "6]"}) {
		t.Errorf("batches of one gave %v", got)
	}
}

// Sources of two groups share a topic of dead letters: each group puts its own
// back, once.
func TestHealOfTwoGroups(t *testing.T) {
	own(t)
	_, k := broker(t, "a", "b", "out", "dead")
	produce(t, k, "a", []byte("1"), []byte("2"))
	produce(t, k, "b", []byte("3"))
	pipeline := file(t, "p.yaml", `sources:
  - name: first
    kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [a], group: g}
  - name: second
    kafka: {brokers: ["${KAFKA_BROKERS}"], topics: [b], group: h}
operators:
  - map: '${FAILS:-true} ? fail("no") : [topic, value]'
sinks:
  - healing: {to: {kafka: {topic: out}}}
`+deadly)
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	run(t, "heal", pipeline).exits(t, 1)
	t.Setenv("FAILS", "false")
	report := healed(t, run(t, "heal", pipeline, "--summary", "json").exits(t, 0))
	if report.Letters != 3 || report.Healed != 3 || report.Foreign != 0 || len(report.Partitions) != 2 {
		t.Errorf("the report is %+v", report)
	}
	var got []string
	for _, m := range consume(t, k, "out") {
		got = append(got, string(m.Value))
	}
	slices.Sort(got)
	if want := []string{`["a",1]`, `["a",2]`, `["b",3]`}; !slices.Equal(got, want) {
		t.Errorf("out holds %v", got)
	}
}

// Letters that were deleted before they were healed are an error that says how
// to go on.
func TestHealAfterRetention(t *testing.T) {
	own(t)
	_, k := broker(t, "in", "out", "dead")
	produce(t, k, "in", []byte("4"), []byte("5"))
	pipeline := limited(t)
	run(t, "run", pipeline, "--until-end").exits(t, 0)
	run(t, "heal", pipeline).exits(t, 1)
	run(t, "heal", pipeline).exits(t, 1)
	if err := k.DeleteRecords(t.Context(), "dead", 0, 5); err != nil {
		t.Fatal(err)
	}
	got := run(t, "heal", pipeline).exits(t, 1).says(t, "offset 4 is committed but the log begins at 5: offsets 4 to 4 are lost")
	_, command, found := strings.Cut(got.stderr, "to accept that: waterhealer ")
	if !found {
		t.Fatalf("there is no command to accept it:\n%s", got.stderr)
	}
	t.Setenv("LIMIT", "9")
	run(t, strings.Fields(command)...).exits(t, 0)
	healCommitted(t, k, 6)
	run(t, "heal", pipeline).exits(t, 0)
}
