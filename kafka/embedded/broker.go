package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
)

// DefaultMaxMessageBytes is the largest batch that the broker takes unless it
// is told otherwise: enough for a record of 50 MB, and the most that clients
// commonly send in one request.
const DefaultMaxMessageBytes = 100 << 20

// Options say what to start. The zero value is a broker in memory, on a free
// loopback port, without topics.
type Options struct {
	Listen string // host:port; "" is a free loopback port
	// DataDir keeps topics, records and committed offsets across restarts; it
	// is made when it does not exist. "" keeps them in memory.
	DataDir string
	// Topics are made at the start with that many partitions, where they do
	// not exist yet. No topic is ever made unasked.
	Topics          map[string]int32
	MaxMessageBytes int         // largest batch, in bytes; 0 is DefaultMaxMessageBytes
	TLS             *tls.Config // nil is no encryption; set ClientAuth to ask for certificates
	Users           []User      // when there are any, clients must authenticate
	Logger          *slog.Logger
	// Cluster are further options of kfake, for tests that need them.
	Cluster []kfake.Opt
}

// User may use a broker that asks for authentication.
type User struct {
	Mechanism string // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	Name      string
	Password  string
}

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	address string
	secured bool
	logger  *slog.Logger
}

// Start starts a broker and returns when it listens. The caller closes it.
func Start(o Options) (*Broker, error) {
	listen, err := listenAddress(o.Listen)
	if err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.DataDir != "" {
		if err := os.MkdirAll(o.DataDir, 0o755); err != nil {
			return nil, fmt.Errorf("embedded broker: data folder: %w", err)
		}
	}
	cluster, err := kfake.NewCluster(clusterOptions(o, listen)...)
	if err != nil {
		return nil, fmt.Errorf("embedded broker on %s: %w", listen, err)
	}
	b := &Broker{
		cluster: cluster,
		address: cluster.ListenAddrs()[0],
		secured: o.TLS != nil || len(o.Users) > 0,
		logger:  o.Logger,
	}
	for _, topic := range slices.Sorted(maps.Keys(o.Topics)) {
		if err := b.CreateTopic(topic, o.Topics[topic]); err != nil && !errors.Is(err, ErrTopicExists) {
			return nil, errors.Join(err, b.Close())
		}
	}
	return b, nil
}

// listenAddress checks an address and fills in the default.
func listenAddress(listen string) (string, error) {
	if listen == "" {
		return "127.0.0.1:0", nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("embedded broker: listen address: %w", err)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("embedded broker: listen address %q: the port is not a number from 0 to 65535", listen)
	}
	if host == "" {
		host = "127.0.0.1" // a broker without passwords is not for the network unless asked for
	}
	return net.JoinHostPort(host, port), nil
}

func clusterOptions(o Options, listen string) []kfake.Opt {
	limit := o.MaxMessageBytes
	if limit <= 0 {
		limit = DefaultMaxMessageBytes
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) { return openListener(network, listen) }),
		kfake.WithLogger(logs{o.Logger}),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": strconv.Itoa(limit)}),
	}
	if o.DataDir != "" {
		opts = append(opts, kfake.DataDir(o.DataDir))
	}
	if o.TLS != nil {
		opts = append(opts, kfake.TLS(o.TLS))
	}
	if len(o.Users) > 0 {
		opts = append(opts, kfake.EnableSASL())
	}
	for _, u := range o.Users {
		opts = append(opts, kfake.Superuser(u.Mechanism, u.Name, u.Password))
	}
	return append(opts, o.Cluster...)
}

// openListener listens on every interface when it is asked to, and still gives
// clients an address that they can connect to: the broker tells them its
// listener's, and 0.0.0.0 is none.
func openListener(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return l, nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "127.0.0.1"
	}
	return advertised{l, named(net.JoinHostPort(host, strconv.Itoa(tcp.Port)))}, nil
}

type advertised struct {
	net.Listener
	addr net.Addr
}

func (a advertised) Addr() net.Addr { return a.addr }

// named is an address by name.
type named string

func (named) Network() string  { return "tcp" }
func (n named) String() string { return string(n) }

// ErrTopicExists is the error of creating a topic that is there.
var ErrTopicExists = errors.New("the topic exists")

// CreateTopic makes a topic, or fails with [ErrTopicExists].
func (b *Broker) CreateTopic(name string, partitions int32) error {
	if partitions < 1 {
		return fmt.Errorf("topic %q: %d partitions, want at least 1", name, partitions)
	}
	if !validTopic(name) {
		return fmt.Errorf("topic %q: a name is 1 to 249 of the characters a-z, A-Z, 0-9, . _ -", name)
	}
	err := b.cluster.CreateTopic(name, partitions, nil)
	if errors.Is(err, kerr.TopicAlreadyExists) {
		err = ErrTopicExists
	}
	if err != nil {
		return fmt.Errorf("topic %q: %w", name, err)
	}
	return nil
}

// validTopic knows Kafka's rules for names, which kfake does not check.
func validTopic(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return name != "" && name != "." && name != ".." && len(name) <= 249 && strings.Trim(name, allowed) == ""
}

// Addresses are the broker's, as clients use them: host:port.
func (b *Broker) Addresses() []string { return []string{b.address} }

// Cluster is the broker itself, for tests that inject faults.
func (b *Broker) Cluster() *kfake.Cluster { return b.cluster }

// Close stops the broker and, with a data folder, writes down what a clean
// start needs.
func (b *Broker) Close() error {
	b.cluster.Close()
	return nil
}

// logs passes the broker's messages on. Requests are not logged: they are one
// line each.
type logs struct{ to *slog.Logger }

func (l logs) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.to.Error("embedded broker: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.to.Warn("embedded broker: " + fmt.Sprintf(format, args...))
	}
}
