package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/rcrowley/go-metrics"
)

// The baselines.
const (
	baselineRaw     = "raw"              // a consumer group that counts, and commits
	baselineCopy    = "raw-copy"         // a consumer group and a producer that copy
	baselineHand    = "hand-written"     // encoding/json into a struct, a filter and a map of 3 fields in Go
	baselineHandMap = "hand-written-map" // the same by way of map[string]any
)

// ended is what a baseline says at its end.
type ended struct {
	In  int64 `json:"in"`
	Out int64 `json:"out"`
}

// work is what a baseline does.
type work struct {
	brokers, group, in, out string
	follow                  bool    // until a signal, whatever is there
	ends                    []int64 // of the partitions, at the start
}

// baselineCommand is the child that runs a baseline until it has read, and where
// it writes had acknowledged, all that is in the topic, or with -follow until a
// signal.
func baselineCommand(ctx context.Context, args []string, out io.Writer) error {
	w := &work{}
	flags := flag.NewFlagSet(commandBaseline, flag.ContinueOnError)
	flags.StringVar(&w.brokers, "brokers", "", "addresses, separated by commas")
	flags.StringVar(&w.in, "in", "", "topic to read")
	flags.StringVar(&w.out, "out", "", "topic to write")
	flags.StringVar(&w.group, "group", "", "consumer group")
	flags.BoolVar(&w.follow, "follow", false, "go on until a signal")
	name := flags.String("name", "", "which baseline")
	data := flags.String("data", "", "data set")
	profile := flags.String("memprofile", "", "file for a profile of what was allocated")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var e ended
	var err error
	switch *name {
	case baselineRaw:
		e, err = w.raw(ctx)
	case baselineCopy:
		e, err = w.copy(ctx, verbatim)
	case baselineHand:
		e, err = w.copy(ctx, byStruct(shape(*data)))
	case baselineHandMap:
		e, err = w.copy(ctx, byMap(shape(*data)))
	default:
		return fmt.Errorf("no baseline is called %q", *name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", *name, err)
	}
	return errors.Join(writeProfile(*profile), json.NewEncoder(out).Encode(e))
}

func writeProfile(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	runtime.GC() // the profile shows what the last collection left
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}

// config has the settings that the program itself chooses (package kafka), or
// those that are best, so that no baseline is slower for want of one.
func config() *sarama.Config {
	metrics.UseNilMetrics = true
	c := sarama.NewConfig()
	c.Version = sarama.MaxVersion
	c.ChannelBufferSize = 1024
	c.Consumer.Return.Errors = false // sarama logs them
	c.Consumer.IsolationLevel = sarama.ReadCommitted
	c.Consumer.Fetch.Max = 0
	c.Consumer.MaxWaitTime = 250 * time.Millisecond
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.Offsets.AutoCommit.Enable = true
	c.Consumer.Offsets.AutoCommit.Interval = time.Second

	c.Net.MaxOpenRequests = 1 // an idempotent producer must
	c.Producer.Idempotent = true
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Partitioner = sarama.NewMurmur2Partitioner
	c.Producer.Return.Successes = true
	return c
}

// open connects, and looks up how much there is to read.
func (w *work) open() (sarama.Client, error) {
	client, err := sarama.NewClient(list(w.brokers), config())
	if err != nil {
		return nil, err
	}
	partitions, err := client.Partitions(w.in)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	client.Config().Consumer.Fetch.Default = min(max(6<<20/int32(len(partitions)), 128<<10), 512<<10) // see docs/performance.md
	w.ends = make([]int64, len(partitions))
	for _, p := range partitions {
		end, err := client.GetOffset(w.in, p, sarama.OffsetNewest)
		if err != nil {
			return nil, errors.Join(err, client.Close())
		}
		if !w.follow {
			w.ends[p] = end
		}
	}
	return client, nil
}

// consume runs a consumer group until its context is done.
func consume(ctx context.Context, client sarama.Client, w *work, handler sarama.ConsumerGroupHandler) error {
	group, err := sarama.NewConsumerGroupFromClient(w.group, client)
	if err != nil {
		return err
	}
	for ctx.Err() == nil && err == nil {
		err = group.Consume(ctx, []string{w.in}, handler)
	}
	return errors.Join(err, group.Close())
}

// raw is the least that reading with sarama takes: count, mark, commit in the
// background.
func (w *work) raw(ctx context.Context) (ended, error) {
	client, err := w.open()
	if err != nil {
		return ended{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := newCounter(w, cancel)
	err = consume(ctx, client, w, h)
	return ended{In: h.seen.Load()}, errors.Join(err, client.Close())
}

// counter counts each claim for itself: what goroutines share costs most.
type counter struct {
	work   *work
	seen   atomic.Int64
	unread atomic.Int64 // partitions that were not read to their end
	done   func()
}

func newCounter(w *work, done func()) *counter {
	h := &counter{work: w, done: done}
	for _, end := range w.ends {
		if end > 0 {
			h.unread.Add(1)
		}
	}
	return h
}

func (*counter) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*counter) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (h *counter) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	last, seen := h.work.ends[claim.Partition()]-1, int64(0)
	for message := range claim.Messages() {
		session.MarkMessage(message, "")
		seen++
		if message.Offset == last && h.ended(seen) {
			h.done()
		}
	}
	return nil
}

// ended notes a partition that was read to its end, and says whether it was the
// last of them.
func (h *counter) ended(seen int64) bool {
	h.seen.Add(seen)
	return h.unread.Add(-1) == 0
}
