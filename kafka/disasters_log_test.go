package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/configs"
	"waterhealer/healer"
)

// The disasters of disasters_test.go that come from logs and assignments.

// groundOf is what a map of a partition would hold on.
func groundOf(t *testing.T, c *cluster, topic string, partition int32, base int64) healer.Ground {
	t.Helper()
	id, states, err := c.describe(t.Context(), []string{topic})
	if err != nil {
		t.Fatal(err)
	}
	return healer.Ground{ClusterID: id, TopicID: states[topic].id, Partition: partition, Base: base}
}

// A map that was made for another log, or beside another offset, says nothing
// about this one: no record is skipped, and a warning says so. Maps count from
// the committed offset elsewhere, so that a copied one skips records that
// nobody has seen.
func TestDisasterMapOnAForeignLog(t *testing.T) {
	const committed = 4
	b := sourceBroker(t, map[string]int32{"t": 2})
	produceValues(t, b, "t", 0, numbered("v", 20)...)
	produceValues(t, b, "t", 1, numbered("v", 20)...)
	for name, change := range map[string]func(*healer.Ground){
		"metadata copied onto a shifted offset": func(g *healer.Ground) { g.Base -= 2 },
		"metadata of another partition":         func(g *healer.Ground) { g.Partition = 1 },
		"offsets mirrored to another cluster":   func(g *healer.Ground) { g.ClusterID = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			with := func(o *sourceTest) { o.membership.group = name }
			admin := control(t, b, name)
			ground := groundOf(t, admin, "t", 0, committed)
			change(&ground)
			metadata, _ := healer.EncodeMap(ground, healer.NewHoles(healer.Range{First: 6, Last: 15}), 4096)
			commitAs(t, admin, metadata, map[place]int64{{"t", 0}: committed})
			commitAs(t, admin, "", map[place]int64{{"t", 1}: 20})
			log := &lines{}
			in := newIntake(nil)
			source := runSource(t, newSource(t, b, func(o *sourceTest) {
				with(o)
				o.settings.Logger = slog.New(slog.NewTextHandler(log, nil))
			}, "t"), in)
			eventually(t, "all is committed", func() bool { return committedAt(t, admin, "t", 0).offset == 20 })
			if options := in.claim("t", 0).options; options.Start != committed || options.Inherited.Len() != 0 || options.Finished != nil {
				t.Errorf("the claim begins at %d and skips %d records", options.Start, options.Inherited.Len())
			}
			if n := log.count("the metadata of the committed offset is ignored"); n != 1 {
				t.Errorf("it was said %d times:\n%s", n, log.text.String())
			}
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A topic is deleted and made again under a claim that holds a head: nothing
// of it is committed to the new log, and the next run skips none of its
// records.
func TestDisasterTopicMadeAnewUnderAMap(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	topicMadeAnewUnderAMap(t, b, "t", func(*sourceTest) {})
}

func topicMadeAnewUnderAMap(t *testing.T, b brokers, topic string, with func(*sourceTest)) {
	produceValues(t, b, topic, 0, numbered("old", 10)...)
	in := newIntake(never)
	g := newSource(t, b, with, topic)
	source := runSource(t, g, in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	in.finish(topic, 0, 5, 6)
	admin := control(t, b, g.group)
	eventually(t, "the map is committed", func() bool { return strings.HasPrefix(committedAt(t, admin, topic, 0).metadata, "wh1:") })
	makeAnew(t, b, topic)
	produceValues(t, b, topic, 0, numbered("new", 20)...)
	in.finish(topic, 0, 7)
	err := source.result(t)
	if !errors.Is(err, errAnew) && !errors.Is(err, errDeleted) {
		t.Errorf("the error is %v", err)
	}
	_ = source.close(t)
	left := committedAt(t, admin, topic, 0)
	if _, err := decodeMetadata(left.metadata, groundOf(t, admin, topic, 0, left.offset)); left.offset >= 0 && !errors.Is(err, errAnew) {
		t.Errorf("committed %d to the new topic, %v", left.offset, err)
	}

	again := newIntake(nil)
	source = runSource(t, newSource(t, b, with, topic), again)
	if left.offset >= 0 { // brokers forget it with the topic, some later than others
		select {
		case err := <-source.done:
			source.done <- err
			if !errors.Is(err, errAnew) {
				t.Errorf("the next run ends with %v", err)
			}
			return
		case <-again.pushed:
		}
	}
	eventually(t, "the new log is read", func() bool { return again.count() == 20 })
	if options := again.claim(topic, 0).options; options.Start != 0 || options.Inherited.Len() != 0 {
		t.Errorf("the claim begins at %d and skips %d records", options.Start, options.Inherited.Len())
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// makeAnew deletes a topic and makes it again, with one partition.
func makeAnew(t *testing.T, b brokers, topic string) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(b.Addresses(), Connection{Brokers: b.Addresses()}.Config())
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
}

// The end of a log is cut off, as by the election of a leader that lacks it,
// and the committed offset is still in it: what will be written where the map
// marks finished records was never seen, and must not be skipped.
func TestDisasterLogTruncatedUnderAMap(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("v", 6)...)
	admin := control(t, b, "g")
	metadata, _ := healer.EncodeMap(groundOf(t, admin, "t", 0, 5), healer.NewHoles(healer.Range{First: 7, Last: 9}), 4096)
	commitAs(t, admin, metadata, map[place]int64{{"t", 0}: 5})
	in := newIntake(nil)
	source := runSource(t, newSource(t, b, func(o *sourceTest) { o.node.position = configs.Position{File: "p.yaml", Line: 1} }, "t"), in)
	err := source.result(t)
	if !errors.Is(err, sarama.ErrOffsetOutOfRange) {
		t.Fatalf("the error is %v", err)
	}
	for _, want := range []string{"offset 9 is marked as finished, but the log ends at 6", "waterhealer offsets p.yaml --set in/t/0=5 --yes"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if err := source.close(t); err != nil || in.count() != 0 {
		t.Fatalf("%d records were read, %v", in.count(), err)
	}

	nodes := parseSources(t, fmt.Sprintf("  - name: in\n    kafka: {brokers: [%q], group: g, topics: t}\n", b.Addresses()[0]))
	rows, err := Inspect(t.Context(), nodes, SourceSettings{})
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0].Problem, "it was truncated") {
		t.Errorf("offsets says %+v, %v", rows, err)
	}
	if _, err := SetOffsets(t.Context(), nodes, SourceSettings{}, []string{"in/t/0=5"}); err != nil {
		t.Fatal(err)
	}
	produceValues(t, b, "t", 0, numbered("new", 5)...)
	again := newIntake(nil)
	source = runSource(t, newSource(t, b, nil, "t"), again)
	eventually(t, "all is read", func() bool { return slices.Equal(again.offsets("t", 0), []int64{5, 6, 7, 8, 9, 10}) })
	if skipped := again.claim("t", 0).options.Inherited.Len(); skipped != 0 {
		t.Errorf("%d records were skipped", skipped)
	}
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
}

// Retention passes the watermark of a running process, and the process ends
// before it has finished: the next run names what is lost instead of going on
// behind it.
func TestDisasterRetentionPassesTheWatermark(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1})
	retentionPassesTheWatermark(t, b, "t", func(*sourceTest) {}, func(before int64) error { return b.Cluster().DeleteRecords("t", 0, before) })
}

func retentionPassesTheWatermark(t *testing.T, b brokers, topic string, with func(*sourceTest), deleteRecords func(before int64) error) {
	produceValues(t, b, topic, 0, numbered("v", 10)...)
	log := &lines{}
	g := newSource(t, b, func(o *sourceTest) {
		with(o)
		o.settings.Logger = slog.New(slog.NewTextHandler(log, nil))
	}, topic)
	g.logStartInterval = 50 * time.Millisecond
	in := newIntake(never)
	source := runSource(t, g, in)
	eventually(t, "all is read", func() bool { return in.count() == 10 })
	in.finish(topic, 0, 0, 1, 7)
	admin := control(t, b, g.group)
	eventually(t, "the finished ones are committed", func() bool { return committedAt(t, admin, topic, 0).offset == 2 })
	if err := deleteRecords(5); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is said", func() bool { return log.count("retention has deleted") == 1 })
	in.finish(topic, 0, 2)
	eventually(t, "the source goes on", func() bool { return committedAt(t, admin, topic, 0).offset == 3 })
	if err := source.close(t); err != nil {
		t.Fatal(err)
	}
	next := newIntake(nil)
	source = runSource(t, newSource(t, b, with, topic), next)
	if err := source.result(t); !errors.Is(err, sarama.ErrOffsetOutOfRange) || !strings.Contains(err.Error(), "offsets 3 to 4 are lost") {
		t.Errorf("the error is %v", err)
	}
	if err := source.close(t); err != nil || next.count() != 0 {
		t.Errorf("%d records were read, %v", next.count(), err)
	}
}

// The group no longer knows the member, and says so to a commit of one of its
// partitions. All of them are lost then, also those that have nothing to
// commit: to wait for their hung output would hold up whoever has them now.
func TestDisasterHungOutputOfALostAssignment(t *testing.T) {
	for _, strategy := range strategies {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			b := sourceBroker(t, map[string]int32{"t": 2})
			produceValues(t, b, "t", 0, numbered("v", 10)...)
			produceValues(t, b, "t", 1, numbered("v", 10)...)
			in := newIntake(never)
			in.block = make(chan struct{}) // an output that never answers
			answer := sync.OnceFunc(func() { close(in.block) })
			defer answer()
			source := runSource(t, newSource(t, b, func(o *sourceTest) {
				o.membership.rebalance = []string{strategy}
				// Longer than the test: what waits that long fails it.
				o.membership.sessionTimeout, o.membership.rebalanceTimeout = 10*longEnough, 10*longEnough
			}, "t"), in)
			eventually(t, "all is read", func() bool { return in.count() == 20 })
			commits := observe(b, kmsg.OffsetCommit)
			b.Cluster().Fault(refuseCommits(kerr.UnknownMemberID, 1))
			in.finish("t", 0, 0)
			eventually(t, "both partitions are read again", func() bool { return in.count() == 40 })
			if commits.Hits() > 1 { // the refused one
				t.Errorf("%d commits of what was lost", commits.Hits())
			}
			answer()
			if err := source.close(t); err != nil {
				t.Fatal(err)
			}
		})
	}
}
