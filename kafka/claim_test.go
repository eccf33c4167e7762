package kafka

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

func TestRecordsKeepWhatTheyAre(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	at := time.UnixMilli(1_700_000_000_123)
	produceAll(t, b,
		&sarama.ProducerMessage{Topic: "t", Key: sarama.StringEncoder("k"), Value: sarama.StringEncoder("v"), Timestamp: at,
			Headers: []sarama.RecordHeader{{Key: []byte("h"), Value: []byte("1")}, {Key: []byte("h"), Value: nil}}},
		&sarama.ProducerMessage{Topic: "t", Key: sarama.StringEncoder("tombstone")},
		&sarama.ProducerMessage{Topic: "t", Key: sarama.ByteEncoder{}, Value: sarama.ByteEncoder{}},
	)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 3 })
	full, tombstone, empty := in.records[0], in.records[1], in.records[2]
	if string(full.Raw) != "v" || string(full.Key) != "k" || !full.Timestamp.Equal(at) || !full.Intact ||
		full.Topic != "t" || full.Partition != 0 || full.Offset != 0 || full.Known != engine.KnownAll {
		t.Errorf("the full record is %+v", full)
	}
	if len(full.Headers) != 2 || full.Headers[0].Key != "h" || string(full.Headers[0].Value) != "1" || full.Headers[1].Value != nil {
		t.Errorf("its headers are %+v", full.Headers)
	}
	if tombstone.Raw != nil || tombstone.Key == nil || tombstone.Offset != 1 {
		t.Errorf("the tombstone is %+v", tombstone)
	}
	if empty.Raw == nil || len(empty.Raw) != 0 || empty.Key == nil || len(empty.Key) != 0 {
		t.Errorf("the empty record is %#v %#v", empty.Key, empty.Raw)
	}
	admin := control(t, b, "g")
	eventually(t, "a tombstone is finished like any", func() bool { return committedAt(t, admin, "t", 0).offset == 3 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestHugeRecord(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	huge := bytes.Repeat([]byte("0123456789abcdef"), 50<<20/16)
	produceAll(t, b,
		&sarama.ProducerMessage{Topic: "t", Value: sarama.StringEncoder("before")},
		&sarama.ProducerMessage{Topic: "t", Value: sarama.ByteEncoder(huge)},
		&sarama.ProducerMessage{Topic: "t", Value: sarama.StringEncoder("after")},
	)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.UntilEnd = true }, "t"), in)
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{0, 1, 2}) {
		t.Fatalf("pushed %v", got)
	}
	if !bytes.Equal(in.records[1].Raw, huge) {
		t.Error("the huge record is another")
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestBatches(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 2})
	produceValues(t, b, "t", 0, numbered("a", 25)...)
	produceValues(t, b, "t", 1, numbered("b", 3)...)
	for _, test := range []struct {
		name     string
		timeout  time.Duration
		untilEnd bool
	}{
		{"what is left goes when the time is over", 50 * time.Millisecond, false},
		{"what is left goes at the end", time.Hour, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := newIntake(nil)
			source := runSource(t, newSource(t, b, func(o *sourceTest) {
				o.membership.group = test.name
				o.node.batchSize, o.node.batchTimeout, o.settings.UntilEnd = 10, test.timeout, test.untilEnd
			}, "t"), in)
			eventually(t, "all is read", func() bool { return in.count() == 28 })
			var sizes []int
			for _, r := range in.records {
				if r.Batch == nil || r.Topic != "t" || r.Known&engine.KnownPartition == 0 || r.Known&engine.KnownOffset != 0 {
					t.Errorf("not a batch of one partition: %+v", r)
				}
				for i, element := range r.Batch {
					if element.Partition != r.Partition || element.Offset != r.Batch[0].Offset+int64(i) {
						t.Errorf("element %d is %s/%d at %d", i, element.Topic, element.Partition, element.Offset)
					}
				}
				sizes = append(sizes, len(r.Batch))
			}
			slices.Sort(sizes)
			if !slices.Equal(sizes, []int{3, 5, 10, 10}) {
				t.Errorf("the batches have %v elements", sizes)
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
			admin := control(t, b, test.name)
			if a, b := committedAt(t, admin, "t", 0).offset, committedAt(t, admin, "t", 1).offset; a != 25 || b != 3 {
				t.Errorf("committed %d and %d", a, b)
			}
		})
	}
}

// A part batch that was never pushed is not finished by what lies behind it.
func TestPartBatchAtStop(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 15)...)
	transaction(t, b, "a", "t", "abort", "x")
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.node.batchSize, o.node.batchTimeout = 10, time.Hour }, "t"), in)
	eventually(t, "the first batch is read", func() bool { return in.count() == 10 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	// Either the look at the tail pushed the rest before, or nobody did.
	if got := committedAt(t, control(t, b, "g"), "t", 0).offset; got != int64(in.count()) && !(in.count() == 15 && got == 17) {
		t.Errorf("committed %d after %d were pushed", got, in.count())
	}
}

func TestBatchOrigin(t *testing.T) {
	at := time.UnixMilli(5)
	one := &engine.Record{Key: []byte("k"), Timestamp: at, Offset: 7, Known: engine.KnownAll}
	same := &engine.Record{Key: []byte("k"), Timestamp: at, Offset: 8, Known: engine.KnownAll}
	other := &engine.Record{Timestamp: at.Add(1), Offset: 9, Known: engine.KnownAll}
	place := engine.KnownTopic | engine.KnownPartition
	for _, test := range []struct {
		records []*engine.Record
		want    engine.Known
	}{
		{[]*engine.Record{one}, engine.KnownAll},
		{[]*engine.Record{one, same}, place | engine.KnownKey | engine.KnownTimestamp},
		{[]*engine.Record{one, other}, place},
		{[]*engine.Record{other, {Key: []byte{}, Timestamp: other.Timestamp}}, place | engine.KnownTimestamp},
	} {
		if got := batchOf(test.records).Known; got != test.want {
			t.Errorf("%d records: known %b, want %b", len(test.records), got, test.want)
		}
	}
}

// A full claim is not fetched, while the others and the membership go on.
func TestFullClaimPauses(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 2})
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "the partitions are claimed", func() bool { return in.claim("t", 0) != nil && in.claim("t", 1) != nil })
	in.claim("t", 0).setFull(true)
	value := strings.Repeat("v", 10_000)
	produceValues(t, b, "t", 0, value) // the loop looks whether there is room when something comes
	eventually(t, "fetching is paused", func() bool {
		c := claimOf(source.group, place{"t", 0})
		return c.holding.Load()
	})
	paused := in.claim("t", 0)
	fetches := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "t", Partitions: []int32{0}, Observe: true, Count: -1})
	for range 20 {
		produceValues(t, b, "t", 0, value, value, value)
		produceValues(t, b, "t", 1, value)
	}
	eventually(t, "the other partition goes on", func() bool { return len(in.offsets("t", 1)) == 20 })
	if n := fetches.Hits(); n > 1 { // one may have been under way
		t.Errorf("%d fetches of a full claim", n)
	}
	before := len(in.offsets("t", 0))
	if before == 61 {
		t.Error("all of the full claim was read")
	}
	paused.setFull(false)
	eventually(t, "the rest comes", func() bool { return len(in.offsets("t", 0)) == 61 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// What the engine does not want yet is not pushed.
func TestClaimKeepsPace(t *testing.T) {
	const all = 3 * sliceSize
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, slices.Repeat([]string{strings.Repeat("v", 1000)}, all)...)
	in := newIntake(nil)
	in.pace = make(chan struct{})
	g := newSource(t, b, nil, "t")
	g.pacing.limit = time.Hour
	source := runSource(t, g, in)
	for pushed := 0; pushed < all; pushed = in.count() {
		select {
		case in.pace <- struct{}{}:
		case <-time.After(20 * time.Second):
			t.Fatal("the claim does not wait for leave")
		}
		eventually(t, "more is pushed", func() bool { return in.count() > pushed })
		if n := in.count() - pushed; n > sliceSize {
			t.Errorf("%d records are pushed at once", n)
		}
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// What crowds may be others', and may stay: a claim does not wait for ever.
func TestClaimWaitsForPaceForAMomentOnly(t *testing.T) {
	const all = 3 * sliceSize
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("v", all)...)
	in := newIntake(nil)
	in.pace = make(chan struct{})
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is pushed", func() bool { return in.count() == all })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func claimOf(g *group, p place) *claim {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.claims[p]
}

func TestFetchErrors(t *testing.T) {
	for _, test := range []struct {
		code  *kerr.Error
		halts string
	}{
		{kerr.CorruptMessage, "reading t/0"},
		{kerr.UnknownServerError, "reading t/0"},
		{kerr.TopicAuthorizationFailed, "t/0"},
		{kerr.NotLeaderForPartition, ""},
		{kerr.OffsetOutOfRange, "reading t/0"},
		{kerr.InvalidRequest, "reading t/0"},
		{kerr.UnknownTopicOrPartition, ""},
		{kerr.LeaderNotAvailable, ""},
		{kerr.ReplicaNotAvailable, ""},
		{kerr.FencedLeaderEpoch, ""},
		{kerr.UnknownLeaderEpoch, ""},
		{kerr.OffsetNotAvailable, ""},
		{kerr.KafkaStorageError, ""},
	} {
		t.Run(test.code.Message, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			produceValues(t, b, "t", 0, "x")
			in := newIntake(nil)
			source := runSource(t, newSource(t, b, nil, "t"), in)
			eventually(t, "the first is read", func() bool { return in.count() == 1 })
			fault := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: test.code, Topic: "t"})
			eventually(t, "a fetch fails", func() bool { return fault.Hits() > 0 })
			produceValues(t, b, "t", 0, "y")
			if test.halts == "" {
				eventually(t, "it goes on", func() bool { return in.count() == 2 })
				if err := source.close(t); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err := source.result(t); err == nil || !strings.Contains(err.Error(), test.halts) || !strings.Contains(err.Error(), "source in") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// Retention passes the position of a claim that is paused.
func TestRetentionPassesAPausedClaim(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, "x")
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "the first is read", func() bool { return in.count() == 1 })
	in.claim("t", 0).setFull(true)
	produceValues(t, b, "t", 0, "y")
	eventually(t, "fetching is paused", func() bool { return claimOf(source.group, place{"t", 0}).holding.Load() })
	value := strings.Repeat("v", 100_000)
	for range 30 { // more than what is fetched at once
		produceValues(t, b, "t", 0, value)
	}
	if err := b.Cluster().DeleteRecords("t", 0, 32); err != nil {
		t.Fatal(err)
	}
	produceValues(t, b, "t", 0, "z")
	in.claim("t", 0).setFull(false)
	if err := source.result(t); err == nil || !strings.Contains(err.Error(), "are lost") {
		t.Errorf("the error is %v", err)
	}
}

// The brokers go away and come back: the source goes on where it was.
func TestBrokerRestart(t *testing.T) {
	folder := t.TempDir()
	start := func(listen string) *embedded.Broker {
		b, err := embedded.Start(embedded.Options{DataDir: folder, Listen: listen, Topics: map[string]int32{"t": 1}, Cluster: []kfake.Opt{
			kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := start("")
	address := b.Addresses()[0]
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = start(address)
	defer b.Close()
	produceValues(t, b, "t", 0, numbered("b", 10)...)
	admin := control(t, b, "g")
	eventually(t, "the rest is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 20 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// The brokers are gone for good: Close says what it could not commit, in time.
func TestCloseWithoutBrokers(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 2})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	produceValues(t, b, "t", 1, numbered("a", 10)...)
	in := newIntake(never)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 20 })
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	in.finish("t", 0, 0, 1, 2)
	source.cancel()
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	source.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		source.err = source.Close(ctx)
	})
	if source.err == nil {
		t.Error("Close says nothing of what was not committed")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Close took %s", took)
	}
}

// Nothing is pushed after Run has returned, while commits go on.
func TestStop(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(never)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	source.cancel()
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	produceValues(t, b, "t", 0, numbered("late", 10)...)
	in.finish("t", 0, 0, 1, 2)
	admin := control(t, b, "g")
	eventually(t, "commits go on", func() bool { return committedAt(t, admin, "t", 0).offset == 3 })
	if in.count() != 10 {
		t.Errorf("%d records were pushed", in.count())
	}
	if len(in.revoked) != 0 {
		t.Error("the claim was given up")
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}
