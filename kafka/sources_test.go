package kafka

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/configs"
	"waterhealer/engine"
)

// parseSources reads the sources of a pipeline file.
func parseSources(t *testing.T, sources string) []*configs.Node {
	t.Helper()
	file := "sources:\n" + sources + "\nsinks:\n  - drop:\n"
	specs := append(SourceSpecs(), configs.Spec{Section: configs.SectionOutput, Kind: "drop"})
	p, found := configs.Parse("p.yaml", []byte(file), specs, configs.Environment{})
	if found.HasErrors() {
		var text bytes.Buffer
		found.Print(&text, map[string][]byte{"p.yaml": []byte(file)}, false)
		t.Fatalf("%s", &text)
	}
	return p.Sources
}

func source(name, kind, fields string) string {
	return fmt.Sprintf("  - name: %s\n    %s: {brokers: [\"127.0.0.1:1\"], %s}\n", name, kind, fields)
}

func TestNewSources(t *testing.T) {
	nodes := parseSources(t,
		source("a", "kafka", "topics: [t], group: g, start: latest, isolation: read_uncommitted, metadata_limit: 1KiB")+
			source("b", "kafka_batched", "topics: [u, v], group: g, isolation: read_uncommitted, size: 7, timeout: 3s, migrate: parallel-consumer")+
			source("c", "kafka", "topics: t, group: other, rebalance: [sticky, range], session_timeout: 20s, instance_id: i"))
	settings := map[string]SourceSettings{
		"a": {CommitInterval: time.Minute, IgnoreCommitErrors: true, NoMap: true},
		"b": {CommitInterval: time.Second, IgnoreCommitErrors: true},
		"c": {IgnoreCommitErrors: true},
	}
	sources, err := NewSources(nodes, settings)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) != 2 {
		t.Fatalf("%d sources", len(sources))
	}
	g, other := sources[0].(*group), sources[1].(*group)
	if !slices.Equal(g.topics, []string{"t", "u", "v"}) || g.isolation != sarama.ReadUncommitted ||
		g.settings.CommitInterval != time.Second || !g.settings.IgnoreCommitErrors {
		t.Errorf("the group is %+v", g)
	}
	a, b := g.owners["t"], g.owners["v"]
	if a.name != "a" || a.start.time != logEnd || !a.noMap || a.metadataLimit != 1024 || a.batchSize != 0 {
		t.Errorf("source a is %+v", a)
	}
	if b.name != "b" || b.start.time != logStart || b.noMap || !b.migrate || b.batchSize != 7 || b.batchTimeout != 3*time.Second {
		t.Errorf("source b is %+v", b)
	}
	if other.isolation != sarama.ReadCommitted || other.instance != "i" || other.settings.CommitInterval != time.Second ||
		!slices.Equal(other.rebalance, []string{strategySticky, strategyRange}) {
		t.Errorf("the other group is %+v", other.membership)
	}
	config := other.connection.Config()
	other.apply(config)
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
}

func TestNewSourcesThatDisagree(t *testing.T) {
	for _, test := range []struct{ second, want string }{
		{"topics: t, group: g", "p.yaml:5:"},
		{"topics: t, group: g", "topic t belongs to source a already"},
		{"topics: u, group: g, isolation: read_uncommitted", "isolation is not that of source a"},
		{"topics: u, group: g, instance_id: x", "instance_id is not that"},
		{"topics: u, group: g, rebalance: range", "rebalance is not that"},
		{"topics: u, group: g, session_timeout: 11s", "session_timeout is not that"},
		{"topics: u, group: g, rebalance_timeout: 61s", "rebalance_timeout is not that"},
		{"topics: u, group: h, rebalance_timeout: 5s", "must not be shorter than session_timeout"},
		{"topics: u, group: h, start: yesterday", "start must be earliest"},
	} {
		nodes := parseSources(t, source("a", "kafka", "topics: t, group: g")+source("b", "kafka", test.second))
		if _, err := NewSources(nodes, nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q in it", test.second, err, test.want)
		}
	}
}

// The clients of a membership leave nothing to defaults that lose records, for
// any timeouts that the spec allows.
func TestMembershipConfig(t *testing.T) {
	for _, timeout := range []time.Duration{100 * time.Millisecond, 10 * time.Second, 30 * time.Minute} {
		for _, strategy := range strategies {
			m := membership{group: "g", isolation: sarama.ReadCommitted, rebalance: []string{strategy}, sessionTimeout: timeout, rebalanceTimeout: timeout}
			config := Connection{Brokers: []string{"x"}}.Config()
			m.apply(config)
			if err := config.Validate(); err != nil {
				t.Errorf("%s, %s: %v", timeout, strategy, err)
			}
			c := config.Consumer
			if c.Fetch.Max != 0 || c.Offsets.Initial != sarama.OffsetOldest || c.Offsets.AutoCommit.Enable ||
				c.Group.ResetInvalidOffsets || !c.Return.Errors || config.Metadata.AllowAutoTopicCreation {
				t.Errorf("%+v", c)
			}
			if c.Group.Heartbeat.Interval > timeout/3 {
				t.Errorf("a heartbeat every %s for sessions of %s", c.Group.Heartbeat.Interval, timeout)
			}
			if config.Net.ReadTimeout <= timeout {
				t.Errorf("a join that takes %s is cut off after %s", timeout, config.Net.ReadTimeout)
			}
		}
	}
}

func TestTwoNodesInOneGroup(t *testing.T) {
	b := sourceBroker(t, map[string]int32{"t": 1, "u": 1})
	produceValues(t, b, "t", 0, numbered("a", 5)...)
	produceValues(t, b, "u", 0, numbered("b", 5)...)
	one := newSource(t, b, func(o *sourceTest) { o.settings.UntilEnd = true }, "t")
	two := &sourceNode{name: "batches", topics: []string{"u"}, metadataLimit: 4096, batchSize: 2, batchTimeout: time.Hour}
	g := newGroup(one.membership, one.connection, []SourceSettings{one.settings, one.settings}, append(one.nodes, two))
	in := newIntake(nil)
	running := runSource(t, g, in)
	if err := running.result(t); err != nil {
		t.Fatal(err)
	}
	plain, batched := 0, 0
	in.mu.Lock()
	for _, r := range in.records {
		switch {
		case r.Topic == "t" && r.Batch == nil:
			plain++
		case r.Topic == "u" && r.Batch != nil:
			batched++
		}
	}
	in.mu.Unlock()
	if plain != 5 || batched != 3 {
		t.Errorf("%d records and %d batches", plain, batched)
	}
	if got := in.claim("u", 0).options.Source; got != "batches" {
		t.Errorf("the claim belongs to %s", got)
	}
	if err := running.close(t); err != nil {
		t.Fatal(err)
	}
}

func TestRecordsAllocations(t *testing.T) {
	messages := answered(sliceSize, 1)
	var made []*engine.Record
	if n := testing.AllocsPerRun(20, func() { made = taken(messages, false) }); n > 2 {
		t.Errorf("%v allocations for a slice of %d records", n, len(made))
	}
}
