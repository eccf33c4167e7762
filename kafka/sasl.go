package kafka

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

// The SASL mechanisms that a connection can use.
const (
	MechanismPlain  = sarama.SASLTypePlaintext
	MechanismSHA256 = sarama.SASLTypeSCRAMSHA256
	MechanismSHA512 = sarama.SASLTypeSCRAMSHA512
)

// SASL is how a connection says who it is.
type SASL struct {
	Mechanism string // one of the Mechanism constants
	Username  string
	Password  Secret
}

// String names the mechanism and the user, never the password.
func (s SASL) String() string { return fmt.Sprintf("%s as %q", s.Mechanism, s.Username) }

// Format is String for every verb, so that %+v and %#v tell no more.
func (s SASL) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue is String for logs.
func (s SASL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// check says what is missing or unknown.
func (s SASL) check() error {
	switch s.Mechanism {
	case MechanismPlain, MechanismSHA256, MechanismSHA512:
	default:
		return fmt.Errorf("sasl: unknown mechanism %q, want %s", s.Mechanism,
			strings.Join([]string{MechanismPlain, MechanismSHA256, MechanismSHA512}, ", "))
	}
	if s.Username == "" {
		return fmt.Errorf("sasl: username is empty")
	}
	if s.Password == "" {
		return fmt.Errorf("sasl: password is empty")
	}
	return nil
}

// apply puts the credentials into a client's configuration.
func (s SASL) apply(config *sarama.Config) {
	net := &config.Net.SASL
	net.Enable = true
	net.Mechanism = sarama.SASLMechanism(s.Mechanism)
	net.User = s.Username
	net.Password = s.Password.Reveal()
	switch s.Mechanism {
	case MechanismSHA256:
		net.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &conversation{hash: scram.SHA256} }
	case MechanismSHA512:
		net.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &conversation{hash: scram.SHA512} }
	}
}

// conversation is one SCRAM exchange with a broker, as sarama wants it.
type conversation struct {
	hash scram.HashGeneratorFcn
	*scram.ClientConversation
}

func (c *conversation) Begin(user, password, authz string) error {
	client, err := c.hash.NewClient(user, password, authz)
	if err != nil {
		return fmt.Errorf("the username or the password cannot be used with SCRAM: %w", err)
	}
	c.ClientConversation = client.NewConversation()
	return nil
}

func (c *conversation) Step(challenge string) (string, error) {
	return c.ClientConversation.Step(challenge)
}

func (c *conversation) Done() bool { return c.ClientConversation.Done() }
