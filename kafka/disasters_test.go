package kafka

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/engine"
	"waterhealer/healer"
	"waterhealer/kafka/embedded"
)

// What has gone wrong elsewhere, in this program's own words. Each test breaks
// if the guard that it names is taken away.

// observe counts requests of a kind from now on.
func observe(b *embedded.Broker, key kmsg.Key) *kfake.FaultHandle {
	return b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{key}, Observe: true, Count: -1})
}

// commitsPass waits long enough for several commits to have come and gone.
func commitsPass(t *testing.T, b *embedded.Broker) {
	t.Helper()
	beats := observe(b, kmsg.Heartbeat)
	defer beats.Remove()
	eventually(t, "time passes", func() bool { return beats.Hits() >= 4 })
}

// Records that were fetched, but have not reached the engine when their
// partition is revoked, count for nothing: they go to the next owner. A client
// that commits its position at a revoke loses them.
func TestDisasterRevokeBetweenFetchAndProcessing(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			const each = 2 * sliceSize
			b := sourceBroker(t, map[string]int32{"t": 2})
			for p := range int32(2) {
				produceValues(t, b, "t", p, numbered("v", each)...)
			}
			with := func(o *sourceTest) { o.membership.rebalance = []string{strategy} }
			one, two := newIntake(nil), newIntake(nil)
			gate, waiting := make(chan struct{}), atomic.Int32{}
			one.onPush = func(*fakeClaim) { waiting.Add(1); <-gate }
			first := runSource(t, newSource(t, b, with, "t"), one)
			eventually(t, "both claims have fetched", func() bool { return waiting.Load() == 2 })

			syncs := observe(b, kmsg.SyncGroup)
			second := runSource(t, newSource(t, b, with, "t"), two)
			eventually(t, "the first member is told to give up", func() bool {
				return syncs.Hits() >= 2 || claimOf(first.group, place{"t", 0}).session.Context().Err() != nil
			})
			close(gate)
			eventually(t, "the members share", func() bool { return len(one.held()) == 1 && len(two.held()) == 1 })
			admin := control(t, b, "g")
			for p := range int32(2) {
				eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", p).offset == each })
				seen := slices.Concat(one.offsets("t", p), two.offsets("t", p))
				slices.Sort(seen)
				if got := len(slices.Compact(seen)); got != each {
					t.Errorf("partition %d: %d of %d records were processed", p, got, each)
				}
			}
			if err := errors.Join(first.close(t), second.close(t)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// leaky is an engine that goes on counting after a revoke. Nothing of what it
// counts then may be committed.
type leaky struct{ *fakeIntake }

func (l leaky) Revoke(_ context.Context, t tracker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoked = append(l.revoked, t.(*fakeClaim))
}

// An acknowledgement that comes after the revoke changes neither what is
// committed nor what the new owner knows. A client that lacked this lost 10,433
// records when a slow output answered late.
func TestDisasterLateAckAfterARevoke(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 2})
			for p := range int32(2) {
				produceValues(t, b, "t", p, numbered("v", 10)...)
			}
			with := func(o *sourceTest) { o.membership.rebalance = []string{strategy} }
			one, two := newIntake(never), newIntake(never)
			first := runSource(t, newSource(t, b, with, "t"), leaky{one})
			eventually(t, "the first member has read all", func() bool { return one.count() == 20 })
			stale := map[int32]*fakeClaim{0: one.claim("t", 0), 1: one.claim("t", 1)}
			second := runSource(t, newSource(t, b, with, "t"), two)
			eventually(t, "the second member has read its share", func() bool { return two.count() == 10 && len(one.held()) == 1 })

			admin := control(t, b, "g")
			moved := two.held()[0]
			for offset := range int64(10) {
				stale[moved].acks[offset].Release()
			}
			two.finish("t", moved, 3)
			commitsPass(t, b)
			found := committedAt(t, admin, "t", moved)
			holes, err := decodeMetadata(found.metadata, second.ground(place{"t", moved}, found.offset))
			if err != nil || found.offset != 0 || holes.Len() != 1 || !holes.Contains(3) {
				t.Errorf("committed %d with %d finished beyond, %v; want 0, and offset 3", found.offset, holes.Len(), err)
			}
			if err := errors.Join(first.close(t), second.close(t)); err != nil {
				t.Fatal(err)
			}
			if found = committedAt(t, admin, "t", moved); found.offset != 0 {
				t.Errorf("committed %d in the end", found.offset)
			}
		})
	}
}

// A partition that is added while the group runs is read from its first record
// on, also with `start: latest`: what was written before the group noticed it
// would be lost otherwise.
func TestDisasterFirstRecordsOfANewPartition(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			firstRecordsOfANewPartition(t, b, "t", func(o *sourceTest) { o.membership.rebalance = []string{strategy} })
		})
	}
}

func firstRecordsOfANewPartition(t *testing.T, b brokers, topic string, with func(*sourceTest)) {
	produceValues(t, b, topic, 0, numbered("old", 5)...)
	latest := func(o *sourceTest) {
		o.node.start = startPolicy{logEnd}
		with(o)
	}
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, latest, topic), in)
	eventually(t, "the partition is claimed", func() bool { return in.claim(topic, 0) != nil })
	addPartitions(t, b.Addresses(), topic, 2)
	produceValues(t, b, topic, 1, numbered("added", 3)...)
	// It takes some seconds; a minute is too long.
	eventuallyWithin(t, 45*time.Second, "the new partition is read", func() bool { return slices.Equal(in.offsets(topic, 1), []int64{0, 1, 2}) })
	produceValues(t, b, topic, 0, "new")
	eventually(t, "the old one goes on", func() bool { return slices.Equal(in.offsets(topic, 0), []int64{5}) })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	admin := control(t, b, source.group.group)
	if got := committedAt(t, admin, topic, 1).offset; got != 3 {
		t.Errorf("the new partition is committed at %d", got)
	}
}

// A commit whose connection broke may reach the broker behind a newer one. The
// committed offset must not stay where that takes it.
func TestDisasterCommitReorderedBehindANewerOne(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("v", 10)...)
	in := newIntake(never)
	// No interval passes: what is in doubt does not wait for one.
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.settings.CommitInterval = time.Hour }, "t"), in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	lost := make(chan *kmsg.OffsetCommitRequest, 1)
	b.Cluster().ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		lost <- r.(*kmsg.OffsetCommitRequest)
		return nil, errors.New("the connection breaks"), true // once
	})
	in.finish("t", 0, 0, 1, 2, 3, 4)
	if err := source.commit(t.Context(), source.live()); !passing(err) {
		t.Errorf("the commit without an answer: %v", err)
	}
	late := <-lost
	in.finish("t", 0, 5, 6, 7, 8, 9)
	admin := control(t, b, "g")
	eventually(t, "the newer one is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 10 })

	request := sarama.NewOffsetCommitRequest(admin.client.Config(), "g")
	request.ConsumerGroupGeneration, request.ConsumerID = late.Generation, late.MemberID
	older := late.Topics[0].Partitions[0]
	request.AddBlockWithLeaderEpoch("t", 0, older.Offset, -1, 0, *older.Metadata)
	err := admin.atCoordinator(func(broker *sarama.Broker) error {
		response, err := broker.CommitOffset(request)
		if err == nil && response.Errors["t"][0] != sarama.ErrNoError {
			return response.Errors["t"][0]
		}
		return err
	})
	if err != nil || older.Offset != 5 {
		t.Fatalf("the late commit of %d: %v", older.Offset, err)
	}
	eventually(t, "the newer one is committed again", func() bool { return committedAt(t, admin, "t", 0).offset == 10 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// The brokers' offset.metadata.max.bytes is lowered while the group runs: the
// offset is committed all the same, at once, then with as much of the map as
// the brokers take. Elsewhere the group stopped committing, or crashed.
func TestDisasterMetadataTooLarge(t *testing.T) {
	for _, code := range []*kerr.Error{kerr.OffsetMetadataTooLarge, kerr.InvalidCommitOffsetSize} {
		t.Run(code.Message, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 1})
			produceValues(t, b, "t", 0, numbered("v", 4000)...)
			var limit atomic.Int64
			limit.Store(4096)
			var mu sync.Mutex
			var sent []string // all metadata since the limit was lowered
			b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: code, Count: -1, When: func(r kmsg.Request) bool {
				metadata := *r.(*kmsg.OffsetCommitRequest).Topics[0].Partitions[0].Metadata
				mu.Lock()
				defer mu.Unlock()
				sent = append(sent, metadata)
				return len(metadata) > int(limit.Load())
			}})
			log := &lines{}
			with := func(o *sourceTest) { o.settings.Logger = slog.New(slog.NewTextHandler(log, nil)) }
			seed := uint64(1)
			in := newIntake(func(r *engine.Record) bool { // holes that hardly compress
				seed = seed*6364136223846793005 + 1442695040888963407
				return r.Offset > 1 && seed>>63 == 1
			})
			source := runSource(t, newSource(t, b, with, "t"), in)
			admin := control(t, b, "g")
			eventually(t, "a large map is committed", func() bool { return in.count() == 4000 && len(committedAt(t, admin, "t", 0).metadata) > 600 })
			limit.Store(300)
			mu.Lock()
			sent = nil
			mu.Unlock()
			in.finish("t", 0, 0)
			eventually(t, "a smaller map is committed", func() bool {
				now := committedAt(t, admin, "t", 0)
				return now.offset == 1 && strings.HasPrefix(now.metadata, "wh1:") && len(now.metadata) <= 300
			})
			mu.Lock()
			if len(sent) < 2 || len(sent[0]) <= 300 || !strings.HasPrefix(sent[1], topicPrefix) {
				t.Errorf("after the refusal it was not committed without a map at once: %q", sent)
			}
			mu.Unlock()
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
			if refused, cut := log.count("the brokers refuse the metadata"), log.count("do not all fit"); refused != 1 || cut != 1 {
				t.Errorf("the refusal was said %d times, the cut %d times", refused, cut)
			}
			again := newIntake(never)
			source = runSource(t, newSource(t, b, nil, "t"), again)
			eventually(t, "the rest is read again", func() bool { return again.claim("t", 0) != nil })
			inherited := again.claim("t", 0).options.Inherited
			if inherited.Len() < 100 {
				t.Errorf("only %d offsets of the map came through", inherited.Len())
			}
			for r := range inherited.Ranges() {
				for offset := r.First; offset <= r.Last; offset++ {
					if !in.claim("t", 0).acks[offset].Finished() {
						t.Fatalf("offset %d is marked and was not finished", offset)
					}
				}
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// fullMaps is an engine that holds, once it is told to, a head on every
// partition, with as many finished offsets behind it as fit into a map.
type fullMaps struct {
	*fakeIntake
	holes healer.Holes
	full  atomic.Bool
}

type fullClaim struct {
	*fakeClaim
	by *fullMaps
}

func newFullMaps() *fullMaps {
	seed := uint64(1)
	var ranges []healer.Range
	for offset := range int64(40_000) {
		if seed = seed*6364136223846793005 + 1442695040888963407; seed>>63 == 1 {
			ranges = append(ranges, healer.Range{First: offset + 1, Last: offset + 1})
		}
	}
	return &fullMaps{fakeIntake: newIntake(never), holes: healer.NewHoles(ranges...)}
}

func (f *fullMaps) Claim(o engine.ClaimOptions) tracker {
	return fullClaim{f.fakeIntake.Claim(o).(*fakeClaim), f}
}

func (f *fullMaps) Revoke(ctx context.Context, t tracker) {
	f.fakeIntake.Revoke(ctx, t.(fullClaim).fakeClaim)
}

func (c fullClaim) Progress() (int64, healer.Holes) {
	if c.by.full.Load() {
		return 0, c.by.holes
	}
	return 0, healer.Holes{}
}

// fullMapsInOneCommit commits 250 maps of 4096 bytes at once, 1 MB, and checks
// that each is there afterwards.
func fullMapsInOneCommit(t *testing.T, b brokers, topic string, with func(*sourceTest)) {
	const partitions = 250
	in := newFullMaps()
	g := newSource(t, b, func(o *sourceTest) {
		with(o)
	}, topic)
	source := runSource(t, g, in)
	began := time.Now()
	eventuallyWithin(t, 3*longEnough, "all partitions are claimed", func() bool { return len(g.live()) == partitions })
	t.Logf("claimed after %s", time.Since(began))
	in.full.Store(true)
	admin := control(t, b, g.group)
	places := make([]place, partitions)
	for i := range places {
		places[i] = place{topic, int32(i)}
	}
	eventuallyWithin(t, 3*longEnough, "all maps are committed", func() bool {
		found, err := admin.committedOffsets(t.Context(), places)
		if err != nil {
			t.Fatal(err)
		}
		for p, c := range found {
			if !strings.HasPrefix(c.metadata, "wh1:") {
				return false
			}
			holes, err := decodeMetadata(c.metadata, g.ground(p, 0))
			if err != nil || len(c.metadata) < 4090 || len(c.metadata) > 4096 || holes.Len() < 8000 {
				t.Fatalf("%s: a map of %d offsets in %d bytes, %v", p, holes.Len(), len(c.metadata), err)
			}
		}
		return true
	})
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// 250 full maps are more than brokers take in one request: they write each into
// one batch, of 1 MiB at most. Unsplit, none of the offsets would be committed.
func TestDisasterManyFullMapsInOneCommit(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 250})
	var mu sync.Mutex
	sizes := make(map[kmsg.Request]int) // of requests with maps; the broker looks at each several times
	b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Observe: true, Count: -1, When: func(r kmsg.Request) bool {
		partitions, bytes := r.(*kmsg.OffsetCommitRequest).Topics[0].Partitions, 0
		for _, p := range partitions {
			bytes += len(*p.Metadata)
		}
		if strings.HasPrefix(*partitions[0].Metadata, "wh1:") {
			mu.Lock()
			defer mu.Unlock()
			sizes[r] = bytes
		}
		return true
	}})
	fullMapsInOneCommit(t, b, "t", func(*sourceTest) {})
	mu.Lock()
	defer mu.Unlock()
	for _, bytes := range sizes {
		if bytes > maxCommitBytes {
			t.Errorf("a request holds %d bytes of metadata", bytes)
		}
	}
	if len(sizes) != 2 {
		t.Errorf("%d requests, want 2", len(sizes))
	}
}
