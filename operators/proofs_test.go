package operators_test

import (
	"slices"
	"strings"
	"testing"

	"waterhealer/configs"
)

// TestProofs: what is reported of graphs that compile, by code; goldens of the
// command show the words.
func TestProofs(t *testing.T) {
	for _, c := range []struct {
		name, pipeline string
		want           []string
	}{
		{"a window that fits", "max_in_flight: 4\noperators:\n  - partition: 4\n", nil},
		{"one that does not", "max_in_flight: 4\noperators:\n  - partition: 5\n", []string{configs.CodeWindowSize}},
		{"after a filter", "max_in_flight: 4\noperators:\n  - filter: value.a\n  - sliding_window: 5\n", []string{configs.CodeWindowSize}},
		{"of batches", "max_in_flight: 10\noperators:\n  - partition: 5\n  - partition: 3\n", []string{configs.CodeWindowSize}},
		{"of batches that fit", "max_in_flight: 15\noperators:\n  - partition: 5\n  - partition: 3\n", nil},
		{"of part batches", "max_in_flight: 10\noperators:\n  - partition: {size: 5, timeout: 1s}\n  - partition: 3\n", nil},
		{"of elements again", "max_in_flight: 10\noperators:\n  - partition: 5\n  - flatten:\n  - partition: 30\n", nil},
		{"of both ways to it", "max_in_flight: 10\noperators:\n  - {name: a, map: value}\n  - {name: b, from: in, flatten: {}}\n  - {from: [a, b], partition: 30}\n", nil},
		{"what combine_latest repeats", "max_in_flight: 10\nsources: [{name: in, memory: {}}, {name: b, memory: {}}]\noperators:\n  - {from: [in, b], combine_latest: {}}\n  - partition: 30\n", nil},
		{"even sides", "operators:\n  - {name: a, map: value}\n  - {name: b, from: in, delay: 1s}\n  - {from: [a, b], zip: {}}\n", nil},
		{"sides that become even", "operators:\n  - {name: a, partition: 6}\n  - {name: b, from: in, partition: 2}\n  - {name: c, partition: 3}\n  - {from: [a, c], zip: {}}\n", nil},
		{"a window of each", "operators:\n  - {name: a, sliding_window: 3}\n  - {from: [in, a], zip: {}}\n", nil},
		{"a window of full ones", "operators:\n  - {name: a, sliding_window: {size: 3, return_partial: false}}\n  - {from: [in, a], zip: {}}\n", []string{configs.CodeJoinStall}},
		{"a zip of zips", "operators:\n  - {name: a, map: value}\n  - {name: z, from: [in, a], zip: {}}\n  - {from: [in, z], zip: {}}\n", nil},
		{"a keyed partition", "operators:\n  - {name: a, partition: {size: 1, key: value.k}}\n  - {from: [in, a], zip: {}}\n", []string{configs.CodeJoinStall}},
		{"what is remembered, of one topic", "operators:\n  - {name: a, filter: value.a}\n  - {from: [in, a], combine_latest: {}}\n", []string{configs.CodeJoinStall}},
		{"what waits for it", "operators:\n  - {name: a, filter: value.a}\n  - {from: [in, a], zip_latest: {}}\n", []string{configs.CodeJoinStall}},
		{"the other way round", "operators:\n  - {name: a, filter: value.a}\n  - {from: [a, in], zip_latest: {}}\n", nil},
		{"windows that come on", "operators:\n  - {name: a, partition: 5}\n  - {from: [in, a], combine_latest: {}}\n", nil},
		{"sources of their own", "sources: [{name: in, memory: {}}, {name: b, memory: {}}]\noperators:\n  - {name: a, from: b, filter: value.a}\n  - {from: [in, a], combine_latest: {}}\n", nil},
		{"two sources", "sources: [{name: in, memory: {}}, {name: b, memory: {}}]\noperators:\n  - {from: [in, b], zip: {}}\n", nil},
		{"two sources crosswise", "sources: [{name: in, memory: {}}, {name: b, memory: {}}]\noperators:\n  - {name: u, from: [in, b], union: {}}\n  - {name: v, from: [b, in], union: {}}\n  - {from: [u, v], zip: {}}\n", nil},
		{"order of keys", "order: key\nkey: value.k\n", nil},
		{"of none", "order: key\n", []string{configs.CodeOrderKey}},
		{"a retry", "operators:\n  - map: value\n    on_error: {retry: {attempts: 2}}\n", []string{configs.CodeUselessRetry}},
		{"a retry of the pipeline", "on_error: {retry: {attempts: 2}}\noperators:\n  - map: value\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, problems := compile(t, c.pipeline)
			var got []string
			for _, d := range problems {
				got = append(got, d.Code)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %s", problems, strings.Join(c.want, ", "))
			}
		})
	}
}
