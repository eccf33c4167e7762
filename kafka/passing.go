package kafka

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"

	"github.com/IBM/sarama"
)

// passingCodes are the answers of brokers that are over by themselves: a
// leader or a coordinator that moves, a group that rebalances, a slow disk.
var passingCodes = []sarama.KError{
	sarama.ErrLeaderNotAvailable, sarama.ErrNotLeaderForPartition, sarama.ErrReplicaNotAvailable,
	sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch, sarama.ErrOffsetNotAvailable,
	sarama.ErrBrokerNotAvailable, sarama.ErrRequestTimedOut, sarama.ErrNetworkException,
	sarama.ErrKafkaStorageError, sarama.ErrThrottlingQuotaExceeded, sarama.ErrListenerNotFound,
	sarama.ErrOffsetsLoadInProgress, sarama.ErrConsumerCoordinatorNotAvailable,
	sarama.ErrNotCoordinatorForConsumer, sarama.ErrUnstableOffsetCommit,
	sarama.ErrRebalanceInProgress, sarama.ErrIllegalGeneration, sarama.ErrUnknownMemberId,
}

// passingErrors are the client's own words for the same.
var passingErrors = []error{
	io.EOF, io.ErrUnexpectedEOF, os.ErrDeadlineExceeded, net.ErrClosed,
	syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	sarama.ErrOutOfBrokers, sarama.ErrNotConnected, sarama.ErrBrokerNotFound, sarama.ErrIncompleteResponse,
	errNotEverywhere,
}

// errNotEverywhere is that one broker does not know a topic that another does.
var errNotEverywhere = errors.New("the topic is not known to all brokers yet")

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
		return slices.Contains(passingCodes, code)
	}
	var network net.Error
	if errors.As(err, &network) {
		return true
	}
	return slices.ContainsFunc(passingErrors, func(known error) bool { return errors.Is(err, known) })
}
