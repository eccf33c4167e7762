package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkPath is everything of the program that a record costs, but for the
// client: the data path as TestAllocationsPerRecord runs it.
func BenchmarkPath(b *testing.B) {
	for _, of := range []struct{ data, pipeline string }{
		{orders200, "passthrough"}, {orders1k, "passthrough"}, {quakes, "passthrough"},
		{orders200, "orders/filter50"}, {orders200, "orders/filter100"},
		{orders200, "orders/filter-map"}, {orders1k, "orders/filter-map"}, {quakes, "quakes/filter-map"},
		{orders200, "orders/filter-map-kafka"}, {quakes, "quakes/filter-map-kafka"},
		{orders200, "orders/maps5"}, {orders200, "orders/window-kafka"},
	} {
		b.Run(of.data+"/"+filepath.Base(of.pipeline), func(b *testing.B) {
			set, err := newDataSet(of.data, 1, moduleRoot)
			if err != nil {
				b.Fatal(err)
			}
			path := dataPath{pipeline: filepath.Join("testdata", of.pipeline+".yaml")}
			for range 1000 {
				path.messages = append(path.messages, set.next())
			}
			b.ReportAllocs()
			b.ResetTimer()
			path.run(b, b.N)
		})
	}
}

// BenchmarkRow is what one operator more costs, in a row of them.
func BenchmarkRow(b *testing.B) {
	set, err := newDataSet(orders200, 1, moduleRoot)
	if err != nil {
		b.Fatal(err)
	}
	var messages []record
	for range 1000 {
		messages = append(messages, set.next())
	}
	for _, kind := range []string{"filters", "maps"} {
		for _, n := range []int{1, 21} {
			b.Run(fmt.Sprintf("%s%d", kind, n), func(b *testing.B) {
				file, err := (&suite{dir: b.TempDir()}).operatorsFile(kind, n)
				if err != nil {
					b.Fatal(err)
				}
				path := dataPath{pipeline: file, messages: messages}
				b.ReportAllocs()
				b.ResetTimer()
				path.run(b, b.N)
			})
		}
	}
}
