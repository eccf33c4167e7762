package kafka

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"

	"waterhealer/kafka/embedded"
)

// muted is a listener that can be silenced: then its connections stay open and
// nothing comes over them any more, as with a broker whose machine is frozen.
type muted struct {
	net.Listener
	silent chan struct{} // closed by hush
	over   chan struct{} // closed when the test is
	held   atomic.Int32  // answers that were kept back
}

func (m *muted) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	return &mutedConn{conn, m}, err
}

type mutedConn struct {
	net.Conn
	by *muted
}

func (c *mutedConn) Write(b []byte) (int, error) {
	select {
	case <-c.by.silent:
		c.by.held.Add(1)
		<-c.by.over
		return 0, net.ErrClosed
	default:
		return c.Conn.Write(b)
	}
}

// hush silences all connections for good.
func (m *muted) hush() { close(m.silent) }

func mutedBroker(t *testing.T, topics map[string]int32) (*embedded.Broker, *muted) {
	t.Helper()
	m := &muted{silent: make(chan struct{}), over: make(chan struct{})}
	b, err := embedded.Start(embedded.Options{Topics: topics, Cluster: []kfake.Opt{
		kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			m.Listener = l
			return m, err
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(m.over)
		_ = b.Close()
	})
	return b, m
}

// Close returns soon after its context is done, though sarama would wait for
// each answer that is due until the timeout of a join is over.
func TestCloseWithSilentBrokers(t *testing.T) {
	for _, waiting := range []int32{0, 1} { // answers that are due when it begins
		b, peer := mutedBroker(t, map[string]int32{"t": 2})
		produceValues(t, b, "t", 0, numbered("a", 100)...)
		in := newIntake(nil)
		source := runSource(t, newSource(t, b, func(o *sourceTest) { o.membership.rebalanceTimeout = time.Minute }, "t"), in)
		eventually(t, "all records are pushed", func() bool { return in.count() == 100 })
		peer.hush()
		eventually(t, "an answer is kept back", func() bool { return peer.held.Load() >= waiting })
		source.cancel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		began := time.Now()
		source.once.Do(func() {
			if err := <-source.done; err != nil {
				t.Logf("the source had ended with: %v", err)
			}
			source.err = source.Close(ctx)
		})
		cancel()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("Close took %v with 1s to do it", took)
		}
	}
}

// countedClient counts how often it is closed.
type countedClient struct {
	sarama.Client
	closed atomic.Int64
}

func (c *countedClient) Close() error {
	c.closed.Add(1)
	return nil
}

// Close and the end of its time may close a client at the same moment, which
// sarama's answers with a panic.
func TestClientsAreClosedOnce(t *testing.T) {
	var client countedClient
	c := &cluster{client: &client, abort: func() {}, watch: newWatch(Connection{}, "g", soon())}
	p := &patient{steered: steered{&client, c.watch}}
	var closing sync.WaitGroup
	for range 4 {
		closing.Go(c.close)
		closing.Go(func() { _ = p.Close() })
	}
	closing.Wait()
	if got := client.closed.Load(); got != 2 {
		t.Errorf("two clients were closed %d times", got)
	}
}
