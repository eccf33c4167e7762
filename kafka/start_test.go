package kafka

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/configs"
)

func TestReadStart(t *testing.T) {
	for text, want := range map[string]int64{
		"earliest": logStart, "latest": logEnd, "1970-01-01T00:00:01Z": 1000, "1970-01-01T01:00:00.5+01:00": 500,
		"1960-01-01T00:00:00Z": 0, // a negative time would be one of the brokers' words
	} {
		got, err := readStart(text)
		if err != nil || got.time != want {
			t.Errorf("%s: %d, %v; want %d", text, got.time, err, want)
		}
	}
	for _, text := range []string{"", "newest", "2026-01-31", "1700000000"} {
		if _, err := readStart(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestStartPolicy(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 2})
	began := time.UnixMilli(1_700_000_000_000)
	for partition := range int32(2) {
		var messages []*sarama.ProducerMessage
		for i := range 10 {
			messages = append(messages, &sarama.ProducerMessage{
				Topic: "t", Partition: partition, Value: sarama.StringEncoder("v"),
				Timestamp: began.Add(time.Duration(i) * time.Second),
			})
		}
		produceAll(t, b, messages[:10-5*partition]...) // the second has five
	}
	for _, test := range []struct {
		group string
		start string
		want  []int64
	}{
		{"early", "earliest", []int64{0, 0}},
		{"late", "latest", []int64{10, 5}},
		{"between", began.Add(3 * time.Second).UTC().Format(time.RFC3339), []int64{3, 3}},
		{"past-one", began.Add(7 * time.Second).UTC().Format(time.RFC3339), []int64{7, 5}},
		{"past-all", began.Add(time.Hour).UTC().Format(time.RFC3339), []int64{10, 5}},
	} {
		t.Run(test.group, func(t *testing.T) {
			policy, err := readStart(test.start)
			if err != nil {
				t.Fatal(err)
			}
			in := newIntake(never)
			source := runSource(t, newSource(t, b, func(o *sourceTest) {
				o.membership.group, o.node.start = test.group, policy
			}, "t"), in)
			admin := control(t, b, test.group)
			for partition, want := range test.want {
				eventually(t, "the partition is claimed", func() bool { return in.claim("t", int32(partition)) != nil })
				if got := in.claim("t", int32(partition)).options.Start; got != want {
					t.Errorf("partition %d: claimed at %d, want %d", partition, got, want)
				}
				if got := committedAt(t, admin, "t", int32(partition)).offset; got != want {
					t.Errorf("partition %d: committed %d, want %d", partition, got, want)
				}
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestStartAppliesOncePerTopic(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	latest := func(o *sourceTest) { o.node.start = startPolicy{logEnd} }
	produceValues(t, b, "t", 0, numbered("old", 5)...)
	first := newIntake(nil)
	source := runSource(t, newSource(t, b, latest, "t"), first)
	eventually(t, "the partition is claimed", func() bool { return first.claim("t", 0) != nil })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}

	produceValues(t, b, "t", 0, numbered("new", 5)...)
	addPartitions(t, b.Addresses(), "t", 2)
	produceValues(t, b, "t", 1, numbered("added", 3)...)
	second := newIntake(nil)
	source = runSource(t, newSource(t, b, latest, "t"), second)
	eventually(t, "what came in between is read", func() bool { return second.count() == 8 })
	if got := second.offsets("t", 1); !slices.Equal(got, []int64{0, 1, 2}) {
		t.Errorf("of the new partition: %v", got)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func addPartitions(t *testing.T, brokers []string, topic string, count int32) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(brokers, Connection{Brokers: brokers}.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.CreatePartitions(topic, count, nil, false); err != nil {
		t.Fatal(err)
	}
}

// A topic is added to a group whose other members are running: only a member
// may commit its start offsets.
func TestStartOfATopicThatJoinsARunningGroup(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1, "u": 2})
	produceValues(t, b, "u", 0, numbered("old", 5)...)
	produceValues(t, b, "u", 1, numbered("old", 7)...)
	old := newIntake(nil)
	oldSource := runSource(t, newSource(t, b, nil, "t"), old)
	eventually(t, "the old member has its partition", func() bool { return old.claim("t", 0) != nil })

	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.node.start = startPolicy{logEnd} }, "t", "u"), in)
	eventually(t, "the new topic is claimed", func() bool { return in.claim("u", 0) != nil && in.claim("u", 1) != nil })
	produceValues(t, b, "u", 0, "new")
	eventually(t, "the new record is read", func() bool { return slices.Equal(in.offsets("u", 0), []int64{5}) })
	admin := control(t, b, "g")
	if got := committedAt(t, admin, "u", 1).offset; got != 7 {
		t.Errorf("partition 1 is committed at %d", got)
	}
	if err := errors.Join(source.close(t), oldSource.close(t)); err != nil {
		t.Fatal(err)
	}
}

func TestTopicMissing(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	source := runSource(t, newSource(t, b, nil, "t", "nope", "nada"), newIntake(nil))
	err := source.result(t)
	if !errors.Is(err, errMissing) || !strings.Contains(err.Error(), "nope") || !strings.Contains(err.Error(), "nada") {
		t.Errorf("the error is %v", err)
	}
	_, states, err := control(t, b, "g").describe(context.Background(), []string{"nope"})
	if err != nil || !states["nope"].missing {
		t.Errorf("asking has made the topic: %+v, %v", states, err)
	}
}

func TestBrokersAway(t *testing.T) {
	g := newSource(t, sourceBroker(t, nil), func(o *sourceTest) { o.settings.ConnectTimeout = 300 * time.Millisecond }, "t")
	g.connection.Brokers = []string{"127.0.0.1:1"}
	source := runSource(t, g, newIntake(nil))
	if err := source.result(t); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("the error is %v", err)
	}
}

// commitAs commits offsets as an administrator would.
func commitAs(t *testing.T, c *cluster, metadata string, offsets map[place]int64) {
	t.Helper()
	request := sarama.NewOffsetCommitRequest(c.client.Config(), c.group)
	for p, offset := range offsets {
		request.AddBlockWithLeaderEpoch(p.topic, p.partition, offset, -1, 0, metadata)
	}
	err := c.persist(t.Context(), "committing", func() error {
		return c.atCoordinator(func(broker *sarama.Broker) error {
			response, err := broker.CommitOffset(request)
			for _, codes := range response.Errors {
				for _, code := range codes {
					if code != sarama.ErrNoError {
						return code
					}
				}
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCommittedOffsetOutOfRange(t *testing.T) {
	for _, test := range []struct {
		name      string
		committed int64
		deleted   int64
		want      []string
	}{
		{"behind retention", 3, 6, []string{"offsets 3 to 5 are lost", "waterhealer offsets p.yaml --set in/t/0=6 --yes"}},
		{"beyond the end", 30, 0, []string{"offset 30 is committed but the log ends at 10", "--set in/t/0=10 --yes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := sourceBroker(t, map[string]int32{"t": 1})
			produceValues(t, b, "t", 0, numbered("a", 10)...)
			commitAs(t, control(t, b, "g"), "", map[place]int64{{"t", 0}: test.committed})
			if test.deleted > 0 {
				if err := b.Cluster().DeleteRecords("t", 0, test.deleted); err != nil {
					t.Fatal(err)
				}
			}
			joins := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Observe: true, Count: -1})
			in := newIntake(nil)
			source := runSource(t, newSource(t, b, func(o *sourceTest) { o.node.position = configs.Position{File: "p.yaml", Line: 1} }, "t"), in)
			err := source.result(t)
			if !errors.Is(err, sarama.ErrOffsetOutOfRange) {
				t.Fatalf("the error is %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
			if n := in.count(); n != 0 {
				t.Errorf("%d records were read", n)
			}
			if joins.Hits() != 0 {
				t.Error("the group was joined")
			}
		})
	}
}

// The log that a committed offset belongs to is gone, and the new one of its
// name has that offset too: reading on would be a silent jump.
func TestTopicMadeAnewBetweenRuns(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	for name, hold := range map[string]int64{"no hole": -1, "a hole": 5} {
		t.Run(name, func(t *testing.T) {
			in := newIntake(nil)
			if hold >= 0 {
				in = newIntake(never)
			}
			source := runSource(t, newSource(t, b, func(o *sourceTest) { o.membership.group = name }, "t"), in)
			eventually(t, "all is read", func() bool { return in.count() == 10 })
			if hold >= 0 {
				in.finish("t", 0, hold)
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
	left := make(map[string]committed)
	for _, group := range []string{"no hole", "a hole"} {
		left[group] = committedAt(t, control(t, b, group), "t", 0)
	}
	if err := b.Cluster().DeleteTopic("t"); err != nil {
		t.Fatal(err)
	}
	if err := b.CreateTopic("t", 1); err != nil {
		t.Fatal(err)
	}
	produceValues(t, b, "t", 0, numbered("b", 20)...)
	for _, group := range []string{"no hole", "a hole"} {
		// Brokers forget the offsets of a deleted topic, but not those of a group
		// that somebody restores or mirrors.
		commitAs(t, control(t, b, group), left[group].metadata, map[place]int64{{"t", 0}: left[group].offset})
		in := newIntake(nil)
		source := runSource(t, newSource(t, b, func(o *sourceTest) { o.membership.group = group }, "t"), in)
		if err := source.result(t); !errors.Is(err, errAnew) || !strings.Contains(err.Error(), "--set in/t/0=earliest --yes") {
			t.Errorf("%s: the error is %v", group, err)
		}
		if n := in.count(); n != 0 {
			t.Errorf("%s: %d records were read", group, n)
		}
	}
}

// The new topic has the offsets that the claim goes on with, so that nothing
// else than its id tells.
func TestTopicMadeAnewWhileRunning(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1, "u": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t", "u"), in)
	admin := control(t, b, "g")
	eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 10 })
	in.claim("t", 0).setFull(true)
	produceValues(t, b, "t", 0, "paused")
	eventually(t, "fetching is paused", func() bool { return claimOf(source.group, place{"t", 0}).holding.Load() })
	without := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Observe: true, Count: -1, When: func(r kmsg.Request) bool {
		topics := r.(*kmsg.FetchRequest).Topics
		return len(topics) == 1 && topics[0].Topic == "u"
	}})
	eventually(t, "no fetch is under way", func() bool { return without.Hits() > 0 })
	eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 11 })
	if err := b.Cluster().DeleteTopic("t"); err != nil {
		t.Fatal(err)
	}
	if err := b.CreateTopic("t", 1); err != nil {
		t.Fatal(err)
	}
	produceValues(t, b, "t", 0, numbered("b", 20)...)
	in.claim("t", 0).setFull(false)
	if err := source.result(t); !errors.Is(err, errAnew) {
		t.Errorf("the error is %v", err)
	}
	_ = source.close(t)
	if got := committedAt(t, admin, "t", 0); got.offset > 11 {
		t.Errorf("committed %d to another topic", got.offset)
	}
}

func TestTopicDeletedWhileRunning(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	if err := b.Cluster().DeleteTopic("t"); err != nil {
		t.Fatal(err)
	}
	if err := source.result(t); !errors.Is(err, errDeleted) {
		t.Errorf("the error is %v", err)
	}
}
