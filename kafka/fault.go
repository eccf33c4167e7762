package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/IBM/sarama"

	"waterhealer/engine"
)

// Classify says whether an error from a broker or a client is about the record
// that was written (too large, invalid) or about the destination (connection,
// timeout, leader, replicas, throttling, authorisation), which a later try may
// find healed. What is not known is about the destination: holding a good
// record is safer than giving it up.
func Classify(err error) engine.Fault {
	var fault *engine.FaultError
	if errors.As(err, &fault) {
		return fault.Fault
	}
	// Sarama cannot encode it: longer than a request may be, for example.
	var encoding sarama.PacketEncodingError
	if errors.As(err, &encoding) {
		return engine.FaultRecord
	}
	var code sarama.KError
	if !errors.As(err, &code) {
		return engine.FaultDestination
	}
	switch code {
	case sarama.ErrMessageSizeTooLarge, sarama.ErrMessageSetSizeTooLarge, sarama.ErrInvalidRecord,
		sarama.ErrInvalidTimestamp, sarama.ErrInvalidTopic, sarama.ErrPolicyViolation:
		return engine.FaultRecord
	}
	return engine.FaultDestination
}

// final reports an error of connecting that every further try would repeat.
func final(err error) bool {
	return refusedCredentials(err) || distrusted(err) != "" || errors.As(err, new(sarama.ConfigurationError))
}

func refusedCredentials(err error) bool {
	return errors.Is(err, sarama.ErrSASLAuthenticationFailed) || errors.Is(err, sarama.ErrUnsupportedSASLMechanism)
}

// distrusted says why a TLS handshake cannot come about, "" when err is none.
func distrusted(err error) string {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		header    tls.RecordHeaderError
		alert     tls.AlertError
		verify    *tls.CertificateVerificationError
		operation *net.OpError
	)
	switch {
	case errors.As(err, &authority):
		return "the broker's certificate is not signed by tls.ca"
	case errors.As(err, &hostname):
		return "the broker's certificate is for another name: see tls.server_name"
	case errors.As(err, &invalid), errors.As(err, &verify):
		return "the broker's certificate is not valid"
	case errors.As(err, &header):
		return "the broker does not speak TLS on this port"
	case errors.As(err, &alert), errors.As(err, &operation) && operation.Op == "remote error":
		return "the broker refused our TLS handshake: it may want another tls.cert and tls.key"
	}
	return ""
}

// hint says in brackets what an error of connecting most likely means; "" when
// the error says it itself. Brokers close the connection without a word on
// wrong credentials and on the wrong kind of security.
func (c Connection) hint(err error) string {
	if why := distrusted(err); why != "" {
		return " (" + why + ")"
	}
	switch {
	case errors.Is(err, sarama.ErrSASLAuthenticationFailed):
		return " (the broker refused sasl.username or sasl.password)"
	case errors.Is(err, sarama.ErrUnsupportedSASLMechanism):
		return " (the broker does not offer sasl.mechanism " + c.SASL.Mechanism + ")"
	case !closedByPeer(err):
		return ""
	case c.SASL != nil && c.TLS == nil:
		return " (the broker closed the connection: likely a wrong sasl.username, sasl.password or sasl.mechanism, or it wants tls)"
	case c.SASL != nil:
		return " (the broker closed the connection: likely a wrong sasl.username, sasl.password or sasl.mechanism)"
	case c.TLS == nil:
		return " (the broker closed the connection: likely it wants tls or sasl)"
	}
	return " (the broker closed the connection: likely it wants sasl, or another tls.cert)"
}

func closedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, sarama.ErrNotConnected)
}
