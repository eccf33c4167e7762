package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"waterhealer/kafka/kafkatest"
)

// The kinds of brokers.
const (
	brokersEmbedded = "embedded" // `waterhealer broker`
	brokersKafka    = "kafka"    // one Apache Kafka, which `make kafka` fetches
)

// broker runs in a process of its own.
type broker struct {
	addresses []string
	client    *kafkatest.Client
	stop      func() error
}

func (s *suite) startBroker(ctx context.Context, kind string) (*broker, error) {
	b := &broker{}
	if kind == brokersKafka {
		cluster, err := kafkatest.Start(ctx, kafkatest.Options{})
		if err != nil {
			return nil, err
		}
		b.addresses, b.stop = cluster.Addresses(), cluster.Stop
	} else if err := b.embed(ctx, s.binary); err != nil {
		return nil, err
	}
	var err error
	if b.client, err = kafkatest.Connect(b.addresses); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

// embed starts the embedded broker. It prints its address when it listens.
func (b *broker) embed(ctx context.Context, binary string) error {
	p := newProcess(ctx, nil, binary, "broker", "--listen", "127.0.0.1:0", "--log-level", "error")
	p.command.Stdout = nil
	output, err := p.command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		p.kill()
		return fmt.Errorf("the broker did not start: %w\n%s", err, p.stderr.String())
	}
	b.addresses = list(strings.TrimSpace(line))
	b.stop = func() error {
		p.kill()
		return nil
	}
	return nil
}

func (b *broker) close() error {
	b.client.Close()
	return b.stop()
}

// makeTopics makes empty topics.
func (b *broker) makeTopics(ctx context.Context, partitions int32, names ...string) error {
	for _, name := range names {
		if err := b.client.CreateTopic(ctx, name, partitions, nil); err != nil {
			return err
		}
	}
	return nil
}

// holds is how many messages a topic has.
func (b *broker) holds(ctx context.Context, topic string) (total int64, err error) {
	ends, err := b.client.Ends(ctx, topic)
	for _, end := range ends {
		total += end
	}
	return total, err
}

// committed is how many records a group has committed of a topic that begins at 0.
func (b *broker) committed(ctx context.Context, group, topic string) (total int64, err error) {
	commits, err := b.client.Commits(ctx, group)
	for _, c := range commits {
		if c.Topic == topic {
			total += max(0, c.Offset)
		}
	}
	return total, err
}
