package healer

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPartitionAsModel runs random steps on the tracker and on a naive model,
// over several claims of one log.
func TestPartitionAsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newTwin(rt)
		pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "pick") }
		steps := map[string]func(*rapid.T){"": func(*rapid.T) { w.quick() }}
		for name, do := range w.actions(pick) {
			steps[name] = func(*rapid.T) { do() }
		}
		rt.Repeat(steps)
		w.look()
	})
}

// FuzzPartition is the same with steps taken from bytes.
func FuzzPartition(f *testing.F) {
	f.Add([]byte{1, 7, 0, 0, 3, 3, 3, 8, 8, 8, 2, 2, 2, 9, 1, 0, 0})
	f.Add([]byte{1, 3, 4, 0, 2, 1, 6, 5, 5, 9, 9, 9, 10, 11, 200, 100, 50})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newTwin(t)
		pick := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			b := int(data[0])
			data = data[1:]
			return b % n
		}
		actions := w.actions(pick)
		names := slices.Sorted(maps.Keys(actions))
		for range min(len(data), 400) {
			if len(data) == 0 {
				break
			}
			actions[names[pick(len(names))]]()
		}
		w.look()
	})
}
