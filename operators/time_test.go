package operators_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"waterhealer/engine"
)

// paced is a source that waits between its records: "1s" waits, anything else
// is a payload. At the end it waits for its context when hold is set.
func paced(hold bool, steps ...string) feed {
	return func(ctx context.Context, push func(...*engine.Record)) {
		for _, step := range steps {
			if wait, err := time.ParseDuration(step); err == nil && strings.HasSuffix(step, "s") {
				select {
				case <-time.After(wait):
				case <-ctx.Done():
				}
				continue
			}
			push(record(step))
		}
		if hold {
			<-ctx.Done()
		}
	}
}

// timed notes when, in the time of the test, each message was written.
func timed(t *testing.T, pipeline string, steps ...string) []string {
	t.Helper()
	var got []string
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b := &bench{clock: engine.RealClock{}}
		b.refuse = func(m engine.Message) error {
			got = append(got, fmt.Sprintf("%s %s", time.Since(start), m.Value))
			return nil
		}
		b.run(t, pipeline, map[string]feed{"in": paced(false, steps...)})
	})
	return got
}

func TestTime(t *testing.T) {
	for _, c := range []struct {
		name, operator string
		steps          []string
		want           []string
	}{
		{
			"a part batch goes when its time is over", "partition: {size: 3, timeout: 2s}",
			[]string{"1", "1s", "2", "3s", "3", "4", "5", "6", "9s"},
			[]string{"2s [1,2]", "4s [3,4,5]", "6s [6]"},
		},
		{
			"a full batch does not leave its time behind", "partition: {size: 2, timeout: 2s}",
			[]string{"1", "1s", "2", "500ms", "3", "9s"},
			[]string{"1s [1,2]", "3.5s [3]"},
		},
		{
			"each key has its own time", "partition: {size: 3, timeout: 2s, key: value % 2}",
			[]string{"1", "1s", "2", "500ms", "3", "9s"},
			[]string{"2s [1,3]", "3s [2]"},
		},
		{
			"the clock starts with the first record", "partition_time: 3s",
			[]string{"5s", "1", "2s", "2", "2s", "3", "9s", "4", "1s"},
			[]string{"8s [1,2]", "12s [3]", "19s [4]"},
		},
		{
			"an idle stream still lets its batch go", "partition_time: 3s",
			[]string{"1", "60s"},
			[]string{"3s [1]"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := timed(t, "operators:\n  - "+c.operator+"\n  - map: value\n", c.steps...)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestSignal: a signal lets go what a clock alone would emit; the rest is
// dropped unfinished, to be read again.
func TestSignal(t *testing.T) {
	for operator, want := range map[string]struct {
		lines     int
		watermark int64
	}{
		"partition: 5":                      {0, 0},
		"partition: {size: 5, key: 1}":      {0, 0},
		"partition: {size: 5, timeout: 1h}": {3, 3},
		"partition_time: 1h":                {3, 3},
	} {
		t.Run(operator, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				b := &bench{clock: engine.RealClock{}, ctx: ctx}
				time.AfterFunc(time.Minute, stop)
				result := b.run(t, "operators:\n  - "+operator+"\n", map[string]feed{"in": paced(true, "1", "2", "3")})
				if len(b.lines) != want.lines || result.Claims[0].Watermark != want.watermark {
					t.Errorf("%d lines, watermark %d, want %+v", len(b.lines), result.Claims[0].Watermark, want)
				}
			})
		})
	}
}

// TestRevokedRecordsLeaveTheirBatch: what a revoked claim brought is forgotten,
// and what others brought stays.
func TestRevokedRecordsLeaveTheirBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bench{clock: engine.RealClock{}, revoke: map[string]time.Duration{"left": time.Second}}
		result := b.run(t, "sources: [{name: left, memory: {}}, {name: right, memory: {}}]\noperators:\n  - partition: {size: 4, key: value % 2}\n  - map: value\n",
			map[string]feed{
				"left":  paced(false, "1", "3", "2", "4s"),
				"right": paced(false, "500ms", "5", "2s", "7", "9", "4", "1s"),
			})
		if want := []string{"out: [5,7,9]", "out: [4]"}; !slices.Equal(b.lines, want) {
			t.Errorf("got %q, want %q", b.lines, want)
		}
		for _, c := range result.Claims {
			if c.Source == "left" {
				t.Errorf("the revoked claim is held: %+v", c)
			}
		}
	})
}
