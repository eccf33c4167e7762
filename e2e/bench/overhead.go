package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

// lookout is who looks at a run while it is measured: what the program must be
// told for it, and how to end it.
type lookout struct {
	arguments, environment []string
	// end returns an error when there was nothing to look at: then the run is no
	// figure.
	end func() error
}

// looks are the ways to look at a run. The first is not to.
func looks() []look {
	return []look{
		{name: lookOff, about: "nobody looks"},
		{name: lookMetrics, about: "--http, and /metrics is scraped each second", begin: scraped},
		{name: "traces", about: "one record of a hundred is followed with OpenTelemetry", begin: followed},
		{name: "inspect", about: "--http --http-show-values, inspect: true on every node", begin: served, inspects: true},
		{name: "all", about: "all of these at once", begin: everybody, inspects: true},
	}
}

// look is one of them.
type look struct {
	name, about string
	begin       func(context.Context) (*lookout, error)
	inspects    bool // it needs a file of its own
}

const (
	lookOff     = "off"
	lookMetrics = "metrics"
)

// looked are the pipelines that are looked at.
func looked() []contender {
	return []contender{
		{name: "filter-map"},
		{name: "filter-map-kafka", writes: []func(counts) int64{half}},
	}
}

// overheads measures what it costs to look at a run.
func (s *suite) overheads(ctx context.Context) error {
	for _, brokers := range s.brokers {
		for _, c := range looked() {
			if err := s.overheadOf(ctx, brokers, c); err != nil {
				return fmt.Errorf("%s, overhead, %s: %w", brokers, c.name, err)
			}
		}
	}
	return nil
}

func (s *suite) overheadOf(ctx context.Context, brokers string, c contender) (err error) {
	f, err := s.lay(ctx, brokers, orders200, overheadPartitions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.broker.close()) }()
	var participants []contender
	for _, l := range looks() {
		p := c
		p.name, p.look = l.name, l.begin
		name := c.name
		if l.inspects {
			name = "inspect-" + name
		}
		p.file = filepath.Join(s.root, "e2e", "bench", "testdata", shape(orders200), name+".yaml")
		participants = append(participants, p)
	}
	results, err := f.compete(ctx, brokers, participants)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s broker, %s, %d records of %s, %d partitions, medians of %d\n\n",
		brokers, c.name, f.made.Records, orders200, overheadPartitions, s.runs)
	return s.printOverhead(c.name, results, f.made)
}

const overheadPartitions = 4

// mostMetrics is what metrics may cost, against a run without.
const mostMetrics = 1.02

// printOverhead prints each way to look as a ratio to off: the median of the ratios of all
// rounds, since what disturbs a machine for a while disturbs the runs of a round alike.
func (s *suite) printOverhead(pipeline string, all []result, made counts) error {
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tCPU s per million\tleast – most\trecords/s\tpeak MiB\t/ off\tleast – most\t\t")
	rows := tableOf(all, made)
	var verdicts []verdict
	for i, row := range rows {
		ratios := ratiosTo(all[0].runs, all[i].runs)
		fmt.Fprintf(t, "%s\t%.2f\t%.2f – %.2f\t%.0f\t%.0f\t%.3f\t%.3f – %.3f\t\t\n", row.name, row.cpu, row.least, row.most, row.rate, row.resident/(1<<20),
			median(ratios), slices.Min(ratios), slices.Max(ratios))
		if row.name == lookMetrics {
			verdicts = append(verdicts, verdict{about: pipeline + ", CPU with metrics / off", most: mostMetrics, measured: median(ratios)})
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(s.out)
	for _, l := range looks() {
		fmt.Fprintf(s.out, "%8s  %s\n", l.name, l.about)
	}
	missed, err := printVerdicts(s.out, verdicts)
	s.missed += missed
	return err
}

// ratiosTo are the CPU of runs against those of the same rounds.
func ratiosTo(off, runs []measurement) []float64 {
	ratios := make([]float64, len(runs))
	for i := range runs {
		ratios[i] = runs[i].cpu.Seconds() / off[i].cpu.Seconds()
	}
	return ratios
}
