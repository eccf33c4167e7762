package kafka

import (
	"context"
	"errors"

	"github.com/IBM/sarama"

	"waterhealer/healer"
)

// commitOutside commits offsets without being a member, which brokers accept
// while the group has none.
func (c *cluster) commitOutside(ctx context.Context, offsets map[place]int64, ground func(place, int64) healer.Ground) error {
	return c.commitOffsets(ctx, offsets, ground, func(*sarama.OffsetCommitRequest) {})
}

// commitOffsets commits offsets without finished ones beyond them, as the
// member that sign fills in. The first refusal is the error.
func (c *cluster) commitOffsets(ctx context.Context, offsets map[place]int64, ground func(place, int64) healer.Ground,
	sign func(*sarama.OffsetCommitRequest),
) error {
	ask := func(broker *sarama.Broker) error {
		request := sarama.NewOffsetCommitRequest(c.client.Config(), c.group)
		sign(request)
		for p, offset := range offsets {
			metadata, _ := encodeMetadata(ground(p, offset), healer.Holes{}, defaultMetadataLimit)
			request.AddBlockWithLeaderEpoch(p.topic, p.partition, offset, -1, 0, metadata)
		}
		response, err := broker.CommitOffset(request)
		if err != nil {
			return err
		}
		for p := range offsets {
			code, ok := response.Errors[p.topic][p.partition]
			switch {
			case !ok:
				return sarama.ErrIncompleteResponse
			case isActive(code):
				return &activeGroupError{code}
			case code != sarama.ErrNoError:
				return code
			}
		}
		return nil
	}
	return c.persist(ctx, "committing offsets", func() error { return c.atCoordinator(ask) })
}

// defaultMetadataLimit is the brokers' default.
const defaultMetadataLimit = 4096

// activeGroupError is that a group has members, so that only they may commit.
// It does not pass by asking again.
type activeGroupError struct{ code sarama.KError }

func (e *activeGroupError) Error() string {
	return "the group has active members: " + e.code.Error()
}

// isActive says that a commit from outside was refused because of members.
func isActive(err error) bool {
	var active *activeGroupError
	if errors.As(err, &active) {
		return true
	}
	code, ok := err.(sarama.KError) //nolint:errorlint // an answer as it came, not a chain
	return ok && (code == sarama.ErrUnknownMemberId || code == sarama.ErrIllegalGeneration || code == sarama.ErrRebalanceInProgress)
}
