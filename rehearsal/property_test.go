package rehearsal_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"waterhealer/configs"
	"waterhealer/rehearsal"
)

// TestRandomSteps: whatever the steps are, two runs are alike, the watermark is
// the first offset that is not finished, and after the end nothing is open.
func TestRandomSteps(t *testing.T) {
	data, err := os.ReadFile("testdata/same/same.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pipeline := parsed(t, "same.yaml", data)
	rapid.Check(t, func(t *rapid.T) {
		test := configs.Test{Name: "random", Expected: neverMet(pipeline.Tests[0].Expected)}
		inputs := make(map[string]int)
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			step := configs.Step{Wait: time.Duration(rapid.IntRange(0, 2000).Draw(t, "wait")) * time.Millisecond}
			if rapid.IntRange(0, 2).Draw(t, "record") > 0 {
				step.Source = rapid.SampledFrom(pipeline.Sources).Draw(t, "source")
				step.Value = []byte(rapid.SampledFrom([]string{"1", "2", "3", "5", "6", `"x"`}).Draw(t, "value"))
				inputs[step.Source.Name]++
			}
			test.Steps = append(test.Steps, step)
		}
		// A minute lets all come in that waits for room.
		test.Steps = append(test.Steps, configs.Step{Wait: time.Minute}, configs.Step{End: true})
		first, err := rehearsal.Run(context.Background(), pipeline, &test)
		if err != nil {
			t.Fatal(err)
		}
		again, err := rehearsal.Run(context.Background(), pipeline, &test)
		if told(first, nil) != told(again, err) {
			t.Fatalf("one run gave\n%s\nand the next\n%s", told(first, nil), told(again, err))
		}
		for i := range first.Mismatches {
			m := &first.Mismatches[i]
			source := m.Expectation.Node.Name
			switch m.Expectation.Check {
			case configs.CheckFinished:
				var all []string
				for offset := range inputs[source] {
					all = append(all, fmt.Sprint(offset))
				}
				if got := m.Rows()[0].Got; got != "["+strings.Join(all, ",")+"]" {
					t.Errorf("of the %d records of %s are finished: %s", inputs[source], source, got)
				}
			case configs.CheckCommitted:
				if got := fmt.Sprint(m.Got[0]); got != fmt.Sprint(inputs[source]) {
					t.Errorf("the watermark of %s is %s, want %d", source, got, inputs[source])
				}
			}
		}
	})
}
