package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// result is all runs of one contender.
type result struct {
	contender
	runs        []measurement
	allocations allocations
}

// row is a line of the table: medians.
type row struct {
	contender
	rate        float64 // records per second
	cpu         float64 // seconds per million records
	least, most float64 // cpu's
	resident    float64 // bytes
	allocations allocations
}

type results []row

func tableOf(all []result, made counts) results {
	var rows results
	for _, r := range all {
		var rate, cpu, resident []float64
		for _, m := range r.runs {
			rate = append(rate, m.rate(made))
			cpu = append(cpu, m.perMillion(made))
			resident = append(resident, float64(m.resident))
		}
		rows = append(rows, row{contender: r.contender, rate: median(rate), cpu: median(cpu), least: slices.Min(cpu), most: slices.Max(cpu),
			resident: median(resident), allocations: r.allocations})
	}
	return rows
}

func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// named is the row of a contender, if it took part.
func (r results) named(name string) (row, bool) {
	i := slices.IndexFunc(r, func(r row) bool { return r.name == name })
	if i < 0 {
		return row{}, false
	}
	return r[i], true
}

// ratio is one contender's CPU per record against another's.
func (r results) ratio(name, to string) (float64, bool) {
	a, ok := r.named(name)
	b, also := r.named(to)
	if !ok || !also || b.cpu == 0 {
		return 0, false
	}
	return a.cpu / b.cpu, true
}

func (r results) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tCPU s per million\tleast – most\trecords/s\tpeak MiB\tallocs/record\tours\tsarama's\tB/record\t/ raw\t/ raw-copy\t/ hand-written\t")
	for _, row := range r {
		fmt.Fprintf(t, "%s\t%.2f\t%.2f – %.2f\t%.0f\t%.0f\t", row.name, row.cpu, row.least, row.most, row.rate, row.resident/(1<<20))
		if a := row.allocations; a.all() > 0 {
			fmt.Fprintf(t, "%.2f\t%.2f\t%.2f\t%.0f\t", a.all(), a.ours, a.sarama, a.bytes)
		} else {
			fmt.Fprint(t, "\t\t\t\t")
		}
		for _, to := range []string{baselineRaw, baselineCopy, baselineHand} {
			if ratio, ok := r.ratio(row.name, to); ok {
				fmt.Fprintf(t, "%.2f", ratio)
			}
			fmt.Fprint(t, "\t")
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
