package main

import (
	"context"
	"slices"
)

// contender is who takes part: the program with a pipeline, a baseline, or a rival.
type contender struct {
	name     string
	baseline bool
	rival    *rival
	// writes is how many messages it must write to each of its topics.
	writes []func(counts) int64
	// widely says that it takes part on every data set, not only on orders200.
	widely bool
	file   string // its pipeline; "" is the file of its name in testdata
	// look begins to look at its run; nil where nobody does.
	look  func(context.Context) (*lookout, error)
	about string
}

func all(c counts) int64  { return c.Records }
func half(c counts) int64 { return c.Half }

// contenders are all, in the order of the table. A pipeline's file in testdata
// has its name.
func contenders() []contender {
	copies, filters := []func(counts) int64{all}, []func(counts) int64{half}
	list := []contender{
		{name: baselineRaw, baseline: true, widely: true, about: "sarama consumer group, counts and commits"},
		{name: baselineCopy, baseline: true, widely: true, writes: copies, about: "sarama consumer group and producer, copies"},
		{name: baselineHand, baseline: true, widely: true, writes: filters, about: "the same with encoding/json into a struct, filter 50%, map of 3 fields"},
		{name: baselineHandMap, baseline: true, widely: true, writes: filters, about: "the same into map[string]any"},

		{name: "passthrough", widely: true, about: "heal only, payloads checked to be JSON"},
		{name: "passthrough-bytes", widely: true, about: "heal only, whatever the payloads are"},
		{name: "passthrough-kafka", widely: true, writes: copies, about: "to Kafka"},
		{name: "linger", writes: copies, about: "passthrough-kafka with linger: 50ms"},
		{name: "filter1", about: "filter 1%, heal"},
		{name: "filter50", widely: true, about: "filter 50%, heal"},
		{name: "filter100", about: "filter 100%, heal"},
		{name: "filter-map", widely: true, about: "filter 50%, map of 3 fields, heal"},
		{name: "filter-map-kafka", widely: true, writes: filters, about: "filter 50%, map of 3 fields, to Kafka"},
		{name: "window-kafka", widely: true, writes: filters, about: "filter 50%, map, partition(100), foreach_map, to Kafka"},
		{name: "maps5", about: "5 maps in a row, heal"},
		{name: "order-key", writes: filters, about: "filter-map-kafka with order: key"},
		{name: "order-none", writes: filters, about: "filter-map-kafka with order: none"},
		{name: "fan-out", writes: []func(counts) int64{half, half}, about: "filter 50%, map, to two topics"},
		{name: "workers1", writes: filters, about: "filter-map-kafka with workers: 1"},
		{name: "workers2", writes: filters, about: "filter-map-kafka with workers: 2"},
	}
	for _, r := range rivals() {
		list = append(list, contender{name: r.name, rival: &r, widely: true, writes: filters, about: r.about})
	}
	return list
}

// chosen are the contenders of a block.
func (o options) chosen(data string, partitions int32) []contender {
	return slices.DeleteFunc(contenders(), func(c contender) bool {
		if len(o.pipelines) > 0 && !slices.Contains(o.pipelines, c.name) {
			return true
		}
		if data == quakes && (!c.widely || c.rival != nil) {
			return true // it has no such pipeline
		}
		if len(o.pipelines) == 0 && c.rival != nil && !o.rivals {
			return true
		}
		return len(o.pipelines) == 0 && !c.widely && !(data == orders200 && partitions == o.partitions[0])
	})
}
