package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/IBM/sarama"

	"waterhealer/configs"
	"waterhealer/engine"
)

// HealOptions say which dead letters a group puts back.
type HealOptions struct {
	// Group commits the letters' offsets.
	Group string
	// Node is a Kafka source whose membership is used, but for its group; nil
	// uses the defaults.
	Node       *configs.Node
	Connection Connection
	Topics     []string
	// Position is where errors are said to be: the output of the dead letters.
	Position configs.Position
	// Sources are those whose letters are put back, by name. Letters of Others,
	// which another group puts back, are passed over in silence.
	Sources map[string]LetterSource
	Others  map[string]LetterSource
	// DryRun commits nothing. AcceptLost goes on where the log no longer has the
	// committed offset.
	DryRun, AcceptLost bool

	CommitInterval, DrainTimeout, ConnectTimeout time.Duration
	Logger                                       *slog.Logger
	OnCommit                                     func(Commit)
}

// LetterSource is a source whose letters are put back.
type LetterSource struct {
	Topics  []string // that it reads; nil where they are not known
	Batched bool     // it emits batches: a letter comes back as a batch of its own
}

// Letters counts what became of the dead letters that were read.
type Letters struct {
	PutBack    int64 // letters that entered the graph
	Unfinished int64 // of those, the ones that are left for the next run
	Repeated   int64 // further letters of a record that was put back already
	Foreign    int64 // letters of no source of the pipeline, or without our headers
}

// HealSource reads dead letters up to the ends at its start and puts each back
// as the record that it was made of.
type HealSource struct{ *group }

// deadLetterName is what the source of dead letters is called.
const deadLetterName = "dead_letter"

// NewHealSource makes the source of one group's dead letters. The letters are
// tracked as any source's records are, by their own offsets: a letter is
// committed when the record that it became is finished.
func NewHealSource(o HealOptions) (*HealSource, error) {
	m := membership{
		isolation: sarama.ReadCommitted, rebalance: []string{defaultRebalance},
		sessionTimeout: 10 * time.Second, rebalanceTimeout: time.Minute,
	}
	node := &sourceNode{
		name: deadLetterName, position: o.Position, topics: o.Topics, start: startPolicy{logStart}, metadataLimit: defaultMetadataLimit,
	}
	if o.Node != nil {
		var err error
		if m, err = readMembership(o.Node.Values); err != nil {
			return nil, err
		}
		node.metadataLimit = int(o.Node.Values.Size("metadata_limit"))
	}
	m.group = o.Group
	g := newGroup(m, o.Connection, []SourceSettings{{
		CommitInterval: o.CommitInterval, DrainTimeout: o.DrainTimeout, ConnectTimeout: o.ConnectTimeout,
		UntilEnd: true, Logger: o.Logger, OnCommit: o.OnCommit,
	}}, []*sourceNode{node})
	g.letters = newLetterIntake(o, g.logger)
	return &HealSource{g}, nil
}

// Letters are the counts until now.
func (h *HealSource) Letters() Letters { return h.letters.counted() }

// dryRun says that nothing may be committed.
func (g *group) dryRun() bool { return g.letters != nil && g.letters.options.DryRun }

// memberOf is the group that is joined. A dry run must not take partitions from
// members that work.
func (g *group) memberOf() string {
	if g.dryRun() {
		return g.group + ".dry-run"
	}
	return g.group
}

// acceptLosses commits the beginning of the log where a group that puts letters
// back has committed what the log does not have, when it was told to.
func (g *group) acceptLosses(ctx context.Context, found map[place]committed) error {
	if g.letters == nil || !g.letters.options.AcceptLost {
		return nil
	}
	var places []place
	for p := range found {
		places = append(places, p)
	}
	starts, err := g.cluster.starts(ctx, places)
	if err != nil {
		return err
	}
	highs, err := g.cluster.highs(ctx, places)
	if err != nil {
		return err
	}
	resets := make(map[place]int64)
	for p, c := range found {
		if c.offset < 0 {
			continue
		}
		_, err := decodeMetadata(c.metadata, g.ground(p, c.offset))
		if errors.Is(err, errAnew) || c.offset < starts[p] || c.offset > highs[p] {
			resets[p] = starts[p]
		}
	}
	if len(resets) == 0 {
		return nil
	}
	if !g.dryRun() {
		if err := g.cluster.commitOutside(ctx, resets, g.ground); err != nil {
			return fmt.Errorf("group %s: going on at the beginning of the log: %w", g.group, err)
		}
	}
	for p, offset := range resets {
		g.logger.Warn("letters are lost, which is accepted: going on at the beginning of the log",
			"topic", p.topic, "partition", p.partition, "committed", found[p].offset, "offset", offset)
		found[p] = committed{offset: offset}
	}
	return nil
}

var _ engine.Source = (*HealSource)(nil)
