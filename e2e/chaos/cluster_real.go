package main

import (
	"context"
	"errors"
	"fmt"

	"waterhealer/kafka/kafkatest"
)

// realCluster is three real brokers, replication 3, min.insync 2.
type realCluster struct {
	*kafkatest.Cluster
	fronts []*proxy
}

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
	id, err := client.Coordinator(ctx, group)
	if err != nil {
		return err
	}
	if err := c.Kill(id); err != nil {
		return err
	}
	wait(ctx, brokerAway)
	return c.Restart(ctx, id)
}

// limitMetadata restarts the brokers, one after another, with a lower limit.
func (c *realCluster) limitMetadata(ctx context.Context, most int) error {
	if err := c.Set("offset.metadata.max.bytes", fmt.Sprint(most)); err != nil {
		return err
	}
	for i := range c.fronts {
		if err := c.Restart(ctx, i); err != nil {
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
