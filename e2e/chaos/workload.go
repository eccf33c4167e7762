package main

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"waterhealer/kafka/kafkatest"
)

// What becomes of a record is decided before it is written.
type fate int

const (
	good    fate = iota // reaches the output
	dropped             // the filter drops it
	poison              // an expression fails: a dead letter
	refused             // the output's topic does not take it: a dead letter
)

func (f fate) String() string {
	return [...]string{"good", "dropped", "poison", "refused"}[f]
}

// mix says how many of 1,000 records have which fate; the rest is good.
type mix struct{ dropped, poison, refused uint64 }

// workload says what the record at each place of the input is. It is a pure
// function of the seed, so that nothing has to be remembered.
type workload struct {
	seed  uint64
	mix   mix
	order string // partition or key
}

const (
	// Ids are offset*idStep + partition.
	idStep = 1000
	// keysOf each partition.
	keysOf = 40
	// refusedPad makes a record larger than its topic takes.
	refusedPad   = 900
	refusedLimit = 500
)

func (w workload) hash(partition int32, offset int64) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d/%d", w.seed, partition, offset)
	return h.Sum64()
}

func (w workload) fate(partition int32, offset int64) fate {
	n := w.hash(partition, offset) % 1000
	for _, share := range []struct {
		of   uint64
		fate fate
	}{{w.mix.dropped, dropped}, {w.mix.poison, poison}, {w.mix.refused, refused}} {
		if n < share.of {
			return share.fate
		}
		n -= share.of
	}
	return good
}

func (w workload) key(partition int32, offset int64) string {
	return fmt.Sprintf("k%d-%d", partition, w.hash(partition, offset)>>20%keysOf)
}

// unit is what the record must keep its place in.
func (w workload) unit(partition int32, offset int64) string {
	if w.order == "key" {
		return w.key(partition, offset)
	}
	return fmt.Sprint(partition)
}

func (w workload) message(partition int32, offset int64) kafkatest.Message {
	f, pad := w.fate(partition, offset), 20
	if f == refused {
		pad = refusedPad
	}
	return kafkatest.Message{
		Partition: partition,
		Key:       []byte(w.key(partition, offset)),
		Value: fmt.Appendf(nil, `{"id": %d, "fate": %q, "pad": %q}`, offset*idStep+int64(partition),
			f, strings.Repeat("x", pad)),
	}
}

// topics of one run.
type topics struct{ in, out, small, dead, group string }

func topicsOf(run int) topics {
	return topics{
		in: fmt.Sprintf("in-%d", run), out: fmt.Sprintf("out-%d", run), small: fmt.Sprintf("small-%d", run),
		dead: fmt.Sprintf("dead-%d", run), group: fmt.Sprintf("chaos-%d", run),
	}
}

// What the pipeline says of times; the bounds of I8 follow from them.
const (
	sessionTimeout   = 6 * time.Second
	rebalanceTimeout = 15 * time.Second
	maxBackoff       = 5 * time.Second
	shutdownTimeout  = 30 * time.Second
	// progressGrace is what the design adds to these.
	progressGrace = 10 * time.Second
	metadataLimit = 4096
)

// pipeline is the file that every process runs. The header names who wrote a
// message, so that it can be told what came from a process that was dead to the
// group.
func (w workload) pipeline(t topics, brokers []string) string {
	return fmt.Sprintf(`
name: chaos
workers: 4
order: %s
shutdown_timeout: %v
sources:
  - name: in
    kafka:
      brokers: [%s]
      topics: [%s]
      group: %s
      session_timeout: %v
      rebalance_timeout: %v
      metadata_limit: %d
      client_id: "${WRITER}"
operators:
  - filter: value.fate != "dropped"
  - map: 'value.fate == "poison" ? fail("poison") : value'
sinks:
  - name: out
    healing:
      interval: 100ms
      to:
        kafka:
          topic: {expr: 'value.fate == "refused" ? %q : %q'}
          client_id: "${WRITER}"
          headers: {writer: 'env("WRITER")'}
on_error:
  retry: {attempts: 2, backoff: 50ms, max_backoff: %v}
  then: dead_letter
  dead_letter: {kafka: {topic: %s, client_id: "${WRITER}", headers: {writer: 'env("WRITER")'}}}
`, w.order, shutdownTimeout, strings.Join(brokers, ", "), t.in, t.group, sessionTimeout, rebalanceTimeout, metadataLimit,
		t.small, t.out, maxBackoff, t.dead)
}
