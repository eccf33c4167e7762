package operators_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"waterhealer/engine"
	"waterhealer/operators"
)

// BenchmarkOperators runs records through a source, one operator and an output.
// What `map: value` takes is mostly the way to it and back: the rest is the
// operator's own.
func BenchmarkOperators(b *testing.B) {
	examples := map[string]string{
		"accumulate": "accumulate: value", "switch": "name: s\n    switch: {cases: [{when: 'value.id % 2 == 0', name: x}], default: y}",
		"starmap": "starmap: {args: [x, y], expr: x}", "pluck": "pluck: id", "rate_limit": "rate_limit: 1ns", "delay": "delay: 1ns",
		"partition_time": "partition_time: 1ms", "timed_window": "timed_window: 1ms", "timed_window_unique": "timed_window_unique: 1ms",
		"unique": "unique: {max_size: 1000}", "frequencies": "frequencies: {}", "filter": "filter: value.id >= 0", "remove": "remove: value.id < 0",
		"partition": "partition: 100", "partition_unique": "partition_unique: 50", "sliding_window": "sliding_window: 3", "map": "map: value",
		"map_async": "map_async: value", "foreach_map": "foreach_map: value", "foreach_filter": "foreach_filter: true", "foreach_async": "foreach_async: value",
		"slice": "slice: {}", "sample": "sample: {every: 2}",
	}
	lists := "flatten starmap foreach_map foreach_filter foreach_async"
	for _, k := range operators.Kinds() {
		b.Run(k.Spec.Kind, func(b *testing.B) {
			operator := examples[k.Spec.Kind]
			if operator == "" {
				operator = strings.ReplaceAll(strings.TrimRight(k.Spec.Example, "\n"), "\n", "\n    ")
			}
			sinks := "sinks: [{name: out, memory: {}}]\n"
			sources := "sources: [{name: in, memory: {}}]\n"
			feeds := map[string]feed{"in": repeated(b.N, strings.Contains(lists, k.Spec.Kind))}
			if k.Spec.Kind == "switch" {
				sinks = "sinks: [{name: out, from: [s.x, s.y], memory: {}}]\n"
			}
			if strings.Contains(operator, "from: ") {
				sources = "sources: [{name: a, memory: {}}, {name: b, memory: {}}]\n"
				sinks = "sinks: [{name: out, memory: {}}, {name: both, from: [a, b], memory: {}}]\n"
				feeds = map[string]feed{"a": repeated(b.N/2, false), "b": repeated(b.N/2, false)}
			}
			b.ReportAllocs()
			run := &bench{clock: engine.RealClock{}, quiet: true}
			run.run(b, "max_in_flight: 100000000\n"+sources+"operators:\n  - "+operator+"\n"+sinks, feeds)
		})
	}
}

// repeated pushes n records with 100 different values.
func repeated(n int, lists bool) feed {
	return func(_ context.Context, push func(...*engine.Record)) {
		for at := 0; at < n; {
			slice := make([]*engine.Record, 0, 500)
			for range min(500, n-at) {
				text := fmt.Sprintf(`{"id":%d}`, at%100)
				if lists {
					text = fmt.Sprintf(`[%d,%d]`, at%100, at%10)
				}
				slice = append(slice, &engine.Record{Raw: []byte(text)})
				at++
			}
			push(slice...)
		}
	}
}
