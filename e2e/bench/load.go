package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"

	"waterhealer/kafka/kafkatest"
)

// loadBatch is how many records of a partition are written in one batch. Broker
// and reader work batch by batch, so its size counts: 500 orders of 200 B are
// 100 KB, as a busy producer writes.
const loadBatch = 500

// loadCommand is the child that fills a topic. It is a process of its own so that
// the one that starts the contenders stays small: on Linux a child's peak memory
// begins with that of whoever started it.
func loadCommand(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet(commandLoad, flag.ContinueOnError)
	brokers := flags.String("brokers", "", "addresses, separated by commas")
	topic := flags.String("topic", "", "an empty topic")
	partitions := flags.Int("partitions", 1, "of the topic")
	data := flags.String("data", "", "data set")
	records := flags.Int64("records", 0, "how many")
	seed := flags.Uint64("seed", 1, "of the data set")
	root := flags.String("root", ".", "the module's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := kafkatest.Connect(list(*brokers))
	if err != nil {
		return err
	}
	defer client.Close()
	set, err := newDataSet(*data, *seed, *root)
	if err != nil {
		return err
	}
	made, err := load(ctx, client, *topic, *partitions, set, *records)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(made)
}

// load writes n records. A key is always on the same partition.
func load(ctx context.Context, client *kafkatest.Client, topic string, partitions int, set dataSet, n int64) (counts, error) {
	made := counts{}
	chunk := int64(loadBatch * partitions)
	for made.Records < n {
		messages := make([]kafkatest.Message, 0, chunk)
		for range min(chunk, n-made.Records) {
			r := set.next()
			made.add(r)
			messages = append(messages, kafkatest.Message{
				Partition: int32(crc32.ChecksumIEEE(r.key) % uint32(partitions)), Key: r.key, Value: r.value,
			})
		}
		if err := client.Produce(ctx, topic, messages); err != nil {
			return made, fmt.Errorf("after %d records: %w", made.Records, err)
		}
	}
	return made, nil
}
