package kafka

import (
	"time"

	"waterhealer/healer"
)

// maxCommitBytes is how large one commit request may be; brokers write each
// into one batch of their offsets topic, which takes 1 MiB by default.
const maxCommitBytes = 512 << 10

// change is what a commit would tell of one claim.
type change struct {
	claim    *claim
	offset   int64
	finished healer.Holes // what metadata is made of
	metadata string
	holes    int // finished offsets beyond offset
	kept     int // of those, how many the metadata holds
}

// change looks at what a claim has finished; false when the broker knows it
// already. The caller holds group.committing.
func (c *claim) change() (change, bool) {
	watermark, holes := c.tracker.Progress()
	if c.over || c.isGone || watermark < c.committed {
		return change{}, false
	}
	if c.node.noMap {
		holes = healer.Holes{}
	}
	again := time.Now().Before(c.doubtful)
	if watermark == c.committed && holes == c.finished && !again {
		return change{}, false // to write the same map again would only take time
	}
	ch := change{claim: c, offset: watermark, finished: holes, holes: holes.Len()}
	ch.metadata, ch.kept = encodeMetadata(c.group.ground(c.place, watermark), holes, c.room)
	if ch.kept < ch.holes && !c.cut {
		c.cut = true
		c.group.logger.Warn("the finished offsets beyond the committed one do not all fit into its metadata: the rest may be done again after a crash",
			"topic", c.topic, "partition", c.partition, "finished", ch.holes, "kept", ch.kept, "limit", c.room)
	}
	return ch, watermark != c.committed || ch.metadata != c.metadata || again
}

// withoutMap is the same commit with nothing but its ground, or, if it was
// without a map already, with no metadata at all. Later ones try half of what
// was refused, so that a broker that takes less gets as much as it takes.
func (ch change) withoutMap() change {
	c := ch.claim
	c.room = len(ch.metadata) / 2
	ch.finished = healer.Holes{} // so that the next look finds a change
	ch.metadata, ch.kept = encodeMetadata(c.group.ground(c.place, ch.offset), healer.Holes{}, len(ch.metadata)-1)
	return ch
}

// split cuts changes into requests that are small enough. Brokers write the
// names of group and topic beside each partition.
func split(group string, changes []change) [][]change {
	var parts [][]change
	size, from := 0, 0
	for i, ch := range changes {
		bytes := len(group) + len(ch.claim.topic) + len(ch.metadata) + 64
		if size+bytes > maxCommitBytes && i > from {
			parts = append(parts, changes[from:i])
			size, from = 0, i
		}
		size += bytes
	}
	return append(parts, changes[from:])
}
