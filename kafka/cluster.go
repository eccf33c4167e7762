package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// place names a partition of a topic.
type place struct {
	topic     string
	partition int32
}

func (p place) String() string { return fmt.Sprintf("%s/%d", p.topic, p.partition) }

// cluster asks the brokers what sarama's consumer group does not tell: topic
// ids, offsets at an isolation, committed metadata. It also carries the
// commits. Its connections are its own, since on the group's a request queues
// behind a fetch that is parked until data comes.
type cluster struct {
	client    sarama.Client
	abort     context.CancelFunc // breaks off its connections
	closing   sync.Once
	watch     *watch // of its connections and, in a member, of the group's
	group     string
	isolation sarama.IsolationLevel
	logger    *slog.Logger
}

// askTimeout bounds how long one request of a cluster waits for its answer.
const askTimeout = 10 * time.Second

// openCluster connects over a watch, which it stops when it fails, and close
// does later. The config's timeouts are made shorter, because none of these
// requests is ever parked.
func openCluster(ctx context.Context, c Connection, group string, isolation sarama.IsolationLevel, watch *watch) (*cluster, error) {
	config := c.Config()
	config.Net.ReadTimeout = askTimeout
	config.Metadata.Full = false
	config.Metadata.RefreshFrequency = 0 // asked for when needed
	life, abort := context.WithCancel(context.WithoutCancel(ctx))
	watch.over(life, config)
	client, err := c.Client(ctx, config)
	if err != nil {
		abort()
		watch.stop()
		return nil, err
	}
	return &cluster{
		client: steered{client, watch}, abort: abort, watch: watch, group: group, isolation: isolation, logger: c.logger(),
	}, nil
}

// close ends all connections; requests under way fail.
func (c *cluster) close() {
	if c == nil || c.client == nil {
		return
	}
	c.closing.Do(func() { // sarama's clients cannot bear to be closed by two at once
		c.abort()
		_ = c.client.Close() // ErrClosedClient is all it can say
		c.watch.stop()
	})
}

// persist asks until there is an answer or an error that further tries would
// repeat, or ctx is done. What is asked is named by doing.
func (c *cluster) persist(ctx context.Context, doing string, ask func() error) error {
	pause := 50 * time.Millisecond
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if !passing(err) {
			return fmt.Errorf("%s: %w", doing, err)
		}
		c.logger.Debug("kafka does not answer, asking again", "doing", doing, "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: last answer: %w", doing, ctx.Err(), err)
		case <-time.After(pause/2 + rand.N(pause)): // spread over all who ask
			pause = min(2*pause, time.Second)
		}
	}
}

// topicState is what the cluster says of a topic.
type topicState struct {
	id         [16]byte
	partitions []int32
	missing    bool
}

// describe asks for the cluster's id and the state of topics.
func (c *cluster) describe(ctx context.Context, topics []string) (string, map[string]topicState, error) {
	var response *sarama.MetadataResponse
	err := c.persist(ctx, "asking for topics", func() error {
		broker := c.client.LeastLoadedBroker()
		if broker == nil {
			return sarama.ErrOutOfBrokers
		}
		request := sarama.NewMetadataRequest(c.client.Config().Version, topics)
		var err error
		if response, err = broker.GetMetadata(request); err != nil {
			_ = broker.Close()                      // so that the next try connects anew,
			_ = c.client.RefreshMetadata(topics...) // and not to the same one of those that were given
			return err
		}
		for _, b := range response.Brokers {
			c.watch.know(b.Addr())
		}
		for _, t := range response.Topics {
			if t.Err != sarama.ErrNoError && t.Err != sarama.ErrUnknownTopicOrPartition {
				return fmt.Errorf("topic %s: %w", t.Name, t.Err)
			}
		}
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	id := ""
	if response.ClusterID != nil {
		id = *response.ClusterID
	}
	states := make(map[string]topicState, len(topics))
	for _, t := range response.Topics {
		state := topicState{id: t.Uuid, missing: t.Err == sarama.ErrUnknownTopicOrPartition}
		for _, p := range t.Partitions {
			state.partitions = append(state.partitions, p.ID)
		}
		slices.Sort(state.partitions) // brokers give them in any order
		states[t.Name] = state
	}
	return id, states, nil
}

// committed is what a group has committed on a partition; offset -1 is nothing.
type committed struct {
	offset   int64
	metadata string
}

// committedOffsets fetches what the group has committed.
func (c *cluster) committedOffsets(ctx context.Context, places []place) (map[place]committed, error) {
	partitions := make(map[string][]int32)
	for _, p := range places {
		partitions[p.topic] = append(partitions[p.topic], p.partition)
	}
	result := make(map[place]committed, len(places))
	err := c.persist(ctx, "fetching the committed offsets of group "+c.group, func() error {
		return c.atCoordinator(func(broker *sarama.Broker) error {
			request := sarama.NewOffsetFetchRequest(c.client.Config().Version, c.group, partitions)
			// A transaction that is committing offsets of this group decides first.
			request.RequireStable = c.isolation == sarama.ReadCommitted
			response, err := broker.FetchOffset(request)
			if err != nil {
				return err
			}
			switch code := response.GroupError(); code {
			case sarama.ErrNoError:
			case sarama.ErrGroupIDNotFound: // how some brokers say that nothing is committed
				for _, p := range places {
					result[p] = committed{offset: -1}
				}
				return nil
			default:
				return code
			}
			for _, p := range places {
				block := response.GetBlock(p.topic, p.partition)
				if block == nil {
					return sarama.ErrIncompleteResponse
				}
				if block.Err != sarama.ErrNoError {
					return block.Err
				}
				result[p] = committed{offset: block.Offset, metadata: block.Metadata}
			}
			return nil
		})
	})
	return result, err
}

// atCoordinator sends one request to the group's coordinator. After an error
// that may be about the coordinator it forgets which broker that is.
func (c *cluster) atCoordinator(ask func(*sarama.Broker) error) error {
	broker, err := c.client.Coordinator(c.group)
	if err != nil {
		return err
	}
	err = ask(broker)
	var code sarama.KError
	switch {
	case err == nil, isActive(err):
		return err
	case !errors.As(err, &code):
		_ = broker.Close() // the connection is in doubt
		_ = c.client.RefreshCoordinator(c.group)
	case code == sarama.ErrNotCoordinatorForConsumer, code == sarama.ErrConsumerCoordinatorNotAvailable:
		_ = c.client.RefreshCoordinator(c.group)
	}
	return err
}
