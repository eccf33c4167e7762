package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"waterhealer/engine"
	"waterhealer/kafka/embedded"
)

// attentive are times of a watch that soon sees that nobody is there.
func attentive() silence {
	s := memberSilence(time.Minute)
	s.look, s.quiet, s.idle = 20*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond
	return s
}

// lastingBroker starts a broker that can be started again where it was.
func lastingBroker(t *testing.T, folder, address string, topics map[string]int32) *embedded.Broker {
	t.Helper()
	b, err := embedded.Start(embedded.Options{Topics: topics, DataDir: folder, Listen: address, Cluster: []kfake.Opt{
		kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func partitionOf(t *testing.T, s engine.GroupStatus, topic string, partition int32) engine.GroupPartition {
	t.Helper()
	for _, p := range s.Partitions {
		if p.Topic == topic && p.Partition == partition {
			return p
		}
	}
	return engine.GroupPartition{Committed: -2, End: -2}
}

func TestGroupTellsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	b := sourceBroker(t, map[string]int32{"t": 1})
	produceValues(t, b, "t", 0, numbered("v", 10)...)
	in := newIntake(func(r *engine.Record) bool { return r.Offset != 7 })
	r := runSource(t, newSource(t, b, nil, "t"), in)
	eventually(t, "all is committed up to the record that sticks", func() bool {
		p := partitionOf(t, r.Group(), "t", 0)
		return p.Committed == 7 && p.End == 10 && p.MetadataBytes > 0 && p.Source == "in"
	})
	s := r.Group()
	admin := control(t, b, "g")
	at := committedAt(t, admin, "t", 0)
	if p := partitionOf(t, s, "t", 0); at.offset != p.Committed || len(at.metadata) != p.MetadataBytes {
		t.Errorf("the broker has %+v, the group tells %+v", at, p)
	}
	if s.Name != "g" || !s.Joined || !s.Ever || s.ID == "" || s.Generation < 1 || s.Commits < 1 || s.CommitErrors != 0 ||
		s.LastCommit.IsZero() || !s.Uncommitted.IsZero() || s.CommitError != nil || !s.Away.IsZero() || len(s.Topics) != 1 {
		t.Errorf("the group tells %+v", s)
	}
	// A claim that is full is not fetched, and its log grows all the same.
	in.claim("t", 0).setFull(true)
	produceValues(t, b, "t", 0, "more")
	eventually(t, "the claim is paused", func() bool { return claimOf(r.group, place{"t", 0}).holding.Load() })
	produceValues(t, b, "t", 0, numbered("w", 5)...)
	eventually(t, "what was on its way has come", func() bool { return partitionOf(t, r.Group(), "t", 0).End == 16 })
	produceValues(t, b, "t", 0, numbered("x", 5)...) // no fetch is under way any more
	eventually(t, "the end is followed", func() bool { return partitionOf(t, r.Group(), "t", 0).End == 21 })
	if got, next := r.group.Unread(), claimOf(r.group, place{"t", 0}).next.Load(); got != 21-next || got < 5 {
		t.Errorf("%d are not read, want all from %d to 21, of which 5 came while nothing was fetched", got, next)
	}
	in.claim("t", 0).setFull(false)
}

// Another member makes a rebalance, which is counted.
func TestGroupCountsRebalances(t *testing.T) {
	t.Parallel()
	b := sourceBroker(t, map[string]int32{"t": 2})
	first := runSource(t, newSource(t, b, nil, "t"), newIntake(nil))
	eventually(t, "it has joined", func() bool { return first.Group().Joined })
	before := first.Group()
	second := runSource(t, newSource(t, b, nil, "t"), newIntake(nil))
	eventually(t, "they share", func() bool {
		return len(first.Group().Partitions) == 1 && len(second.Group().Partitions) == 1 && first.Group().Joined
	})
	if after := first.Group(); after.Rebalances <= before.Rebalances || after.Generation <= before.Generation {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestBrokersThatAreGone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := lastingBroker(t, folder, "", map[string]int32{"t": 1})
	address := b.Addresses()[0]
	g := newSource(t, b, nil, "t")
	g.silence = attentive()
	r := runSource(t, g, newIntake(nil))
	eventually(t, "it has joined", func() bool { return r.Group().Joined })
	if !r.Group().Away.IsZero() {
		t.Error("brokers are away that are there")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	down := time.Now()
	eventually(t, "the brokers are missed", func() bool { return !r.Group().Away.IsZero() })
	if s := r.Group(); s.AwayError == nil || s.Away.After(down.Add(time.Second)) {
		t.Errorf("away since %s, they were shut at %s: %v", s.Away, down, s.AwayError)
	}
	b = lastingBroker(t, folder, address, nil)
	defer b.Close()
	eventually(t, "they are back", func() bool { return r.Group().Away.IsZero() })
	eventuallyWithin(t, time.Minute, "it has joined again", func() bool { return r.Group().Joined })
	r.close(t)
}

// An output has nothing to say while nobody writes, and knows all the same.
func TestOutputThatNobodyTakes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := lastingBroker(t, folder, "", map[string]int32{"out": 1})
	o := NewOutput(OutputOptions{Connection: Connection{Brokers: b.Addresses(), Logger: testLogger(t)}, Topic: "out", Render: verbatim}).(*output)
	o.silence = attentive()
	if since, _ := o.Away(); !since.IsZero() {
		t.Error("away before it is opened")
	}
	if err := o.Open(within(t)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = o.Close(within(t)) }()
	address := b.Addresses()[0]
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the brokers are missed", func() bool { since, err := o.Away(); return !since.IsZero() && err != nil })
	b = lastingBroker(t, folder, address, nil)
	defer b.Close()
	eventually(t, "they are back", func() bool { since, _ := o.Away(); return since.IsZero() })
}
