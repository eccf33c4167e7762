package kafka

import (
	"slices"
	"testing"

	"github.com/IBM/sarama"
)

// transaction writes values in one transaction; how ends it, or leaves it open.
func transaction(t *testing.T, b brokers, id, topic string, how string, values ...string) {
	t.Helper()
	config := Connection{Brokers: b.Addresses()}.Config()
	config.Producer.Return.Successes = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Idempotent = true
	config.Net.MaxOpenRequests = 1
	config.Producer.Transaction.ID = id
	config.Producer.Partitioner = sarama.NewManualPartitioner
	producer, err := sarama.NewSyncProducer(b.Addresses(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = producer.Close() })
	if err := producer.BeginTxn(); err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(v)}); err != nil {
			t.Fatal(err)
		}
	}
	switch how {
	case "commit":
		err = producer.CommitTxn()
	case "abort":
		err = producer.AbortTxn()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTailsThatAreNeverDelivered(t *testing.T) {
	type step struct {
		how    string // commit, abort, open; plain is no transaction
		values int
	}
	for _, test := range []struct {
		name  string
		steps []step
		want  []int64
		end   int64 // where the committed offset arrives
	}{
		{"a commit marker", []step{{"plain", 2}, {"commit", 2}}, []int64{0, 1, 2, 3}, 5},
		{"aborted records and a marker", []step{{"plain", 2}, {"abort", 3}}, []int64{0, 1}, 6},
		{"nothing but aborted records", []step{{"abort", 3}}, nil, 4},
		{"aborted between committed", []step{{"abort", 1}, {"commit", 1}, {"abort", 1}}, []int64{2}, 6},
		{"an open transaction", []step{{"plain", 2}, {"open", 3}, {"plain", 1}}, []int64{0, 1}, 2},
		{"aborted before an open one", []step{{"plain", 1}, {"abort", 1}, {"open", 1}}, []int64{0}, 3},
		{"nothing at all", nil, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			for i, s := range test.steps {
				if s.how == "plain" {
					produceValues(t, b, "t", 0, numbered("p", s.values)...)
					continue
				}
				transaction(t, b, string(rune('a'+i)), "t", s.how, numbered("t", s.values)...)
			}
			in := newIntake(nil)
			source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.UntilEnd = true }, "t"), in)
			if err := source.result(t); err != nil {
				t.Fatal(err)
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
			if got := in.offsets("t", 0); !slices.Equal(got, test.want) {
				t.Errorf("pushed %v, want %v", got, test.want)
			}
			if got := committedAt(t, control(t, b, "g"), "t", 0).offset; got != test.end {
				t.Errorf("committed %d, want %d", got, test.end)
			}
		})
	}
}

// The lag of a source that runs on reaches 0 too, and a transaction that ends
// later is read.
func TestTailOfARunningSource(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, "x")
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	admin := control(t, b, "g")
	eventually(t, "the record is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 1 })
	transaction(t, b, "a", "t", "abort", "y", "z")
	eventually(t, "the aborted tail is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 4 })
	transaction(t, b, "a", "t", "commit", "v")
	eventually(t, "the committed record and its marker are", func() bool { return committedAt(t, admin, "t", 0).offset == 6 })
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{0, 4}) {
		t.Errorf("pushed %v", got)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestReadUncommitted(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	transaction(t, b, "a", "t", "abort", "x", "y")
	transaction(t, b, "b", "t", "open", "z")
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) {
		o.membership.isolation = sarama.ReadUncommitted
		o.settings.UntilEnd = true
	}, "t"), in)
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	if got := in.offsets("t", 0); !slices.Equal(got, []int64{0, 1, 3}) {
		t.Errorf("pushed %v", got)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// A record that is held must not be passed by what lies behind it.
func TestTailBehindAHeldRecord(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, "x")
	transaction(t, b, "a", "t", "abort", "y")
	in := newIntake(never)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.UntilEnd = true }, "t"), in)
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	admin := control(t, b, "g")
	if got := committedAt(t, admin, "t", 0).offset; got != 0 {
		t.Errorf("committed %d before the record was finished", got)
	}
	in.finish("t", 0, 0)
	eventually(t, "all is committed after it", func() bool { return committedAt(t, admin, "t", 0).offset == 3 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestUntilEndTakesOnlyWhatWasThere(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1, "u": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(nil)
	in.onPush = func(*fakeClaim) { produceValues(t, b, "t", 0, "late") }
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.UntilEnd = true }, "t", "u"), in)
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	if got := in.count(); got != 10 {
		t.Errorf("%d records were pushed", got)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	if got := committedAt(t, control(t, b, "g"), "t", 0).offset; got != 10 {
		t.Errorf("committed %d", got)
	}
}

// Of two members one has nothing to read: both end.
func TestUntilEndOfMembersWithoutPartitions(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			produceValues(t, b, "t", 0, numbered("a", 10)...)
			with := func(o *sourceTest) { o.settings.UntilEnd, o.membership.rebalance = true, []string{strategy} }
			one, two := newIntake(nil), newIntake(nil)
			first := runSource(t, newSource(t, b, with, "t"), one)
			second := runSource(t, newSource(t, b, with, "t"), two)
			for _, source := range []*running{first, second} {
				if err := source.result(t); err != nil {
					t.Fatal(err)
				}
				if err := source.close(t); err != nil {
					t.Fatal(err)
				}
			}
			if n := one.count() + two.count(); n < 10 {
				t.Errorf("%d records were pushed", n)
			}
		})
	}
}
