package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// The pauses between rounds of connection attempts.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// Client connects to the cluster. While no broker answers it keeps trying until
// ConnectTimeout is over, and logs that once. It gives up at once on what no
// further try can change: refused credentials, a certificate that is not
// trusted. The error is one line that names the brokers and what is likely
// wrong. The caller closes the client.
func (c Connection) Client(ctx context.Context, config *sarama.Config) (sarama.Client, error) {
	if len(c.Brokers) == 0 {
		return nil, errors.New("kafka: no brokers are given")
	}
	timeout := c.connectTimeout()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	pause, waited := firstPause, false
	var last error // of an attempt that was not cut short
	for {
		client, err := c.connect(limited, config)
		if err == nil {
			if waited {
				c.logger().Info("kafka brokers answer", "brokers", c.Brokers)
			}
			return client, nil
		}
		if limited.Err() == nil || last == nil {
			last = err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("kafka: connecting to %s: %w", c.names(), ctx.Err())
		}
		if final(err) {
			return nil, fmt.Errorf("kafka: cannot connect: %w%s", err, c.hint(err))
		}
		if !waited {
			waited = true
			c.logger().Warn("kafka brokers do not answer yet, trying on",
				"brokers", c.Brokers, "for", timeout, "error", err.Error()+c.hint(err))
		}
		select {
		case <-limited.Done():
			if ctx.Err() != nil {
				return nil, fmt.Errorf("kafka: connecting to %s: %w", c.names(), ctx.Err())
			}
			return nil, fmt.Errorf("kafka: no broker of %s answered within %s: %w%s", c.names(), timeout, last, c.hint(last))
		case <-time.After(pause):
			pause = min(2*pause, lastPause)
		}
	}
}

// connectTimeout is how long brokers may be away at the start.
func (c Connection) connectTimeout() time.Duration {
	if c.ConnectTimeout <= 0 {
		return DefaultConnectTimeout
	}
	return c.ConnectTimeout
}

// names lists the brokers for a message.
func (c Connection) names() string { return strings.Join(c.Brokers, ", ") }

// connect makes one attempt: it finds out whether any broker lets us in, and
// only then makes the client, because the client's own error hides why not.
func (c Connection) connect(ctx context.Context, config *sarama.Config) (sarama.Client, error) {
	if err := c.probe(ctx, config); err != nil {
		return nil, err
	}
	return sarama.NewClient(c.Brokers, config)
}

// probe connects to all brokers at once, with encryption and authentication,
// and returns nil as soon as one lets us in. An error that no further try can
// change comes first, since it says most.
func (c Connection) probe(ctx context.Context, config *sarama.Config) error {
	// Without ctx's deadline, which dialing would meet a moment before ctx does
	// and report as if the peer had been slow.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	trial := *config
	breakOff(life, &trial)

	results := make(chan error, len(c.Brokers))
	for _, address := range c.Brokers {
		go func() { results <- reach(address, &trial) }()
	}
	var errs []error
	reached := false
	for range c.Brokers { // all are awaited, so that no goroutine outlives the call
		err := <-results
		if err == nil {
			reached = true
			cancel()
			continue
		}
		errs = append(errs, err)
	}
	if reached {
		return nil
	}
	for _, err := range errs {
		if final(err) {
			return err
		}
	}
	return errs[0]
}

// reach opens one connection, asks the smallest question and closes it again.
// The question is needed: sarama calls a connection open whose certificate was
// not accepted, and so it calls one without the SASL that the broker wants.
func reach(address string, config *sarama.Config) error {
	broker := sarama.NewBroker(address)
	if err := broker.Open(config); err != nil {
		return err
	}
	_, err := broker.Connected() // waits for the handshakes
	if err == nil {
		_, err = broker.DescribeCluster(sarama.NewDescribeClusterRequest(config.Version))
	}
	_ = broker.Close()                                               // nothing was sent that could be lost
	if err != nil && !errors.Is(err, sarama.ErrUnsupportedVersion) { // an old broker is one, too
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}

// breakOff makes a config's connections end when ctx is done, whatever they wait
// for. Sarama itself, when it closes a connection, waits for all answers that
// are due on it, from a silent peer until the read timeout; and it pauses between
// tries that can only fail.
func breakOff(ctx context.Context, config *sarama.Config) {
	pause := config.Metadata.Retry.Backoff
	config.Metadata.Retry.BackoffFunc = func(int, int) time.Duration {
		if ctx.Err() != nil {
			return 0
		}
		return pause
	}
	config.Net.Proxy.Enable = true
	config.Net.Proxy.Dialer = abortable{ctx: ctx, dialer: net.Dialer{Timeout: config.Net.DialTimeout}}
}

// abortable dials connections that are closed when ctx is done.
type abortable struct {
	ctx    context.Context
	dialer net.Dialer
	// drop lets nothing be sent once a connection is closed. Else the machine
	// goes on trying for minutes, and a request that was given up and sent again
	// elsewhere would arrive when the way is free again.
	drop bool
}

func (a abortable) Dial(network, address string) (net.Conn, error) {
	conn, err := a.dialer.DialContext(a.ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok && a.drop {
		_ = tcp.SetLinger(0) // it only fails on a connection that has ended
	}
	return &abortableConn{Conn: conn, forget: context.AfterFunc(a.ctx, func() { _ = conn.Close() })}, nil
}

// abortableConn lets go of the context once it is closed.
type abortableConn struct {
	net.Conn
	forget func() bool
}

func (c *abortableConn) Close() error {
	c.forget()
	return c.Conn.Close()
}
