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
