package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// scale measures what a record costs with more partitions, and with more
// operators. The first is to be flat, the second linear.
func (s *suite) scale(ctx context.Context) error {
	for _, brokers := range s.brokers {
		if err := s.scalePartitions(ctx, brokers); err != nil {
			return fmt.Errorf("%s, partitions: %w", brokers, err)
		}
		if err := s.scaleOperators(ctx, brokers); err != nil {
			return fmt.Errorf("%s, operators: %w", brokers, err)
		}
	}
	return nil
}

// scalePartitions shows what sarama alone costs beside, since that grows, too.
func (s *suite) scalePartitions(ctx context.Context, brokers string) error {
	var participants []contender
	for _, c := range contenders() {
		switch c.name {
		case baselineRaw, "passthrough", "filter-map":
			participants = append(participants, c)
		}
	}
	var lines []scaleLine
	for _, partitions := range []int32{1, 10, 100, 1000} {
		rows, err := s.scaleBlock(ctx, brokers, partitions, participants)
		if err != nil {
			return err
		}
		lines = append(lines, scaleLine{int(partitions), rows})
	}
	fmt.Fprintf(s.out, "\n%s broker, %d records of %s, medians of %d\n\n", brokers, s.records, orders200, s.runs)
	if err := printScale(s.out, "partitions", lines); err != nil {
		return err
	}
	var verdicts []verdict
	for _, name := range []string{"passthrough", "filter-map"} {
		few, _ := lines[1].rows.ratio(name, baselineRaw)
		many, _ := lines[len(lines)-1].rows.ratio(name, baselineRaw)
		verdicts = append(verdicts, verdict{about: name + " at 1,000 partitions / at 10, each as times raw", most: even, measured: many / few})
	}
	missed, err := printVerdicts(s.out, verdicts)
	s.missed += missed
	return err
}

// even is how far figures that are to be flat, or to grow evenly, may be apart.
const even = 1.25

// scaleLine is one line of the table: a number of partitions or operators.
type scaleLine struct {
	n    int
	rows results
}

func (s *suite) scaleBlock(ctx context.Context, brokers string, partitions int32, participants []contender) (rows results, err error) {
	f, err := s.lay(ctx, brokers, orders200, partitions)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.broker.close()) }()
	all, err := f.compete(ctx, brokers, participants)
	if err != nil {
		return nil, err
	}
	return tableOf(all, f.made), nil
}

// scaleOperators measures rows of filters that let all through, and of maps that
// each make a new value.
func (s *suite) scaleOperators(ctx context.Context, brokers string) error {
	numbers := []int{1, 2, 5, 10, 20, 50}
	var participants []contender
	for _, n := range numbers {
		for _, kind := range []string{"filters", "maps"} {
			file, err := s.operatorsFile(kind, n)
			if err != nil {
				return err
			}
			participants = append(participants, contender{name: fmt.Sprintf("%s%d", kind, n), file: file})
		}
	}
	fewer := *s
	fewer.records = max(1, s.records/5) // 50 operators take their time
	rows, err := fewer.scaleBlock(ctx, brokers, 4, participants)
	s.number = fewer.number
	if err != nil {
		return err
	}
	var lines []scaleLine
	for i, n := range numbers {
		line := scaleLine{n, results{rows[2*i], rows[2*i+1]}}
		line.rows[0].name, line.rows[1].name = "filters", "maps"
		lines = append(lines, line)
	}
	fmt.Fprintf(s.out, "\n%s broker, %d records of %s, 4 partitions, medians of %d\n\n", brokers, fewer.records, orders200, s.runs)
	if err := printScale(s.out, "operators", lines); err != nil {
		return err
	}
	var verdicts []verdict
	for kind, name := range []string{"filters", "maps"} {
		each := func(from, to int) float64 {
			return (lines[to].rows[kind].cpu - lines[from].rows[kind].cpu) / float64(lines[to].n-lines[from].n)
		}
		verdicts = append(verdicts, verdict{
			about: name + ", each from 10 to 50 / each from 1 to 10", most: even, measured: each(3, 5) / each(0, 3),
		})
	}
	missed, err := printVerdicts(s.out, verdicts)
	s.missed += missed
	return err
}

// operatorsFile writes a pipeline of n operators of a kind.
func (s *suite) operatorsFile(kind string, n int) (string, error) {
	var b strings.Builder
	b.WriteString("name: bench\nsources:\n  - name: in\n" +
		"    kafka: {brokers: [\"${KAFKA_BROKERS}\"], topics: [\"${IN}\"], group: \"${GROUP}\"}\noperators:\n")
	for i := range n {
		if kind == "filters" {
			fmt.Fprintf(&b, "  - filter: value.amount >= %d\n", -i-1)
		} else {
			fmt.Fprintf(&b, "  - map: {id: value.id, customer: value.customer, amount: value.amount + %d}\n", i+1)
		}
	}
	b.WriteString("sinks:\n  - healing: {}\n")
	path := filepath.Join(s.dir, fmt.Sprintf("%s%d.yaml", kind, n))
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// printScale prints CPU seconds per million records, and what each more has cost
// since the line above.
func printScale(w io.Writer, what string, lines []scaleLine) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\t", what)
	for _, r := range lines[0].rows {
		fmt.Fprintf(t, "%s, CPU s per million\tpeak MiB\t", r.name)
		if what == "operators" {
			fmt.Fprint(t, "each more\t")
		} else if r.name != baselineRaw {
			fmt.Fprint(t, "/ raw\t")
		}
	}
	fmt.Fprintln(t)
	for i, line := range lines {
		fmt.Fprintf(t, "%d\t", line.n)
		for k, r := range line.rows {
			fmt.Fprintf(t, "%.2f\t%.0f\t", r.cpu, r.resident/(1<<20))
			switch {
			case what == "operators" && i == 0:
				fmt.Fprint(t, "\t")
			case what == "operators":
				before := lines[i-1]
				fmt.Fprintf(t, "%.3f\t", (r.cpu-before.rows[k].cpu)/float64(line.n-before.n))
			case r.name != baselineRaw:
				ratio, _ := line.rows.ratio(r.name, baselineRaw)
				fmt.Fprintf(t, "%.2f\t", ratio)
			}
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}
