package kafka

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"waterhealer/healer"
)

// A commit without a map of finished offsets still names the topic it was made
// on, by this text and the topic's id as Kafka's tools print it. A committed
// offset that fits by accident into a topic that was made anew would otherwise
// be a silent jump.
const topicPrefix = "wh-topic:"

// Errors about a topic.
var (
	errMissing = errors.New("the topic does not exist")
	errDeleted = errors.New("the topic was deleted")
	errAnew    = errors.New("the topic was deleted and made again")
)

// encodeMetadata is what a commit carries beside the offset, and how many of
// the holes are in it.
func encodeMetadata(g healer.Ground, holes healer.Holes, limit int) (metadata string, kept int) {
	if metadata, kept = healer.EncodeMap(g, holes, limit); metadata != "" {
		return metadata, kept
	}
	if g.TopicID == [16]byte{} {
		return "", 0
	}
	metadata = topicPrefix + base64.RawURLEncoding.EncodeToString(g.TopicID[:])
	if len(metadata) > limit {
		return "", 0
	}
	return metadata, 0
}

// decodeMetadata is the reverse. A commit that was made on another topic id is
// errAnew; other errors mean that the metadata tells nothing.
func decodeMetadata(metadata string, g healer.Ground) (healer.Holes, error) {
	if text, ok := strings.CutPrefix(metadata, topicPrefix); ok {
		id, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(id) != len(g.TopicID) {
			return healer.Holes{}, fmt.Errorf("%w: the topic id is not one", healer.ErrUnknownMap)
		}
		if [16]byte(id) != g.TopicID && g.TopicID != [16]byte{} {
			return healer.Holes{}, errAnew
		}
		return healer.Holes{}, nil
	}
	holes, err := healer.DecodeMap(metadata, g)
	var ground *healer.GroundError
	if errors.As(err, &ground) && ground.Found.ClusterID == g.ClusterID &&
		ground.Found.TopicID != g.TopicID && g.TopicID != [16]byte{} {
		return healer.Holes{}, errAnew
	}
	return holes, err
}

// decode reads the map of finished offsets. One that cannot be read is ignored
// with a warning: its records are done again.
func (g *group) decode(c *claim, from committed) (healer.Holes, error) {
	if from.metadata == "" || from.offset < 0 {
		return healer.Holes{}, nil
	}
	holes, err := decodeMetadata(from.metadata, g.ground(c.place, from.offset))
	if errors.Is(err, errAnew) {
		return holes, fmt.Errorf("source %s: %s: %w%s", c.node.name, c.place, errAnew, g.accept(c.place, "earliest"))
	}
	if holes.Len() > 0 {
		highs, asked := g.cluster.highs(c.session.Context(), []place{c.place})
		if asked != nil {
			return healer.Holes{}, asked
		}
		if err := g.mapError(c.place, from.offset, holes, highs[c.place]); err != nil {
			return healer.Holes{}, err
		}
	}
	if c.node.noMap {
		return healer.Holes{}, nil // all of it is done again, neighbours included
	}
	if errors.Is(err, healer.ErrUnknownMap) && c.node.migrate {
		highs, asked := g.cluster.highs(c.session.Context(), []place{c.place})
		if asked != nil {
			return healer.Holes{}, asked
		}
		holes, err = healer.DecodeParallelConsumer(from.metadata, from.offset, highs[c.place])
	}
	if err != nil {
		g.logger.Warn("the metadata of the committed offset is ignored: records beyond it that were finished are processed again",
			"topic", c.topic, "partition", c.partition, "offset", from.offset, "error", err)
		return healer.Holes{}, nil
	}
	return holes, nil
}

// ground is what a map of a partition holds on.
func (g *group) ground(p place, base int64) healer.Ground {
	return healer.Ground{ClusterID: g.clusterID, TopicID: g.topicIDs[p.topic], Partition: p.partition, Base: base}
}
