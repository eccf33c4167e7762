package kafka

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// The times that every connection keeps. They are well below the time after
// which an operator asks what is wrong, and long enough for a 50 MB record.
const (
	dialTimeout     = 10 * time.Second
	ioTimeout       = 30 * time.Second
	metadataTimeout = 15 * time.Second
	// DefaultConnectTimeout is how long [Connection.Client] keeps trying when
	// the connection does not say.
	DefaultConnectTimeout = 30 * time.Second
)

// defaultClientID is how brokers' logs and quotas name us.
const defaultClientID = "waterhealer"

// Connection is how to reach a cluster. The zero value but for Brokers is a
// plain connection.
type Connection struct {
	Brokers  []string // host:port; any one that answers is enough
	ClientID string   // "" is waterhealer
	TLS      *TLS     // nil is no encryption
	SASL     *SASL    // nil is no authentication
	// ConnectTimeout is how long Client keeps trying; 0 is
	// [DefaultConnectTimeout].
	ConnectTimeout time.Duration
	Logger         *slog.Logger // nil logs nothing
}

// String is the brokers and the kind of security, never a secret.
func (c Connection) String() string {
	parts := []string{strings.Join(c.Brokers, ",")}
	if c.TLS != nil {
		parts = append(parts, c.TLS.String())
	}
	if c.SASL != nil {
		parts = append(parts, c.SASL.String())
	}
	return strings.Join(parts, "; ")
}

// Format is String for every verb, so that %+v tells no more.
func (c Connection) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// LogValue is String for logs.
func (c Connection) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Config is a fresh client configuration for the connection, free to be
// changed by the caller. It asks for the newest protocol that sarama knows:
// each request is sent in the newest version that the broker offers as well
// (brokers from 2.8 on are tested). Never print it: it holds the password.
func (c Connection) Config() *sarama.Config {
	silenceMetrics()
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.ClientID = c.ClientID
	if config.ClientID == "" {
		config.ClientID = defaultClientID
	}
	config.Net.DialTimeout = dialTimeout
	config.Net.ReadTimeout = ioTimeout
	config.Net.WriteTimeout = ioTimeout
	config.Metadata.Timeout = metadataTimeout
	// A topic that does not exist is an error that users must see; a topic
	// made by asking for it has the wrong partitions and the wrong name.
	config.Metadata.AllowAutoTopicCreation = false
	if c.TLS != nil {
		config.Net.TLS.Enable = true
		config.Net.TLS.Config = c.TLS.config.Clone()
	}
	if c.SASL != nil {
		c.SASL.apply(config)
	}
	return config
}

// logger is never nil.
func (c Connection) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}
