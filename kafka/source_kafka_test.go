//go:build kafka

package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/engine"
	"waterhealer/kafka/kafkatest"
)

// The behaviour of sources that depends on how brokers answer, against a real
// Apache Kafka.
func TestKafkaSource(t *testing.T) {
	c := kafkatest.Run(t, kafkatest.Options{Properties: map[string]string{
		"message.max.bytes": "104857600", "socket.request.max.bytes": "209715200",
		"group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "500", "log.cleaner.backoff.ms": "100",
	}})
	for name, test := range map[string]func(*testing.T, *kafkatest.Cluster, string){
		"commits":        kafkaCommits,
		"tails":          kafkaTails,
		"start":          kafkaStart,
		"out of range":   kafkaOutOfRange,
		"made anew":      kafkaMadeAnew,
		"rebalance":      kafkaRebalance,
		"static":         kafkaStatic,
		"huge":           kafkaHuge,
		"compaction":     kafkaCompaction,
		"running group":  kafkaRunningGroup,
		"missing topic":  kafkaMissing,
		"metadata limit": kafkaMetadataLimit,
		"status":         kafkaStatus,
	} {
		t.Run(name, func(t *testing.T) { test(t, c, strings.ReplaceAll(name, " ", "-")) })
	}
}

func kafkaTopic(t *testing.T, c *kafkatest.Cluster, topic string, partitions int32, settings map[string]string) {
	t.Helper()
	client, err := kafkatest.Connect(c.Addresses())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.CreateTopic(t.Context(), topic, partitions, settings); err != nil {
		t.Fatal(err)
	}
}

func inGroup(group string, change func(*sourceTest)) func(*sourceTest) {
	return func(o *sourceTest) {
		o.membership.group = group
		if change != nil {
			change(o)
		}
	}
}

func untilEnd(o *sourceTest) { o.settings.UntilEnd = true }

// mustRun runs a source to its end.
func mustRun(t *testing.T, g *group, in *fakeIntake) {
	t.Helper()
	source := runSource(t, g, in)
	if err := source.result(t); err != nil {
		t.Fatal(err)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

func kafkaCommits(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 2, nil)
	produceValues(t, c, topic, 0, numbered("a", 1000)...)
	produceValues(t, c, topic, 1, numbered("b", 1000)...)
	in := newIntake(func(r *engine.Record) bool { return r.Partition != 0 || r.Offset%100 != 50 })
	mustRun(t, newSource(t, c, inGroup(topic, untilEnd), topic), in)
	admin := control(t, c, topic)
	if a, b := committedAt(t, admin, topic, 0), committedAt(t, admin, topic, 1); a.offset != 50 || b.offset != 1000 {
		t.Errorf("committed %+v and %+v", a, b)
	}
	again := newIntake(nil)
	mustRun(t, newSource(t, c, inGroup(topic, untilEnd), topic), again)
	claim := again.claim(topic, 0)
	if claim.options.Start != 50 || !claim.options.Finished(51) || claim.options.Finished(150) {
		t.Errorf("the next claim begins at %d", claim.options.Start)
	}
	if a := committedAt(t, admin, topic, 0); a.offset != 1000 {
		t.Errorf("committed %+v", a)
	}
}

func kafkaTails(t *testing.T, c *kafkatest.Cluster, topic string) {
	for i, test := range []struct {
		steps string // p plain, c commit, a abort, o open: one record each
		want  []int64
		end   int64
	}{
		{"pc", []int64{0, 1}, 3}, {"pa", []int64{0}, 3}, {"aa", nil, 4}, {"aca", []int64{2}, 6}, {"pop", []int64{0}, 1}, {"pao", []int64{0}, 3},
	} {
		name := fmt.Sprint(topic, i)
		kafkaTopic(t, c, name, 1, nil)
		for j, how := range test.steps {
			if how == 'p' {
				produceValues(t, c, name, 0, "p")
				continue
			}
			transaction(t, c, fmt.Sprint(name, "-", j), name, map[rune]string{'c': "commit", 'a': "abort", 'o': "open"}[how], "v")
		}
		admin := control(t, c, name)
		eventually(t, "the brokers have written the markers", func() bool { // after they have answered
			ends, err := admin.ends(t.Context(), []place{{name, 0}})
			return err == nil && ends[place{name, 0}] == test.end
		})
		in := newIntake(nil)
		mustRun(t, newSource(t, c, inGroup(name, untilEnd), name), in)
		if got := in.offsets(name, 0); !slices.Equal(got, test.want) {
			t.Errorf("%s: pushed %v, want %v", test.steps, got, test.want)
		}
		if got := committedAt(t, admin, name, 0).offset; got != test.end {
			t.Errorf("%s: committed %d, want %d", test.steps, got, test.end)
		}
	}
}

func kafkaStart(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 1, nil)
	began := time.Now().Add(-time.Minute).Truncate(time.Second)
	for i := range 5 {
		produceAll(t, c, &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder("v"), Timestamp: began.Add(time.Duration(i) * time.Second)})
	}
	for text, want := range map[string]int64{
		"earliest": 0, "latest": 5,
		began.Add(3 * time.Second).UTC().Format(time.RFC3339): 3,
		began.Add(time.Hour).UTC().Format(time.RFC3339):       5,
	} {
		policy, err := readStart(text)
		if err != nil {
			t.Fatal(err)
		}
		group := topic + "-" + strings.ReplaceAll(text, ":", "-")
		in := newIntake(nil)
		mustRun(t, newSource(t, c, inGroup(group, func(o *sourceTest) { o.settings.UntilEnd, o.node.start = true, policy }), topic), in)
		if got := int64(5 - in.count()); got != want {
			t.Errorf("%s: began at %d, want %d", text, got, want)
		}
	}
}

func kafkaOutOfRange(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 1, nil)
	produceValues(t, c, topic, 0, numbered("a", 10)...)
	admin, err := sarama.NewClusterAdmin(c.Addresses(), Connection{Brokers: c.Addresses()}.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.DeleteRecords(topic, map[int32]int64{0: 6}); err != nil {
		t.Fatal(err)
	}
	for group, offset := range map[string]int64{"low": 3, "high": 30} {
		group = topic + group
		commitAs(t, control(t, c, group), "", map[place]int64{{topic, 0}: offset})
		source := runSource(t, newSource(t, c, inGroup(group, nil), topic), newIntake(nil))
		if err := source.result(t); !errors.Is(err, sarama.ErrOffsetOutOfRange) {
			t.Errorf("%d: %v", offset, err)
		}
		_ = source.close(t)
		nodes := parseSources(t, fmt.Sprintf("  - name: in\n    kafka: {brokers: [%q], group: %s, topics: %s}\n", c.Addresses()[0], group, topic))
		if _, err := SetOffsets(t.Context(), nodes, SourceSettings{}, []string{fmt.Sprintf("in/%s/0=8", topic)}); err != nil {
			t.Fatal(err)
		}
		in := newIntake(nil)
		mustRun(t, newSource(t, c, inGroup(group, untilEnd), topic), in)
		if got := in.offsets(topic, 0); !slices.Equal(got, []int64{8, 9}) {
			t.Errorf("%d: pushed %v", offset, got)
		}
	}
}

func kafkaMadeAnew(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 1, nil)
	produceValues(t, c, topic, 0, numbered("a", 10)...)
	in := newIntake(nil)
	source := runSource(t, newSource(t, c, inGroup(topic, nil), topic), in)
	group := control(t, c, topic)
	eventually(t, "all is committed", func() bool { return committedAt(t, group, topic, 0).offset == 10 })
	admin, err := sarama.NewClusterAdmin(c.Addresses(), Connection{Brokers: c.Addresses()}.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.DeleteTopic(topic); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is made again", func() bool {
		return admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false) == nil
	})
	produceValues(t, c, topic, 0, numbered("b", 20)...)
	if err := source.result(t); !errors.Is(err, errAnew) && !errors.Is(err, errDeleted) {
		t.Errorf("the error is %v", err)
	}
	_ = source.close(t)
	if got := committedAt(t, group, topic, 0).offset; got > 10 {
		t.Errorf("committed %d", got)
	}
}

func kafkaRebalance(t *testing.T, c *kafkatest.Cluster, topic string) {
	for _, strategy := range strategies {
		name := topic + strategy
		kafkaTopic(t, c, name, 4, nil)
		for p := range int32(4) {
			produceValues(t, c, name, p, numbered("a", 100)...)
		}
		with := inGroup(name, func(o *sourceTest) { o.membership.rebalance = []string{strategy} })
		one, two := newIntake(func(r *engine.Record) bool { return r.Offset%2 == 1 }), newIntake(nil)
		first := runSource(t, newSource(t, c, with, name), one)
		eventually(t, "the first member has read all", func() bool { return one.count() == 400 })
		second := runSource(t, newSource(t, c, with, name), two)
		eventually(t, "the members share", func() bool { return len(one.held()) == 2 && len(two.held()) == 2 })
		admin := control(t, c, name)
		for _, p := range two.held() {
			eventually(t, "the second member has committed", func() bool { return committedAt(t, admin, name, p).offset == 100 })
			if o := two.claim(name, p).options; !o.Finished(99) || o.Finished(98) {
				t.Errorf("%s: partition %d was not handed over with its holes", strategy, p)
			}
		}
		if err := first.close(t); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the second member has all", func() bool { return len(two.held()) == 4 })
		for p := range int32(4) {
			eventually(t, "all is committed", func() bool { return committedAt(t, admin, name, p).offset == 100 })
		}
		if err := second.close(t); err != nil {
			t.Fatal(err)
		}
	}
}

func kafkaStatic(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 2, nil)
	with := inGroup(topic, func(o *sourceTest) {
		o.membership.instance = "one"
		o.membership.sessionTimeout, o.membership.rebalanceTimeout = 30*time.Second, 60*time.Second
	})
	for i := range int64(3) {
		produceValues(t, c, topic, 0, "x")
		in := newIntake(nil)
		began := time.Now()
		source := runSource(t, newSource(t, c, with, topic), in)
		eventually(t, "the record is read", func() bool { return slices.Equal(in.offsets(topic, 0), []int64{i}) })
		t.Logf("run %d went on after %s", i, time.Since(began))
		if took := time.Since(began); i > 0 && took > 5*time.Second {
			t.Errorf("run %d took %s", i, took)
		}
		if err := source.close(t); err != nil {
			t.Fatal(err)
		}
	}
}

func kafkaHuge(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 1, map[string]string{"max.message.bytes": "104857600"})
	huge := bytes.Repeat([]byte("0123456789abcdef"), 50<<20/16)
	for _, v := range [][]byte{[]byte("before"), huge, []byte("after")} {
		produceAll(t, c, &sarama.ProducerMessage{Topic: topic, Value: sarama.ByteEncoder(v)})
	}
	in := newIntake(nil)
	mustRun(t, newSource(t, c, inGroup(topic, untilEnd), topic), in)
	if in.count() != 3 || !bytes.Equal(in.records[1].Raw, huge) {
		t.Errorf("%d records were pushed", in.count())
	}
}

// Gaps, also at the places where a claim begins, are no reason to stand still.
func kafkaCompaction(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 1, map[string]string{
		"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
		"max.compaction.lag.ms": "200", "delete.retention.ms": "0",
	})
	admin := control(t, c, topic)
	written := int64(0)
	write := func() {
		produceAll(t, c, &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder("k"), Value: sarama.StringEncoder("v")})
		written++
	}
	for range 50 {
		write()
	}
	eventually(t, "the log is compacted", func() bool {
		write()
		records, ok := countRecords(admin, place{topic, 0}, written)
		return ok && records < int(written)-40
	})
	commitAs(t, admin, "", map[place]int64{{topic, 0}: 5}) // in the middle of a gap
	in := newIntake(nil)
	mustRun(t, newSource(t, c, inGroup(topic, untilEnd), topic), in)
	if got := committedAt(t, admin, topic, 0).offset; got != written || in.count() > int(written)-40 {
		t.Errorf("committed %d of %d after %d records", got, written, in.count())
	}
}

// countRecords is how many records a log has below an offset; a fetch brings those
// of one segment at most.
func countRecords(admin *cluster, p place, below int64) (n int, ok bool) {
	for at := int64(0); at < below; {
		leader, err := admin.client.Leader(p.topic, p.partition)
		if err != nil {
			return 0, false
		}
		request := &sarama.FetchRequest{Version: fetchVersion, MaxBytes: 1 << 20, SessionEpoch: -1}
		request.AddBlock(p.topic, p.partition, at, 1<<20, -1)
		response, err := leader.Fetch(request)
		if err != nil {
			return 0, false
		}
		block := response.GetBlock(p.topic, p.partition)
		if block == nil || block.Err != sarama.ErrNoError {
			return 0, false
		}
		got, err := unpack(block, at, sarama.ReadUncommitted)
		if err != nil || got.next == at {
			return 0, false
		}
		n += got.count(int(below))
		at = got.next
	}
	return n, true
}

func kafkaRunningGroup(t *testing.T, c *kafkatest.Cluster, topic string) {
	old, fresh := topic, topic+"-fresh"
	kafkaTopic(t, c, old, 1, nil)
	kafkaTopic(t, c, fresh, 2, nil)
	produceValues(t, c, fresh, 0, numbered("old", 5)...)
	first := newIntake(nil)
	running := runSource(t, newSource(t, c, inGroup(topic, nil), old), first)
	eventually(t, "the old member has its partition", func() bool { return first.claim(old, 0) != nil })
	in := newIntake(nil)
	source := runSource(t, newSource(t, c, inGroup(topic, func(o *sourceTest) { o.node.start = startPolicy{logEnd} }), old, fresh), in)
	eventually(t, "the new topic is claimed", func() bool { return in.claim(fresh, 0) != nil && in.claim(fresh, 1) != nil })
	produceValues(t, c, fresh, 0, "new")
	eventually(t, "the new record is read", func() bool { return slices.Equal(in.offsets(fresh, 0), []int64{5}) })
	if err := errors.Join(source.close(t), running.close(t)); err != nil {
		t.Fatal(err)
	}
}

func kafkaMissing(t *testing.T, c *kafkatest.Cluster, topic string) {
	source := runSource(t, newSource(t, c, inGroup(topic, nil), topic), newIntake(nil))
	if err := source.result(t); !errors.Is(err, errMissing) {
		t.Errorf("the error is %v", err)
	}
}

// With a metadata_limit beyond the brokers', maps are as large as they take.
func kafkaMetadataLimit(t *testing.T, c *kafkatest.Cluster, topic string) {
	kafkaTopic(t, c, topic, 1, nil)
	produceValues(t, c, topic, 0, numbered("a", 60_000)...)
	seed := uint64(1)
	in := newIntake(func(r *engine.Record) bool { // holes that do not compress
		seed = seed*6364136223846793005 + 1442695040888963407
		return r.Offset > 0 && seed>>63 == 1
	})
	source := runSource(t, newSource(t, c, inGroup(topic, func(o *sourceTest) { o.node.metadataLimit = 30_000 }), topic), in)
	admin := control(t, c, topic)
	eventually(t, "as much of the map as the brokers take is committed", func() bool {
		got := committedAt(t, admin, topic, 0)
		return got.offset == 0 && strings.HasPrefix(got.metadata, "wh1:") && len(got.metadata) > 2048
	})
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}
