package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// report is what came of a run, or of several of one kind.
type report struct {
	fault      string
	cluster    string
	order      string
	runs       int
	records    int64
	lost       int64 // passed the filter and never reached an output or the dead letters
	beyond     int64 // committed or marked while unfinished
	again      int64 // written again after a commit had said that it was finished
	duplicates int64
	resumed    time.Duration // the longest wait for progress after a strike
	resident   int64         // bytes, the most of any process
	failures   failures
}

// failures are what is wrong, in words; the first of them are kept.
type failures struct {
	count int
	texts []string
}

const failuresKept = 12

func (f *failures) add(text string) {
	f.count++
	if len(f.texts) < failuresKept {
		f.texts = append(f.texts, text)
	}
}

func (r *run) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures.add(fmt.Sprintf(format, args...))
}

// printTable prints one line for each report.
func printTable(w io.Writer, reports []report) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "fault\tbrokers\torder\truns\trecords\tlost\tcommitted beyond\tdone again\tduplicates\tprogress after\tmemory\tfailures\t")
	for _, r := range reports {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f s\t%d MiB\t%d\t\n", r.fault, r.cluster, r.order, r.runs, r.records,
			r.lost, r.beyond, r.again, r.duplicates, r.resumed.Seconds(), r.resident>>20, r.failures.count)
	}
	return table.Flush()
}

// printFailures says what is wrong, and how to see it again.
func printFailures(w io.Writer, r report, seed uint64, dir string) {
	if r.failures.count == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s on %s, order %s, seed %d: %d failures (logs in %s)\n", r.fault, r.cluster, r.order, seed, r.failures.count, dir)
	for _, text := range r.failures.texts {
		fmt.Fprintf(w, "  %s\n", text)
	}
}
