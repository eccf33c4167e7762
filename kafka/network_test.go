package kafka

import (
	"bytes"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"waterhealer/kafka/embedded"
)

// victim is the client id of whoever's connections a gate can hold up. Those of
// other clients of a test always work.
const victim = "victim"

// gate is the listener of one broker. What it keeps back does not break the
// connection: nothing comes over it any more, though the broker has done what it
// was asked.
type gate struct {
	net.Listener
	over chan struct{} // closed when the test is

	mu     sync.Mutex
	frozen chan struct{}           // closed by thaw; nil while answers pass
	conns  map[*gatedConn]bool     // of the victim
	slow   func(net.Conn) net.Conn // how the victim's connections are; nil is as usual
	held   int                     // answers that were kept back
	cut    bool                    // connections are taken, and ended as soon as something comes over them
	all    bool                    // everyone is the victim: encrypted requests do not say who asks
}

type gatedConn struct {
	net.Conn
	by      *gate
	out     net.Conn // what answers go through; guarded by by.mu, as the next
	ours    bool     // the victim's
	stalled bool     // for good
}

func (g *gate) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gatedConn{Conn: conn, by: g, out: conn}, nil
}

func (c *gatedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.by.mu.Lock()
	defer c.by.mu.Unlock()
	if !c.by.all && !bytes.Contains(b[:n], []byte(victim)) { // every request says who asks
		return n, err
	}
	if !c.ours && c.by.slow != nil {
		c.out = c.by.slow(c.Conn)
	}
	c.ours, c.by.conns[c] = true, true
	if c.by.cut {
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *gatedConn) Write(b []byte) (int, error) {
	for {
		c.by.mu.Lock()
		out, wait, stalled := c.out, c.by.frozen, c.stalled
		if !c.ours || wait == nil && !stalled {
			c.by.mu.Unlock()
			return out.Write(b)
		}
		c.by.held++
		c.by.mu.Unlock()
		if stalled {
			wait = nil
		}
		select {
		case <-wait:
		case <-c.by.over:
			return 0, net.ErrClosed
		}
	}
}

// freeze keeps back what is answered to the victim, on new connections too.
func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.frozen = make(chan struct{})
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.frozen)
	g.frozen = nil
}

// sever ends the victim's connections, and new ones as soon as they are used,
// as what stands before a broker that is away, until it mends.
func (g *gate) sever() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = true
	for c := range g.conns {
		_ = c.Close()
	}
}

func (g *gate) mend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = false
}

// stall silences the connections that there are for good. New ones work.
func (g *gate) stall() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.conns {
		c.stalled = true
	}
}

// network is a cluster whose brokers are reached through gates.
type network struct {
	*embedded.Broker
	t     *testing.T
	gates []*gate // by node
}

func newNetwork(t *testing.T, brokers int, topics map[string]int32) *network {
	t.Helper()
	return startNetwork(t, brokers, embedded.Options{Topics: topics})
}

func startNetwork(t *testing.T, brokers int, o embedded.Options) *network {
	t.Helper()
	n := &network{t: t}
	over := make(chan struct{})
	var err error
	o.Cluster = []kfake.Opt{
		kfake.NumBrokers(brokers),
		kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			g := &gate{Listener: l, over: over, conns: make(map[*gatedConn]bool), all: o.TLS != nil}
			n.gates = append(n.gates, g)
			return g, err
		}),
	}
	n.Broker, err = embedded.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(over)
		_ = n.Close()
	})
	return n
}

// Addresses are those of all brokers.
func (n *network) Addresses() []string { return n.Cluster().ListenAddrs() }

// lead makes a node the leader of a partition.
func (n *network) lead(topic string, partition, node int32) {
	n.t.Helper()
	if err := n.Cluster().MoveTopicPartition(topic, partition, node); err != nil {
		n.t.Fatal(err)
	}
}

// coordinate makes a node the coordinator of a group.
func (n *network) coordinate(group string, node int32) {
	for n.Cluster().CoordinatorFor(group) != node {
		n.Cluster().RehashCoordinators()
	}
}

// soon are times of a watch that tests can wait for. Questions may take as long
// as ever: a slow machine is not silent.
func soon() silence {
	return silence{
		look: 20 * time.Millisecond, after: 600 * time.Millisecond, ask: 3 * time.Second, again: 100 * time.Millisecond,
		stale: 1500 * time.Millisecond, hold: time.Minute,
	}
}
