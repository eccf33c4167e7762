package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/IBM/sarama"

	"waterhealer/configs"
	"waterhealer/healer"
)

// PartitionOffsets is where a source stands on one partition.
type PartitionOffsets struct {
	Source    string
	Group     string
	Topic     string
	Partition int32
	// Committed is the committed offset, the watermark: the first offset that
	// is not finished. -1 is nothing committed.
	Committed int64
	LogStart  int64 // the first offset that the log still has
	End       int64 // where a reader of the source's isolation arrives now
	Lag       int64 // from Committed to End; from LogStart when nothing is committed
	Holes     int   // finished offsets beyond Committed that the metadata names
	// Metadata says in words what the commit's metadata holds.
	Metadata string
	// Problem is why reading cannot go on here, or why the metadata is
	// ignored; "" is none.
	Problem string
}

// Inspect asks where the sources of a pipeline stand, in the order of the file.
// It changes nothing and joins no group. Of the settings it uses ConnectTimeout
// and Logger.
func Inspect(ctx context.Context, nodes []*configs.Node, settings SourceSettings) ([]PartitionOffsets, error) {
	var all []PartitionOffsets
	err := eachGroup(ctx, nodes, settings, func(g *group) error {
		places, err := g.learnTopics(ctx)
		if err != nil {
			return err
		}
		some, err := g.inspect(ctx, places)
		all = append(all, some...)
		return err
	})
	return all, err
}

// eachGroup opens the groups of the nodes one after another.
func eachGroup(ctx context.Context, nodes []*configs.Node, settings SourceSettings, do func(*group) error) error {
	byName := make(map[string]SourceSettings)
	for _, n := range nodes {
		byName[n.Name] = settings
	}
	declared, err := readGroups(nodes, byName)
	if err != nil {
		return err
	}
	for _, d := range declared {
		g := newGroup(d.membership, d.connection, d.settings, d.nodes)
		if g.cluster, err = openCluster(ctx, g.connection, g.group, g.isolation, g.newWatch()); err != nil {
			return err
		}
		err = do(g)
		g.cluster.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// inspect fills in where a group stands; learnTopics came before.
func (g *group) inspect(ctx context.Context, places []place) ([]PartitionOffsets, error) {
	found, err := g.cluster.committedOffsets(ctx, places)
	if err != nil {
		return nil, err
	}
	starts, err := g.cluster.starts(ctx, places)
	if err != nil {
		return nil, err
	}
	highs, err := g.cluster.highs(ctx, places)
	if err != nil {
		return nil, err
	}
	ends, err := g.cluster.ends(ctx, places)
	if err != nil {
		return nil, err
	}
	rows := make([]PartitionOffsets, len(places))
	for i, p := range places {
		rows[i] = PartitionOffsets{
			Source: g.sourceName(p.topic), Group: g.group, Topic: p.topic, Partition: p.partition,
			Committed: found[p].offset, LogStart: starts[p], End: ends[p],
			Lag: max(0, ends[p]-max(found[p].offset, starts[p])),
		}
		g.inspectMetadata(&rows[i], p, found[p], highs[p])
	}
	return rows, nil
}

func (g *group) inspectMetadata(row *PartitionOffsets, p place, c committed, high int64) {
	if c.offset < 0 {
		row.Metadata = "nothing committed"
		return
	}
	row.Metadata = describeMetadata(c.metadata)
	holes, err := decodeMetadata(c.metadata, g.ground(p, c.offset))
	if errors.Is(err, healer.ErrUnknownMap) && g.owners[p.topic].migrate {
		holes, err = healer.DecodeParallelConsumer(c.metadata, c.offset, high)
	}
	row.Holes = holes.Len()
	out := g.rangeError(p, c.offset, row.LogStart, high)
	if out == nil {
		out = g.mapError(p, c.offset, holes, high)
	}
	switch {
	case errors.Is(err, errAnew):
		row.Problem = errAnew.Error() + g.accept(p, "earliest")
	case out != nil:
		row.Problem = out.Error()
	case err != nil:
		row.Problem = "ignored: " + err.Error()
	}
}

// describeMetadata is [healer.Describe] for what this package writes as well.
func describeMetadata(metadata string) string {
	if id, ok := strings.CutPrefix(metadata, topicPrefix); ok {
		return "no finished offsets beyond, of topic id " + id
	}
	return healer.Describe(metadata)
}

// OffsetChange is a committed offset that is to be set.
type OffsetChange struct {
	PartitionOffsets
	To       int64
	Skipped  int64 // offsets that will not be read
	Repeated int64 // offsets that will be read again
}

// PlanOffsets says what setting committed offsets would do, without doing it.
// Each assignment is SOURCE[/TOPIC[/PARTITION]]=earliest, latest, an offset or
// an RFC 3339 time.
func PlanOffsets(ctx context.Context, nodes []*configs.Node, settings SourceSettings, assignments []string) ([]OffsetChange, error) {
	return planOrSet(ctx, nodes, settings, assignments, false)
}

// SetOffsets sets committed offsets, as [PlanOffsets] says; the groups must
// have no members. What the metadata said of finished offsets is dropped.
func SetOffsets(ctx context.Context, nodes []*configs.Node, settings SourceSettings, assignments []string) ([]OffsetChange, error) {
	return planOrSet(ctx, nodes, settings, assignments, true)
}

func planOrSet(ctx context.Context, nodes []*configs.Node, settings SourceSettings, assignments []string, set bool) ([]OffsetChange, error) {
	wanted, err := readAssignments(nodes, assignments)
	if err != nil {
		return nil, err
	}
	var all []OffsetChange
	err = eachGroup(ctx, nodes, settings, func(g *group) error {
		mine := g.concerned(wanted)
		if len(mine) == 0 {
			return nil
		}
		places, err := g.learnTopics(ctx)
		if err != nil {
			return err
		}
		changes, err := g.plan(ctx, places, mine)
		if err != nil {
			return err
		}
		if set {
			err = g.set(ctx, changes)
		}
		all = append(all, changes...)
		return err
	})
	return all, err
}

// concerned are the assignments to this group's sources.
func (g *group) concerned(all []assignment) []assignment {
	var mine []assignment
	for _, a := range all {
		for _, n := range g.nodes {
			if n.name == a.source {
				mine = append(mine, a)
			}
		}
	}
	return mine
}

// plan resolves assignments to offsets.
func (g *group) plan(ctx context.Context, places []place, assignments []assignment) ([]OffsetChange, error) {
	rows, err := g.inspect(ctx, places)
	if err != nil {
		return nil, err
	}
	var changes []OffsetChange
	for _, a := range assignments {
		matched := false
		for _, row := range rows {
			if !a.matches(row) {
				continue
			}
			matched = true
			change := OffsetChange{PartitionOffsets: row}
			if change.To, err = g.target(ctx, a, row); err != nil {
				return nil, err
			}
			from := max(row.Committed, row.LogStart)
			change.Skipped, change.Repeated = max(0, change.To-from), max(0, from-change.To)
			changes = append(changes, change)
		}
		if !matched {
			return nil, fmt.Errorf("%s: source %s has no such topic or partition", a.text, a.source)
		}
	}
	return changes, nil
}

// target is the offset that an assignment means on one partition.
func (g *group) target(ctx context.Context, a assignment, row PartitionOffsets) (int64, error) {
	p := place{row.Topic, row.Partition}
	highs, err := g.cluster.highs(ctx, []place{p})
	if err != nil {
		return 0, err
	}
	if a.offset >= 0 {
		if a.offset < row.LogStart || a.offset > highs[p] {
			return 0, fmt.Errorf("%s: the log of %s has offsets %d to %d", a.text, p, row.LogStart, highs[p])
		}
		return a.offset, nil
	}
	switch a.start.time {
	case logStart:
		return row.LogStart, nil
	case logEnd:
		return row.End, nil
	}
	found, err := g.cluster.offsets(ctx, g.isolation, map[place]int64{p: a.start.time})
	if err != nil {
		return 0, err
	}
	if found[p] < 0 {
		return row.End, nil // all records are older
	}
	return found[p], nil
}

// set commits changes from outside of the group.
func (g *group) set(ctx context.Context, changes []OffsetChange) error {
	offsets := make(map[place]int64, len(changes))
	for _, ch := range changes {
		offsets[place{ch.Topic, ch.Partition}] = ch.To
	}
	err := g.cluster.commitOutside(ctx, offsets, g.ground)
	if isActive(err) || errors.Is(err, sarama.ErrNonEmptyGroup) {
		return fmt.Errorf("group %s has running members: stop them first, or wait until their session has timed out", g.group)
	}
	return err
}
