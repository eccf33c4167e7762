package kafka

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"pgregory.net/rapid"

	"waterhealer/engine"
)

// letterMessage is a dead letter of a record of topic in, partition 0.
func letterMessage(topic string, partition int32, value string, origin int64) *sarama.ProducerMessage {
	m := &sarama.ProducerMessage{Topic: topic, Partition: partition, Value: sarama.StringEncoder(value)}
	for _, h := range [][2]string{
		{"own", "1"}, {"waterhealer-source", "in"}, {"waterhealer-topic", "in"}, {"waterhealer-partition", "0"},
		{"waterhealer-offset", fmt.Sprint(origin)}, {"waterhealer-attempts", "2"},
	} {
		m.Headers = append(m.Headers, sarama.RecordHeader{Key: []byte(h[0]), Value: []byte(h[1])})
	}
	return m
}

// letterSource reads the dead letters of topic dead in group g.heal.
func letterSource(t *testing.T, b brokers, change func(*HealOptions)) *group {
	t.Helper()
	o := HealOptions{
		Group: "g.heal", Connection: Connection{Brokers: b.Addresses()}, Topics: []string{"dead"},
		Sources: map[string]LetterSource{"in": {Topics: []string{"in"}}}, Logger: testLogger(t), ConnectTimeout: longEnough,
	}
	if change != nil {
		change(&o)
	}
	source, err := NewHealSource(o)
	if err != nil {
		t.Fatal(err)
	}
	return source.group
}

// A letter that is read again by a later claim of the same run, because its
// first claim ended before it was finished, is put back again: it is no further
// letter of its record.
func TestLetterIsReadAgain(t *testing.T) {
	l := newLetterIntake(HealOptions{Topics: []string{"dead"}, Sources: map[string]LetterSource{"in": {}}}, testLogger(t))
	in := newIntake(never)
	l.intake = in
	read := func(offset int64) *engine.Record {
		r := &engine.Record{Topic: "dead", Offset: offset}
		for _, h := range letterMessage("dead", 0, "", 70).Headers {
			r.Headers = append(r.Headers, engine.Header{Key: string(h.Key), Value: h.Value})
		}
		return r
	}
	for range 2 {
		c := l.Claim(engine.ClaimOptions{Topic: "dead"}).(*letterClaim)
		for _, offset := range []int64{3, 4} { // two letters of one record
			if back := l.putBack(c, read(offset)); (back != nil) != (offset == 3) {
				t.Errorf("letter %d came back as %+v", offset, back)
			}
		}
	}
	if got := l.counted(); got.PutBack != 2 || got.Repeated != 2 {
		t.Errorf("counted %+v", got)
	}
}

// What is put back is the record that died: its own headers are kept in their
// order, whatever they are called, and of ours only the last set goes.
func TestLetterHeadersComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"a", "", "waterhealer-error", "waterhealer-source", "waterhealer-x", "Waterhealer-error"})
		own := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) engine.Header {
			return engine.Header{Key: names.Draw(t, "name"), Value: rapid.SliceOf(rapid.Byte()).Draw(t, "value")}
		}), 0, 12).Draw(t, "own")
		r := &engine.Record{Headers: append([]engine.Header(nil), own...)}
		for _, name := range []string{"error", "node", "source", "topic", "partition", "offset", "attempts", "time"} {
			value := "in"
			if name == "partition" || name == "offset" || name == "attempts" {
				value = "5"
			}
			r.Headers = append(r.Headers, engine.Header{Key: "waterhealer-" + name, Value: []byte(value)})
		}
		letter, err := readLetter(r)
		if err != nil || letter.source != "in" || letter.topic != "in" || letter.partition != 5 || letter.offset != 5 || letter.attempts != 5 {
			t.Fatalf("%+v, %v", letter, err)
		}
		if fmt.Sprint(letter.headers) != fmt.Sprint(own) {
			t.Fatalf("got %v, want %v", letter.headers, own)
		}
	})
}

// Letters are committed as the records that they became are finished; what
// comes after the start is left for the next run, and so is what is unfinished.
func TestHealSourceCommitsLetters(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"dead": 1})
	for i := range int64(5) {
		produceAll(t, b, letterMessage("dead", 0, fmt.Sprint(i), 10*i))
	}
	c := control(t, b, "g.heal")
	in := newIntake(func(r *engine.Record) bool { return string(r.Raw) != "2" })
	in.onPush = func(*fakeClaim) {
		in.onPush = nil
		produceAll(t, b, letterMessage("dead", 0, "late", 99))
	}
	r := runLetters(t, letterSource(t, b, nil), in)
	if err := r.result(t); err != nil {
		t.Fatal(err)
	}
	if err := r.close(t); err != nil {
		t.Fatal(err)
	}
	if got := committedAt(t, c, "dead", 0); got.offset != 2 {
		t.Errorf("committed %d, want 2: letter 2 is unfinished", got.offset)
	}
	if got := r.letters.counted(); got != (Letters{PutBack: 5, Unfinished: 1}) {
		t.Errorf("counted %+v", got)
	}

	again := newIntake(nil)
	r = runLetters(t, letterSource(t, b, nil), again)
	if err := errors.Join(r.result(t), r.close(t)); err != nil {
		t.Fatal(err)
	}
	if got := r.letters.counted(); got != (Letters{PutBack: 2}) {
		t.Errorf("the next run counted %+v, want letter 2 and the late one", got)
	}
	if got := committedAt(t, c, "dead", 0); got.offset != 6 {
		t.Errorf("committed %d, want 6", got.offset)
	}
	r = runLetters(t, letterSource(t, b, nil), newIntake(nil))
	if err := errors.Join(r.result(t), r.close(t)); err != nil || r.letters.counted() != (Letters{}) {
		t.Errorf("with nothing left: %+v, %v", r.letters.counted(), err)
	}
}

// A dry run commits nothing, not even where to start, and takes no partition
// from a member that works.
func TestHealSourceDryRun(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"dead": 1})
	for i := range int64(3) {
		produceAll(t, b, letterMessage("dead", 0, fmt.Sprint(i), i))
	}
	c := control(t, b, "g.heal")
	dry := func(want string) {
		t.Helper()
		in := newIntake(nil)
		r := runLetters(t, letterSource(t, b, func(o *HealOptions) { o.DryRun = true }), in)
		if err := errors.Join(r.result(t), r.close(t)); err != nil {
			t.Fatal(err)
		}
		if got := pushedValues(in); got != want {
			t.Errorf("the dry run read %q, want %q", got, want)
		}
	}
	dry("0 1 2")
	if got := committedAt(t, c, "dead", 0); got.offset != -1 {
		t.Errorf("the dry run committed %d", got.offset)
	}
	working := newIntake(func(r *engine.Record) bool { return string(r.Raw) == "0" })
	member := runLetters(t, letterSource(t, b, nil), working)
	eventually(t, "the first letter is committed", func() bool { return committedAt(t, c, "dead", 0).offset == 1 })
	dry("1 2")
	if err := member.close(t); err != nil {
		t.Fatal(err)
	}
	if got := len(working.revoked); got != 1 {
		t.Errorf("the working member's claim was revoked %d times, want once, at its end", got)
	}
}

// runLetters runs a source of dead letters with a fake engine.
func runLetters(t *testing.T, g *group, in *fakeIntake) *running {
	t.Helper()
	g.letters.intake = in
	return runSource(t, g, g.letters)
}

// pushedValues are the payloads that were pushed.
func pushedValues(in *fakeIntake) string {
	in.mu.Lock()
	defer in.mu.Unlock()
	var all []string
	for _, r := range in.records {
		all = append(all, string(r.Raw))
	}
	return strings.Join(all, " ")
}
