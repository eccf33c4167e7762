package kafka

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

// fault makes the broker answer produce requests for partitions of `out` with
// an error, count times (-1: always), when the batch holds part.
func fault(broker *embedded.Broker, err *kerr.Error, count int, part string, partitions ...int32) *kfake.FaultHandle {
	return broker.Cluster().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Partitions: partitions, Err: err, Count: count,
		When: func(r kmsg.Request) bool {
			for _, t := range r.(*kmsg.ProduceRequest).Topics {
				for _, p := range t.Partitions {
					if bytes.Contains(p.Records, []byte(part)) {
						return true
					}
				}
			}
			return part == ""
		},
	})
}

func notes(unit string, key []byte, values ...string) []*engine.Record {
	var records []*engine.Record
	for _, v := range values {
		records = append(records, note(v, unit, key))
	}
	return records
}

func TestWriteTriesAgain(t *testing.T) {
	for _, e := range []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.NotEnoughReplicas, kerr.KafkaStorageError,
		kerr.UnknownTopicOrPartition, kerr.NetworkException, kerr.CorruptMessage, kerr.ThrottlingQuotaExceeded,
		// The broker has written these, and knows the second try by its sequence.
		kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend,
		// We lost count of each other: a new epoch.
		kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.InvalidProducerEpoch,
	} {
		t.Run(e.Message, func(t *testing.T) {
			broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
			o := openOutput(t, broker, nil)
			write(t, o, notes("u", nil, "a", "b"), "")
			fault(broker, e, 2, "")
			write(t, o, notes("u", nil, "c", "d"), "")
			write(t, o, notes("u", nil, "e"), "")
			checkValues(t, broker, []string{"a", "b", "c", "d", "e"})
		})
	}
}

func TestWriteTakesDuplicateSequenceForSuccess(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	o := openOutput(t, broker, nil)
	fault(broker, kerr.DuplicateSequenceNumber, 1, "")
	write(t, o, notes("u", nil, "a"), "")
}

func TestWriteGivesUpOnADestination(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 2}})
	o := openOutput(t, broker, func(o *OutputOptions) { o.BatchBytes = 200 })
	keys := keysFor(2)
	always := fault(broker, kerr.NotEnoughReplicas, -1, "", 0)
	records := append(notes("u", keys[0], "a", "b", "c", "d", "e"), notes("w", keys[1], "f", "g")...)
	records = append(records, note("h", "x", keys[0]), note("i", "u", keys[1]), note("j", "", keys[0]))
	errs := o.Write(within(t), records)
	got := make([]string, len(errs))
	for i, err := range errs {
		got[i] = kind(err)
	}
	// What was in the first batch fails, the rest of unit u waits for it; unit x
	// and the record of no unit cannot be written either; w is not concerned.
	// What of u went to the other partition at the same time was handed over.
	want := []string{"away", "away", "away", "held", "held", "", "", "away", "", "away"}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("got %q, want %q: %v", got, want, errs)
	}
	if !strings.Contains(errs[0].Error(), `topic "out" partition 0`) {
		t.Errorf("the error does not say where: %v", errs[0])
	}
	if n := always.Hits(); n != attempts {
		t.Errorf("the batch was tried %d times, want %d", n, attempts)
	}
	always.Remove()
	write(t, o, notes("u", keys[0], "a", "b"), "")
	checkValues(t, broker, []string{"a", "b"}, []string{"f", "g", "i"})
}

// What is sent again after a record before it in its unit was refused elsewhere
// leaves out what is behind that one, unless it may be stored already.
func TestWriteHoldsBackWhatIsSentAgain(t *testing.T) {
	for _, c := range []struct {
		err    *kerr.Error
		held   string
		stored []string
	}{
		{kerr.NotLeaderForPartition, "held", []string{"w"}},
		{kerr.RequestTimedOut, "", []string{"behind", "w", "behind too"}}, // the broker has it
	} {
		t.Run(c.err.Message, func(t *testing.T) {
			broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 2}})
			o := openOutput(t, broker, nil)
			keys := keysFor(2)
			refusals := fault(broker, kerr.InvalidRecord, -1, "", 0)
			fault(broker, c.err, 1, "", 1)
			records := append(notes("u", keys[0], "refused"), notes("u", keys[1], "behind")...)
			records = append(records, note("w", "w", keys[1]), note("behind too", "u", keys[1]))
			write(t, o, records, "refused", c.held, "", c.held)
			refusals.Remove()
			checkValues(t, broker, nil, c.stored)
			write(t, o, notes("u", keys[1], "next"), "")
			checkValues(t, broker, nil, append(c.stored, "next"))
		})
	}
}

func TestWriteDoesNotTryWhatNobodyAllows(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	o := openOutput(t, broker, nil)
	denied := fault(broker, kerr.TopicAuthorizationFailed, -1, "")
	errs := write(t, o, notes("u", nil, "a"), "away")
	if n := denied.Hits(); n != 1 {
		t.Errorf("it was tried %d times, want once: %v", n, errs)
	}
}

func TestWriteRefusesExactlyThePoison(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	o := openOutput(t, broker, nil)
	var records []*engine.Record
	var want []string
	for i := range 40 {
		v, unit := "v"+strconv.Itoa(i), "u"+strconv.Itoa(i%4)
		switch {
		case i == 13 || i == 26: // of units 1 and 2
			v += " poison"
		case i%4 == 1 && i > 13, i%4 == 2 && i > 26: // wait for them
		default:
			want = append(want, v)
		}
		records = append(records, note(v, unit, nil))
	}
	// Each unit of its own partition would be no test: one partition, all units.
	for _, r := range records {
		r.Key = []byte("k")
	}
	refusals := fault(broker, kerr.InvalidRecord, -1, "poison")
	errs := o.Write(within(t), records)
	for i, err := range errs {
		expected := ""
		switch {
		case i == 13 || i == 26:
			expected = "refused"
		case i%4 == 1 && i > 13, i%4 == 2 && i > 26:
			expected = "held"
		}
		if got := kind(err); got != expected {
			t.Errorf("record %d is %q, want %q: %v", i, got, expected, err)
		}
	}
	checkValues(t, broker, want)
	if n := refusals.Hits(); n > 2*7 {
		t.Errorf("%d requests were refused to find 2 of 40", n)
	}
}

func TestWriteBelievesWhichRecordsTheBrokerNames(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	o := openOutput(t, broker, nil)
	var refused atomic.Int32
	broker.Cluster().ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		broker.Cluster().KeepControl()
		request := r.(*kmsg.ProduceRequest)
		sent := request.Topics[0].Partitions[0]
		var batch kmsg.RecordBatch
		readable := batch.ReadFrom(sent.Records) == nil
		if !readable || !bytes.Contains(sent.Records, []byte("poison")) {
			return nil, nil, false
		}
		refused.Add(1)
		answer := kmsg.NewProduceResponseTopicPartition()
		answer.ErrorCode = kerr.InvalidRecord.Code
		answer.ErrorMessage = kmsg.StringPtr("one or more records have been rejected")
		index, rest := int32(0), batch.Records
		for len(rest) > 0 { // length is a varint, below 64 bytes in this test
			size := int(rest[0])/2 + 1
			if bytes.Contains(rest[:size], []byte("poison")) {
				named := kmsg.NewProduceResponseTopicPartitionErrorRecord()
				named.RelativeOffset, named.ErrorMessage = index, kmsg.StringPtr("no key on a compacted topic")
				answer.ErrorRecords = append(answer.ErrorRecords, named)
			}
			index, rest = index+1, rest[size:]
		}
		response := request.ResponseKind().(*kmsg.ProduceResponse)
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic, topic.TopicID = request.Topics[0].Topic, request.Topics[0].TopicID
		topic.Partitions = append(topic.Partitions, answer)
		response.Topics = append(response.Topics, topic)
		return response, nil, true
	})
	var records []*engine.Record
	var want []string
	for i := range 60 {
		v := "v" + strconv.Itoa(i)
		if i == 17 || i == 18 || i == 59 {
			v += " poison"
		} else {
			want = append(want, v)
		}
		records = append(records, note(v, "", []byte("k")))
	}
	errs := o.Write(within(t), records)
	for i, err := range errs {
		if (kind(err) == "refused") != (i == 17 || i == 18 || i == 59) {
			t.Errorf("record %d: %v", i, err)
		}
	}
	if err := errs[17]; err == nil || !strings.Contains(err.Error(), "no key on a compacted topic") {
		t.Errorf("the broker's reason is lost: %v", err)
	}
	checkValues(t, broker, want)
	if n := refused.Load(); n > 6 {
		t.Errorf("%d requests were refused to find 3 that were named", n)
	}
}

func TestWriteTooLargeForTheTopic(t *testing.T) {
	broker := startBroker(t, embedded.Options{})
	if err := broker.Cluster().CreateTopic("out", 1, map[string]string{"max.message.bytes": "1000"}); err != nil {
		t.Fatal(err)
	}
	o := openOutput(t, broker, nil)
	small := func(v string) *engine.Record { return note(v, "", nil) }
	records := []*engine.Record{small("a"), note(strings.Repeat("x", 2000), "u", nil), small("b"), note("c", "u", nil), small("d")}
	for _, r := range records {
		r.Key = []byte("k")
	}
	write(t, o, records, "", "refused", "", "held", "")
	checkValues(t, broker, []string{"a", "b", "d"})
}

func TestWriteChecksBeforeItSends(t *testing.T) {
	wrong, far := errors.New("no such field"), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
	refusal := engine.Refused(errors.New("a list has no bytes"))
	for _, test := range []struct {
		name, kind string
		message    engine.Message
		err        error
	}{
		{"an expression's error", "wrong", engine.Message{}, wrong},
		{"an encoding's error", "refused", engine.Message{}, refusal},
		{"too large", "refused", engine.Message{Value: make([]byte, 101)}, nil},
		{"a key too large", "refused", engine.Message{Key: make([]byte, 101)}, nil},
		{"headers too large", "refused", engine.Message{Headers: []engine.Header{{Key: "h", Value: make([]byte, 101)}}}, nil},
		{"no topic's name", "refused", engine.Message{Topic: "a b"}, nil},
		{"a topic's name too long", "refused", engine.Message{Topic: strings.Repeat("a", 250)}, nil},
		{"before 1970", "refused", engine.Message{Timestamp: time.Unix(-1, 0)}, nil},
		{"after 2262", "refused", engine.Message{Timestamp: far}, nil},
		{"no such topic", "away", engine.Message{Topic: "nowhere"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
			o := openOutput(t, broker, func(o *OutputOptions) {
				o.MaxMessageBytes = 100
				o.Render = func(r *engine.Record) (engine.Message, error) {
					if string(r.Raw) == "bad" {
						return test.message, test.err
					}
					return verbatim(r)
				}
			})
			write(t, o, []*engine.Record{
				note("a", "u", nil), note("bad", "u", nil), note("b", "u", nil), note("c", "w", nil), note("bad", "", nil), note("d", "", nil),
			}, "", test.kind, "held", "", test.kind, "")
			checkValues(t, broker, []string{"a", "c", "d"})
			if broker.Cluster().TopicInfo("nowhere") != nil {
				t.Error("the topic was created")
			}
		})
	}
}

func TestWriteToComputedTopics(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1, "other": 1}})
	o := openOutput(t, broker, func(o *OutputOptions) { o.Topic = "" })
	to := func(topic, v string) *engine.Record {
		r := note(v, "", nil)
		r.Topic = topic
		return r
	}
	errs := write(t, o, []*engine.Record{to("out", "a"), to("nowhere", "b"), to("other", "c"), to("", "d"), to("out", "e")},
		"", "away", "", "refused", "")
	if !strings.Contains(errs[1].Error(), `topic "nowhere" does not exist`) {
		t.Errorf("the error does not name the topic: %v", errs[1])
	}
	if len(o.topics) != 2 {
		t.Errorf("%d topics are remembered, want the 2 that exist", len(o.topics))
	}
	if err := broker.CreateTopic("nowhere", 1); err != nil {
		t.Fatal(err)
	}
	write(t, o, []*engine.Record{to("nowhere", "b")}, "")
	checkValues(t, broker, []string{"a", "e"})
}

func TestWriteFollowsTheLeader(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 3}, Cluster: []kfake.Opt{kfake.NumBrokers(3)}})
	o := openOutput(t, broker, nil)
	keys := keysFor(3)
	var want [3][]string
	for round := range 9 {
		var records []*engine.Record
		for i := range 30 {
			p, v := i%3, strconv.Itoa(round*100+i)
			want[p] = append(want[p], v)
			records = append(records, note(v, "u", keys[p]))
		}
		write(t, o, records, "")
		for p := range int32(3) {
			if err := broker.Cluster().MoveTopicPartition("out", p, int32(round)%3); err != nil {
				t.Fatal(err)
			}
		}
	}
	checkValues(t, broker, want[:]...)
}

func TestWriteOfA50MegabyteRecord(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	o := openOutput(t, broker, nil)
	large := make([]byte, 50_000_000)
	for i := range large {
		large[i] = byte(i * i >> 7)
	}
	write(t, o, []*engine.Record{note("a", "u", nil), {Raw: large}, note("b", "u", nil)}, "")
	got := contents(t, broker, "out")[0]
	if len(got) != 3 {
		t.Fatalf("%d messages, want 3", len(got))
	}
	found := false
	for _, m := range got {
		found = found || bytes.Equal(m.Value, large)
	}
	if !found {
		t.Error("the large record is not there as it was")
	}
	errs := write(t, o, []*engine.Record{{Raw: make([]byte, 101<<20)}, note("c", "u", nil)}, "refused", "")
	if !strings.Contains(errs[0].Error(), "too large") {
		t.Errorf("the error does not say why: %v", errs[0])
	}
}

func TestWriteLingers(t *testing.T) {
	broker := startBroker(t, embedded.Options{Topics: map[string]int32{"out": 1}})
	o := openOutput(t, broker, func(o *OutputOptions) { o.Linger, o.BatchBytes = 200*time.Millisecond, 100_000 })
	write(t, o, notes("u", nil, "a"), "")
	begin := time.Now()
	write(t, o, notes("u", nil, "b"), "")
	if took := time.Since(begin); took < 190*time.Millisecond {
		t.Errorf("a small write came %s after the one before it, want 200ms", took)
	}
	begin = time.Now()
	write(t, o, notes("u", nil, strings.Repeat("c", 100_000)), "")
	if took := time.Since(begin); took > 150*time.Millisecond {
		t.Errorf("a full batch waited %s", took)
	}
	begin = time.Now()
	write(t, o, notes("u", nil, slices.Repeat([]string{""}, lingerMost)...), "")
	if took := time.Since(begin); took > 150*time.Millisecond {
		t.Errorf("many records waited %s", took)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if errs := o.Write(ctx, notes("u", nil, "d", "e")); kind(errs[0]) != "away" || kind(errs[1]) != "held" {
		t.Errorf("with its context over it says %v", errs)
	}
}
