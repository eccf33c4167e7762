package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"waterhealer/kafka/kafkatest"
)

// realCluster is three real brokers, replication 3, min.insync 2.
type realCluster struct {
	*kafkatest.Cluster
	fronts []*proxy
	away   sync.Mutex // held while a broker is: two of three would be too many

	mu      sync.Mutex
	outages []outage
}

// outage is the time from a broker's death until it has all again.
type outage struct{ from, to time.Time }

func startReal(ctx context.Context) (*realCluster, error) {
	c := &realCluster{}
	var err error
	c.Cluster, err = kafkatest.Start(ctx, kafkatest.Options{Brokers: 3, Front: c.front})
	if err != nil {
		c.Cluster = nil
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *realCluster) front(broker string) (string, error) {
	front, err := startProxy("127.0.0.1:0", broker)
	if err != nil {
		return "", err
	}
	c.fronts = append(c.fronts, front)
	return front.address(), nil
}

func (c *realCluster) name() string { return "3 real" }

func (c *realCluster) proxies() []*proxy { return c.fronts }

func (c *realCluster) connect() (*kafkatest.Client, error) { return kafkatest.Connect(c.Addresses()) }

// moveCoordinator kills the group's coordinator; another broker takes over.
func (c *realCluster) moveCoordinator(ctx context.Context, client *kafkatest.Client, group string) error {
	id, err := insist(ctx, func() (int, error) { return client.Coordinator(ctx, group) })
	if err != nil {
		return err
	}
	return c.bounce(ctx, id, brokerAway)
}

// bounce kills a broker, starts it again after a while, and waits until it has
// what the others have. Where faults mix, others wait meanwhile: of brokers that
// die together the last may be the only one that knows a commit.
func (c *realCluster) bounce(ctx context.Context, id int, away time.Duration) error {
	c.away.Lock()
	defer c.away.Unlock()
	began := time.Now()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.outages = append(c.outages, outage{began, time.Now().Add(time.Second)})
	}()
	if err := c.Kill(id); err != nil {
		return err
	}
	wait(ctx, away)
	if err := c.Restart(ctx, id); err != nil {
		return err
	}
	client, err := c.connect()
	if err != nil {
		return err
	}
	defer client.Close()
	return client.InSync(ctx)
}

func (c *realCluster) stale(at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.outages, func(o outage) bool { return at.After(o.from) && at.Before(o.to) })
}

// limitMetadata restarts the brokers, one after another, with another limit.
func (c *realCluster) limitMetadata(ctx context.Context, most int) error {
	if err := c.Set("offset.metadata.max.bytes", fmt.Sprint(most)); err != nil {
		return err
	}
	for i := range c.fronts {
		if err := c.bounce(ctx, i, 0); err != nil {
			return err
		}
	}
	return nil
}

func (c *realCluster) close() error {
	for _, p := range c.fronts {
		p.close()
	}
	if c.Cluster == nil {
		return nil
	}
	return c.Stop()
}
