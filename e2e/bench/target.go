package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// target is a figure that is to be reached.
type target struct {
	about    string
	most     float64
	measured func(results) (float64, bool) // false where a contender did not take part
}

func ratioTarget(about, name, to string, most float64) target {
	return target{about: about + ", CPU / " + to, most: most, measured: func(r results) (float64, bool) { return r.ratio(name, to) }}
}

// memoryOver is what passthrough-kafka may have more than raw-copy, in MiB.
const memoryOver = 64

func targets() []target {
	return []target{
		ratioTarget("pass-through, heal", "passthrough", baselineRaw, 1.15),
		ratioTarget("pass-through to Kafka", "passthrough-kafka", baselineCopy, 1.15),
		ratioTarget("filter 50%, heal", "filter50", baselineRaw, 1.5),
		ratioTarget("filter 50% and map of 3 fields, heal", "filter-map", baselineRaw, 1.8),
		ratioTarget("filter 50% and map of 3 fields to Kafka", "filter-map-kafka", baselineCopy, 0.85),
		ratioTarget("filter 50% and map of 3 fields to Kafka", "filter-map-kafka", baselineHand, 0.3),
		ratioTarget("filter 50% and map of 3 fields to Kafka", "filter-map-kafka", baselineHandMap, 0.3),
		{about: "our own allocations per record, filter 50% and map of 3 fields", most: 4, measured: func(r results) (float64, bool) {
			row, ok := r.named("filter-map")
			return row.allocations.ours, ok && row.allocations.all() > 0
		}},
		{about: "pass-through to Kafka, MiB of peak memory above raw-copy", most: memoryOver, measured: func(r results) (float64, bool) {
			row, ok := r.named("passthrough-kafka")
			raw, also := r.named(baselineCopy)
			return (row.resident - raw.resident) / (1 << 20), ok && also
		}},
	}
}

// printTargets prints what was aimed at and what was measured, and returns how
// many targets were missed.
func printTargets(w io.Writer, r results) (missed int, err error) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\ttarget\tat most\tmeasured\t\t")
	some := false
	for _, target := range targets() {
		measured, ok := target.measured(r)
		if !ok {
			continue
		}
		some = true
		verdict := "met"
		if measured > target.most {
			verdict = "missed"
			missed++
		}
		fmt.Fprintf(t, "\t%s\t%.2f\t%.2f\t%s\t\n", target.about, target.most, measured, verdict)
	}
	if !some {
		return 0, nil
	}
	fmt.Fprintln(w)
	return missed, t.Flush()
}
