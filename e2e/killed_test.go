package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"waterhealer/kafka/kafkatest"
)

const (
	killedRecords    = 200_000
	killedPartitions = 8
	killedTimes      = 12
)

// observation is what an outside poller saw: offsets that were committed, and,
// asked for after that, how far the output reached.
type observation struct {
	committed []int64 // per input partition
	ends      []int64 // per output partition
}

// testKilled feeds 200,000 records through filter, map and Kafka while the
// process is killed again and again, each time after it has written something
// new. Every record must arrive, in order, and no committed offset may ever be
// beyond the first record that is missing from the output.
func testKilled(t *testing.T, b *broker) {
	names := b.topics(t, killedPartitions, "killed", "survived")
	in, out := names[0], names[1]
	// The number is in the second field so that a record's origin is known.
	pipeline := file(t, "p.yaml", linear(in, out, "killed",
		"  - filter: value.id % 10 != 0\n  - map: {id: value.id, partition: partition, offset: offset}",
		`, instance_id: "${INSTANCE}"`))
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	watched, stopWatching := context.WithCancel(t.Context())
	var poller sync.WaitGroup
	var seen []observation
	var watchErr error
	poller.Go(func() { seen, watchErr = observe(watched, b, "killed", in, out) })

	chunk := killedRecords / (killedTimes + 1)
	next := 0
	began := time.Now()
	for kill := range killedTimes {
		from := next
		next += chunk
		before := total(t, b, out)
		p := start(t, b.env("INSTANCE=one"), "run", pipeline)
		var feeding sync.WaitGroup
		feeding.Go(func() { b.produce(t, in, numbers(from, next, killedPartitions)...) })
		wanted := before + 1 + random.Int64N(int64(chunk)/2)
		until(t, time.Minute, fmt.Sprintf("output after kill %d", kill), func(ctx context.Context) (bool, error) {
			ends, err := b.client.Ends(ctx, out)
			return sum(ends) >= wanted, err
		})
		p.kill()
		feeding.Wait()
	}
	b.produce(t, in, numbers(next, killedRecords, killedPartitions)...)
	if code, _ := run(t, b.env("INSTANCE=one"), 2*time.Minute, "run", pipeline, "--until-end"); code != 0 {
		t.Fatalf("exit code %d of the last run", code)
	}
	stopWatching()
	poller.Wait()
	if watchErr != nil {
		t.Fatal(watchErr)
	}
	t.Logf("%d records, %d kills in %v; the poller looked %d times", killedRecords, killedTimes, time.Since(began).Round(time.Second), len(seen))
	messages := b.consume(t, out)
	judge(t, messages, seen)
	per := int64(killedRecords / killedPartitions)
	b.committed(t, "killed", in, per, per, per, per, per, per, per, per)
}

func total(t *testing.T, b *broker, topic string) int64 {
	t.Helper()
	ends, err := b.client.Ends(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	return sum(ends)
}

func sum(numbers []int64) (total int64) {
	for _, n := range numbers {
		total += n
	}
	return total
}

// observe polls committed offsets and then the output's ends.
func observe(ctx context.Context, b *broker, group, in, out string) (seen []observation, err error) {
	err = b.client.Watch(ctx, group, 20*time.Millisecond, func(commits []kafkatest.Commit) {
		ends, err := b.client.Ends(ctx, out)
		if err != nil {
			return
		}
		o := observation{committed: make([]int64, killedPartitions), ends: ends}
		for _, c := range commits {
			if c.Topic == in && c.Offset > 0 {
				o.committed[c.Partition] = c.Offset
			}
		}
		seen = append(seen, o)
	})
	return seen, err
}

// arrival is where a source record first stands in the output.
type arrival struct {
	partition int32
	offset    int64
}

func judge(t *testing.T, messages []kafkatest.Message, seen []observation) {
	t.Helper()
	first, duplicates := arrivals(t, messages)
	missing := 0
	for partition := range killedPartitions {
		for offset := range killedRecords / killedPartitions {
			id := offset*killedPartitions + partition
			if _, there := first[partition][int64(offset)]; !there && id%10 != 0 {
				missing++
			}
		}
	}
	if missing > 0 {
		t.Errorf("%d records never arrived", missing)
	}
	commits := 0
	for i, o := range seen {
		for partition, committed := range o.committed {
			if i > 0 && committed < seen[i-1].committed[partition] {
				t.Errorf("partition %d: the committed offset went back from %d to %d", partition, seen[i-1].committed[partition], committed)
			}
			if i > 0 && committed == seen[i-1].committed[partition] {
				continue
			}
			commits++
			for offset := range committed {
				id := offset*killedPartitions + int64(partition)
				at, there := first[partition][offset]
				if id%10 != 0 && (!there || at.offset >= o.ends[at.partition]) {
					t.Fatalf("partition %d: %d was committed when record %d was not in the output", partition, committed, offset)
				}
			}
		}
	}
	t.Logf("%d messages, %d of them duplicates; %d different commits seen", len(messages), duplicates, commits)
	if commits < killedTimes {
		t.Errorf("the poller saw only %d commits: the check proves little", commits)
	}
}

// arrivals finds each source record's first place in the output, and checks
// that per source and output partition first appearances keep the source's order.
func arrivals(t *testing.T, messages []kafkatest.Message) (first []map[int64]arrival, duplicates int) {
	t.Helper()
	first = make([]map[int64]arrival, killedPartitions)
	for i := range first {
		first[i] = make(map[int64]arrival)
	}
	last := make(map[[2]int32]int64)
	slices.SortStableFunc(messages, func(a, b kafkatest.Message) int { return int(a.Partition - b.Partition) })
	for _, m := range messages {
		var v struct {
			ID        int64 `json:"id"`
			Partition int32 `json:"partition"`
			Offset    int64 `json:"offset"`
		}
		if err := json.Unmarshal(m.Value, &v); err != nil {
			t.Fatalf("%s: %v", m.Value, err)
		}
		if _, again := first[v.Partition][v.Offset]; again {
			duplicates++
			continue
		}
		first[v.Partition][v.Offset] = arrival{partition: m.Partition, offset: m.Offset}
		way := [2]int32{v.Partition, m.Partition}
		if before, there := last[way]; there && v.Offset < before {
			t.Fatalf("source partition %d: offset %d first appeared after %d in output partition %d", v.Partition, v.Offset, before, m.Partition)
		}
		last[way] = v.Offset
	}
	return first, duplicates
}
