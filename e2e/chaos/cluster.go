package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"waterhealer/kafka/embedded"
	"waterhealer/kafka/kafkatest"
)

// cluster is three brokers, each behind a proxy. The processes only know the
// proxies; the judges go past them.
type cluster interface {
	name() string
	// proxies stand before the brokers, in their order.
	proxies() []*proxy
	// connect makes a client that goes past the proxies.
	connect() (*kafkatest.Client, error)
	// moveCoordinator gives a group another coordinator, as suddenly as it can.
	moveCoordinator(ctx context.Context, client *kafkatest.Client, group string) error
	// limitMetadata sets offset.metadata.max.bytes.
	limitMetadata(ctx context.Context, bytes int) error
	// stale says that at a moment the answer to what is committed may have been
	// an older one: a real coordinator that has just taken over leaves out what
	// it has not seen on enough replicas yet, until it has.
	stale(at time.Time) bool
	close() error
}

// addresses are what the processes are told.
func addresses(c cluster) []string {
	var all []string
	for _, p := range c.proxies() {
		all = append(all, p.address())
	}
	return all
}

// patience is how long the judges ask brokers that do not answer.
const patience = 2 * time.Minute

// insist asks until there is an answer: brokers that have just come back, and
// partitions that are led by others now, give none for a moment.
func insist[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	limit := time.Now().Add(patience)
	for {
		answer, err := ask()
		if err == nil || ctx.Err() != nil || time.Now().After(limit) {
			return answer, err
		}
		wait(ctx, 200*time.Millisecond)
	}
}

// fakeCluster is the embedded broker, three of them, in this process.
type fakeCluster struct {
	broker *embedded.Broker

	mu     sync.Mutex
	fronts []*proxy
	behind map[string]string // a proxy's address -> its broker's

	limits []*kfake.FaultHandle // of metadata
}

// startFake starts the embedded broker.
func startFake() (*fakeCluster, error) {
	c := &fakeCluster{behind: make(map[string]string)}
	broker, err := embedded.Start(embedded.Options{
		Logger: slog.New(slog.DiscardHandler),
		Cluster: []kfake.Opt{
			kfake.NumBrokers(3),
			kfake.ListenFn(c.listen),
		},
	})
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	c.broker = broker
	return c, nil
}

// listen opens a broker's listener and a proxy before it. Brokers tell clients
// their listener's address: here, the proxy's.
func (c *fakeCluster) listen(network, _ string) (net.Listener, error) {
	listener, err := net.Listen(network, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	front, err := startProxy("127.0.0.1:0", listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fronts = append(c.fronts, front)
	c.behind[front.address()] = listener.Addr().String()
	return fronted{listener, front.listener.Addr()}, nil
}

type fronted struct {
	net.Listener
	front net.Addr
}

func (f fronted) Addr() net.Addr { return f.front }

func (c *fakeCluster) name() string { return "embedded" }

func (c *fakeCluster) proxies() []*proxy { return c.fronts }

func (c *fakeCluster) connect() (*kafkatest.Client, error) {
	return kafkatest.Connect(addresses(c), kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
		c.mu.Lock()
		behind, known := c.behind[address]
		c.mu.Unlock()
		if !known {
			return nil, fmt.Errorf("no broker is known behind %s", address)
		}
		var d net.Dialer
		return d.DialContext(ctx, network, behind)
	}))
}

func (c *fakeCluster) moveCoordinator(context.Context, *kafkatest.Client, string) error {
	c.broker.Cluster().RehashCoordinators()
	return nil
}

// limitMetadata answers as a broker with that limit would: this one has none.
func (c *fakeCluster) limitMetadata(_ context.Context, most int) error {
	for _, limit := range c.limits {
		limit.Remove()
	}
	c.limits = nil
	for p := range int32(inputPartitions) {
		c.limits = append(c.limits, c.broker.Cluster().Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.OffsetCommit}, Partitions: []int32{p}, Err: kerr.OffsetMetadataTooLarge, Count: -1,
			When: func(request kmsg.Request) bool { return longMetadata(request, p, most) },
		}))
	}
	return nil
}

func (c *fakeCluster) stale(time.Time) bool { return false }

// longMetadata says whether a commit's metadata of a partition is too long.
func longMetadata(request kmsg.Request, partition int32, most int) bool {
	commit, ok := request.(*kmsg.OffsetCommitRequest)
	if !ok {
		return false
	}
	for _, t := range commit.Topics {
		for _, p := range t.Partitions {
			if p.Partition == partition && p.Metadata != nil && len(*p.Metadata) > most {
				return true
			}
		}
	}
	return false
}

func (c *fakeCluster) close() error {
	for _, p := range c.fronts {
		p.close()
	}
	if c.broker == nil {
		return nil
	}
	return c.broker.Close()
}
