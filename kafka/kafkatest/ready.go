package kafkatest

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

const askAgain = 50 * time.Millisecond

// ready returns when each of the brokers, asked itself, knows itself and all
// others that run, and when a group can find its coordinator.
func (c *Cluster) ready(ctx context.Context, brokers []*broker) error {
	asks, asksCtx := errgroup.WithContext(ctx)
	for _, b := range brokers {
		asks.Go(func() error {
			err := until(asksCtx, b.process.exited, func() error { return c.ask(asksCtx, b) })
			if err != nil {
				return fmt.Errorf("broker %d: %w", b.id, err)
			}
			return nil
		})
	}
	if err := asks.Wait(); err != nil {
		return err
	}
	client, err := Connect(c.Addresses())
	if err != nil {
		return err
	}
	defer client.Close()
	return until(ctx, nil, func() error {
		_, err := client.Commits(ctx, "nobody") // makes the topic that holds offsets
		return err
	})
}

// until asks again and again until there is no error, ctx ends, or the process that is asked has
// exited.
func until(ctx context.Context, exited <-chan struct{}, ask func() error) error {
	ticker := time.NewTicker(askAgain)
	defer ticker.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-exited:
			return fmt.Errorf("the process has ended; the last answer was: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("%w; the last answer was: %w", context.Cause(ctx), err)
		}
	}
}

// ask is nil when the broker's own view of the cluster has every broker that
// runs in it.
func (c *Cluster) ask(ctx context.Context, b *broker) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.address(Plaintext)), kgo.RequestRetries(0))
	if err != nil {
		return err
	}
	defer client.Close()
	answer, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client.SeedBrokers()[0])
	if err != nil {
		return err
	}
	known := make(map[int32]bool)
	for _, other := range answer.Brokers {
		known[other.NodeID] = true
	}
	for _, other := range c.brokers {
		if other.running() && !known[int32(other.id)] {
			return fmt.Errorf("it does not know broker %d yet", other.id)
		}
	}
	return nil
}

func (b *broker) running() bool {
	if b.process == nil {
		return false
	}
	select {
	case <-b.process.exited:
		return false
	default:
		return true
	}
}
