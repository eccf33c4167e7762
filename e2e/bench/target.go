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
		ratioTarget("pass-through of bytes, heal", "passthrough-bytes", baselineRaw, 1.15),
		ratioTarget("pass-through of JSON, which is checked, heal", "passthrough", baselineRaw, 1.15),
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

// verdict is a target and what was measured.
type verdict struct {
	about          string
	most, measured float64
}

// verdictsOf leaves out targets whose contenders did not take part.
func verdictsOf(r results) (verdicts []verdict) {
	for _, t := range targets() {
		if measured, ok := t.measured(r); ok {
			verdicts = append(verdicts, verdict{t.about, t.most, measured})
		}
	}
	return verdicts
}

// printVerdicts prints what was aimed at and what was measured, and returns how
// many targets were missed.
func printVerdicts(w io.Writer, verdicts []verdict) (missed int, err error) {
	if len(verdicts) == 0 {
		return 0, nil
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "target\tat most\tmeasured\t\t")
	for _, v := range verdicts {
		word := "met"
		if v.measured > v.most {
			word = "missed"
			missed++
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%s\t\n", v.about, v.most, v.measured, word)
	}
	return missed, t.Flush()
}
