package kafka

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/IBM/sarama"
)

// passing says that an error is about the way to the brokers or their state at
// this moment, so that the same request may work later and nothing was skipped.
// What is not known is not passing: a client that goes on after an error it
// does not understand may have a gap behind it.
func passing(err error) bool {
	if err == nil || final(err) {
		return false
	}
	var code sarama.KError
	if errors.As(err, &code) {
		return passingCode(code)
	}
	var network net.Error
	return errors.As(err, &network) || passingError(err)
}

// passingCode says it of the brokers' answers: a leader or a coordinator that
// moves, a group that rebalances, a slow disk.
func passingCode(code sarama.KError) bool {
	switch code {
	case sarama.ErrLeaderNotAvailable, sarama.ErrNotLeaderForPartition, sarama.ErrReplicaNotAvailable,
		sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch, sarama.ErrOffsetNotAvailable,
		sarama.ErrBrokerNotAvailable, sarama.ErrRequestTimedOut, sarama.ErrNetworkException,
		sarama.ErrKafkaStorageError, sarama.ErrThrottlingQuotaExceeded, sarama.ErrListenerNotFound,
		sarama.ErrOffsetsLoadInProgress, sarama.ErrConsumerCoordinatorNotAvailable,
		sarama.ErrNotCoordinatorForConsumer, sarama.ErrUnstableOffsetCommit,
		sarama.ErrRebalanceInProgress, sarama.ErrIllegalGeneration, sarama.ErrUnknownMemberId:
		return true
	}
	return false
}

// passingError says it of the client's own words.
func passingError(err error) bool {
	for _, known := range []error{
		io.EOF, io.ErrUnexpectedEOF, os.ErrDeadlineExceeded, net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
		sarama.ErrOutOfBrokers, sarama.ErrNotConnected, sarama.ErrBrokerNotFound, sarama.ErrIncompleteResponse,
		errNotEverywhere,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// errNotEverywhere is that one broker does not know a topic that another does.
var errNotEverywhere = errors.New("the topic is not known to all brokers yet")
