package main

import (
	"context"
	"encoding/json"

	"waterhealer/kafka/kafkatest"
)

// place is where a message stands in an output.
type place struct {
	lane   int32 // -1 is nowhere
	offset int64
}

// again is a message whose record had been written before.
type again struct {
	partition int32
	offset    int64
	at        place
	writer    string
	before    string // who wrote it the last time before
}

// evidence is what the outputs hold.
type evidence struct {
	first  [][]place  // per input partition and offset: where it stands first
	writer [][]string // likewise: who wrote it last, as far as has been read
	repeat []again
}

// collect reads all outputs.
func (r *run) collect(ctx context.Context, ends []int64) (*evidence, error) {
	e := &evidence{first: make([][]place, len(ends)), writer: make([][]string, len(ends))}
	for p, end := range ends {
		e.first[p], e.writer[p] = make([]place, end), make([]string, end)
		for i := range e.first[p] {
			e.first[p][i].lane = -1
		}
	}
	for _, topic := range r.lanes.topics {
		messages, err := insist(ctx, func() ([]kafkatest.Message, error) { return r.witness.Consume(ctx, topic) })
		if err != nil {
			return nil, err
		}
		last := make(map[string]int64) // order unit -> the last offset that appeared for the first time in this lane
		lane := -1
		for _, m := range messages {
			if now := r.lanes.of(topic, m.Partition); now != lane {
				lane = now
				clear(last)
			}
			r.sight(e, topic, lane, m, last)
		}
	}
	return e, nil
}

// confirm asks the witness for what is committed at the end: all of it.
func (r *run) confirm(ctx context.Context, ends []int64) error {
	for _, p := range []int{0, len(ends) / 2, len(ends) - 1} {
		committed, err := insist(ctx, func() (int64, error) { return r.witness.Committed(ctx, r.topics.group, r.topics.in, int32(p)) })
		if err != nil {
			return err
		}
		if committed != ends[p] {
			r.fail("I11: %s/%d: %d is committed in the end, of %d", r.topics.in, p, committed, ends[p])
		}
	}
	return nil
}

// sight takes one message up.
func (r *run) sight(e *evidence, topic string, lane int, m kafkatest.Message, last map[string]int64) {
	var value struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(m.Value, &value); err != nil {
		r.fail("%s/%d offset %d holds %q: %v", topic, m.Partition, m.Offset, m.Value, err)
		return
	}
	partition, offset := int32(value.ID%idStep), value.ID/idStep
	if int(partition) >= len(e.first) || offset >= int64(len(e.first[partition])) {
		r.fail("%s/%d offset %d holds id %d, which was never written", topic, m.Partition, m.Offset, value.ID)
		return
	}
	want := r.topics.out
	fate := r.workload.fate(partition, offset)
	if fate != good {
		want = r.topics.dead
	}
	if topic != want || fate == dropped {
		r.fail("record %d (%s/%d offset %d), which is %v, stands in %s/%d at offset %d",
			value.ID, r.topics.in, partition, offset, fate, topic, m.Partition, m.Offset)
	}
	at, writer := place{lane: int32(lane), offset: m.Offset}, writerOf(m)
	before := e.writer[partition][offset]
	e.writer[partition][offset] = writer
	if e.first[partition][offset].lane >= 0 {
		e.repeat = append(e.repeat, again{partition: partition, offset: offset, at: at, writer: writer, before: before})
		return
	}
	e.first[partition][offset] = at
	if fate != good {
		return // letters are written, and tried again, each for itself
	}
	unit := r.workload.unit(partition, offset)
	if before, there := last[unit]; there && offset < before {
		r.fail("I5: %s/%d: offset %d of unit %s first appears in %s at %d, after offset %d",
			r.topics.in, partition, offset, unit, r.lanes.name(lane), m.Offset, before)
	}
	last[unit] = offset
}

// writerOf is the process that wrote a message.
func writerOf(m kafkatest.Message) string {
	for _, h := range m.Headers {
		if h.Name == "writer" {
			return h.Value
		}
	}
	return ""
}
