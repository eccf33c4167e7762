package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/engine"
)

// refuseCommits answers commits that move t/0 beyond the start.
func refuseCommits(err *kerr.Error, count int) kfake.Fault {
	return kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: err, Count: count, When: func(r kmsg.Request) bool {
		for _, topic := range r.(*kmsg.OffsetCommitRequest).Topics {
			for _, p := range topic.Partitions {
				if p.Offset > 0 {
					return true
				}
			}
		}
		return false
	}}
}

func TestCommitErrorsThatPass(t *testing.T) {
	for _, code := range []*kerr.Error{
		kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.NotCoordinator, kerr.CoordinatorNotAvailable,
		kerr.CoordinatorLoadInProgress, kerr.RequestTimedOut, kerr.UnknownTopicOrPartition,
	} {
		t.Run(code.Message, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			fault := b.Cluster().Fault(refuseCommits(code, 3))
			produceValues(t, b, "t", 0, numbered("a", 10)...)
			in := newIntake(nil)
			source := runSource(t, newSource(t, b, nil, "t"), in)
			admin := control(t, b, "g")
			eventually(t, "the commit comes through", func() bool { return committedAt(t, admin, "t", 0).offset == 10 })
			// A request that timed out at the broker has been carried out there.
			if want := 3; fault.Hits() != want && code != kerr.RequestTimedOut {
				t.Errorf("%d commits were refused, want %d", fault.Hits(), want)
			}
			if len(in.claims) != 1 {
				t.Errorf("%d claims: the assignment was given up", len(in.claims))
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestCommitErrorsForGood(t *testing.T) {
	for _, test := range []struct {
		code   *kerr.Error
		ignore bool
		halts  bool
	}{
		{kerr.GroupAuthorizationFailed, false, true},
		{kerr.TopicAuthorizationFailed, false, true},
		{kerr.TopicAuthorizationFailed, true, false},
		{kerr.FencedInstanceID, false, true},
		{kerr.FencedInstanceID, true, true},
		{kerr.UnknownServerError, false, true},
	} {
		t.Run(fmt.Sprintf("%s ignore=%v", test.code.Message, test.ignore), func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			b.Cluster().Fault(refuseCommits(test.code, 2))
			produceValues(t, b, "t", 0, numbered("a", 10)...)
			var mu sync.Mutex
			var failed int
			source := runSource(t, newSource(t, b, func(o *sourceTest) {
				o.settings.IgnoreCommitErrors = test.ignore
				o.settings.OnCommit = func(c Commit) {
					mu.Lock()
					defer mu.Unlock()
					if c.Err != nil {
						failed++
					}
				}
			}, "t"), newIntake(nil))
			if test.halts {
				err := source.result(t)
				if err == nil || !strings.Contains(err.Error(), "committing t/0 at ") { // all 10 records, or as many as were finished by then
					t.Errorf("the error is %v", err)
				}
				return
			}
			admin := control(t, b, "g")
			eventually(t, "a later commit comes through", func() bool { return committedAt(t, admin, "t", 0).offset == 10 })
			mu.Lock()
			defer mu.Unlock()
			if failed != 2 {
				t.Errorf("%d failures were told", failed)
			}
		})
	}
}

func TestCommitAsAStrangerLosesTheAssignment(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	b.Cluster().Fault(refuseCommits(kerr.UnknownMemberID, 1))
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	admin := control(t, b, "g")
	eventually(t, "the next claim commits", func() bool { return committedAt(t, admin, "t", 0).offset == 10 })
	if got := in.offsets("t", 0); len(got) != 20 {
		t.Errorf("%d records were pushed, want all of them by both claims", len(got))
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestCommitWithoutAMapThatIsRefused(t *testing.T) {
	for _, code := range []*kerr.Error{kerr.OffsetMetadataTooLarge, kerr.InvalidCommitOffsetSize} {
		t.Run(code.Message, func(t *testing.T) {
			b := sourceBroker(t, map[string]int32{"t": 1})
			b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: code, Count: -1, When: func(r kmsg.Request) bool {
				metadata := r.(*kmsg.OffsetCommitRequest).Topics[0].Partitions[0].Metadata
				return metadata != nil && strings.HasPrefix(*metadata, "wh1:")
			}})
			produceValues(t, b, "t", 0, numbered("a", 10)...)
			in := newIntake(func(r *engine.Record) bool { return r.Offset != 4 })
			source := runSource(t, newSource(t, b, nil, "t"), in)
			admin := control(t, b, "g")
			eventually(t, "the offset is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 4 })
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestCommitOfAMapAtAHeldWatermark(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 3)...)
	in := newIntake(never)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 3 })
	admin := control(t, b, "g")
	before := committedAt(t, admin, "t", 0)
	in.finish("t", 0, 1)
	eventually(t, "the map is committed", func() bool {
		now := committedAt(t, admin, "t", 0)
		return now.offset == 0 && now.metadata != before.metadata
	})
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestNoCommitWithoutAChange(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	seen := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Observe: true, Count: -1})
	produceValues(t, b, "t", 0, numbered("a", 3)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	admin := control(t, b, "g")
	eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 3 })
	hits := seen.Hits()
	metadata := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Observe: true, Count: -1})
	eventually(t, "time passes", func() bool { return metadata.Hits() >= 2 })
	if now := seen.Hits(); now != hits {
		t.Errorf("%d commits without a change", now-hits)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// Between two commits is an interval; Close does not wait for it.
func TestCommitInterval(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.CommitInterval = time.Hour }, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	heartbeats := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Observe: true, Count: -1})
	eventually(t, "time passes", func() bool { return heartbeats.Hits() >= 2 })
	admin := control(t, b, "g")
	if got := committedAt(t, admin, "t", 0).offset; got != 0 {
		t.Errorf("%d is committed before the interval is over", got)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	if got := committedAt(t, admin, "t", 0).offset; got != 10 {
		t.Errorf("%d is committed by Close", got)
	}
}

func TestNoMap(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	pairs := func(o *sourceTest) { o.node.noMap = true }
	in := newIntake(func(r *engine.Record) bool { return r.Offset != 4 })
	source := runSource(t, newSource(t, b, pairs, "t"), in)
	admin := control(t, b, "g")
	eventually(t, "the offset is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 4 })
	if got := committedAt(t, admin, "t", 0).metadata; !strings.HasPrefix(got, topicPrefix) {
		t.Errorf("the metadata is %q", got)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}

	// A map from before the operator came in is not used either.
	mapped := newIntake(func(r *engine.Record) bool { return r.Offset != 4 })
	source = runSource(t, newSource(t, b, nil, "t"), mapped)
	eventually(t, "a map is committed", func() bool { return strings.HasPrefix(committedAt(t, admin, "t", 0).metadata, "wh1:") })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	again := newIntake(nil)
	source = runSource(t, newSource(t, b, pairs, "t"), again)
	eventually(t, "the rest is read", func() bool { return again.count() == 6 })
	if again.claim("t", 0).options.Finished != nil {
		t.Error("the claim skips what the map marks")
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestMetadataOfOthersIsIgnored(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	commitAs(t, control(t, b, "g"), "wh1:nonsense", map[place]int64{{"t", 0}: 2})
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return slices.Equal(in.offsets("t", 0), []int64{2, 3, 4, 5, 6, 7, 8, 9}) })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestMigrateParallelConsumer(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 11)...)
	// Committed 5, incomplete 5 and 8, highest 10.
	commitAs(t, control(t, b, "g"), "bAAGNgA=", map[place]int64{{"t", 0}: 5})
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.node.migrate = true }, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 6 })
	claim := in.claim("t", 0)
	for offset, finished := range map[int64]bool{5: false, 6: true, 7: true, 8: false, 9: true, 10: true} {
		if claim.options.Finished(offset) != finished {
			t.Errorf("offset %d: finished %v", offset, !finished)
		}
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestSplit(t *testing.T) {
	topic := &claim{place: place{topic: "t"}}
	var changes []change
	for i := range 300 {
		changes = append(changes, change{claim: topic, offset: int64(i), metadata: strings.Repeat("m", 4096)})
	}
	total := 0
	for _, part := range split("g", changes) {
		bytes := 0
		for _, ch := range part {
			if ch.offset != int64(total) {
				t.Fatalf("offset %d at place %d", ch.offset, total)
			}
			total++
			bytes += len(ch.metadata)
		}
		if len(part) == 0 || bytes > maxCommitBytes {
			t.Errorf("a request of %d changes and %d bytes", len(part), bytes)
		}
	}
	if total != 300 {
		t.Errorf("%d changes are left", total)
	}
	if got := len(split("g", changes[:1])); got != 1 {
		t.Errorf("one change makes %d requests", got)
	}
}

// A commit that is refused at the very end is an error of Close, not silence.
func TestCloseSaysWhatWasNotCommitted(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("a", 10)...)
	in := newIntake(never)
	source := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	b.Cluster().Fault(refuseCommits(kerr.GroupAuthorizationFailed, -1))
	in.finish("t", 0, 0, 1, 2)
	if err := source.close(t); !errors.Is(err, sarama.ErrGroupAuthorizationFailed) {
		t.Errorf("the error is %v", err)
	}
}

func TestPassing(t *testing.T) {
	for _, err := range []error{
		sarama.ErrOutOfBrokers, sarama.ErrNotLeaderForPartition, fmt.Errorf("a: %w", sarama.ErrRebalanceInProgress),
		&sarama.ConsumerError{Err: sarama.ErrNotConnected},
	} {
		if !passing(err) {
			t.Errorf("%v does not pass", err)
		}
	}
	for _, err := range []error{
		nil, errors.New("unknown"), sarama.ErrOffsetOutOfRange, sarama.ErrInvalidMessage, sarama.ErrUnknown,
		sarama.ErrSASLAuthenticationFailed, sarama.ErrMessageTooLarge, sarama.PacketDecodingError{Info: "x"},
	} {
		if passing(err) {
			t.Errorf("%v passes", err)
		}
	}
}
