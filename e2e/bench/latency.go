package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// The rates at which records are produced, in records per second.
func rates() []int { return []int{1000, 20_000} }

const latencyPartitions = 4

// delays measures how long a record takes from being produced until it can be
// read from the topic behind a contender.
func (s *suite) delays(ctx context.Context) error {
	for _, brokers := range s.brokers {
		if err := s.delaysOn(ctx, brokers); err != nil {
			return fmt.Errorf("%s, latency: %w", brokers, err)
		}
	}
	return nil
}

// relays are who passes records on. Between no two topics the prober reads what
// it has written itself: what the measuring takes.
func (s *suite) relays() []contender {
	file := func(name string) string { return filepath.Join(s.root, "e2e", "bench", "testdata", name+".yaml") }
	return []contender{
		{name: relayNone, baseline: true},
		{name: baselineCopy, baseline: true},
		{name: "passthrough-kafka", file: file("passthrough-kafka")},
		{name: "linger", file: file("linger")},
		{name: "filter-map-kafka", file: file("latency/filter-map-kafka")},
	}
}

const relayNone = "nothing between"

// delay is one run of one relay at one rate.
type delay struct {
	latencies []time.Duration // sorted
	share     float64         // of one CPU
}

// at is a percentile.
func (d delay) at(percent float64) time.Duration {
	return d.latencies[min(len(d.latencies)-1, int(float64(len(d.latencies))*percent/100))]
}

func (s *suite) delaysOn(ctx context.Context, brokers string) (err error) {
	broker, err := s.startBroker(ctx, brokers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.close()) }()
	f := &field{suite: s, broker: broker, data: orders200, partitions: latencyPartitions}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	var verdicts []verdict
	fmt.Fprintln(t, "records/s\t\tp50 ms\tp99 ms\tp99.9 ms\tof a CPU\t")
	for _, rate := range rates() {
		runs := make([][]delay, len(s.relays()))
		for round := range s.runs {
			for i := range runs {
				i = (i + round) % len(runs)
				relay := s.relays()[i]
				d, err := f.delay(ctx, relay, rate)
				if err != nil {
					return fmt.Errorf("%s at %d records/s: %w", relay.name, rate, err)
				}
				fmt.Fprintf(s.log, "%s run %d: %s at %d records/s: p50 %v, p99 %v, p99.9 %v\n", brokers, round+1, relay.name, rate, d.at(50), d.at(99), d.at(99.9))
				runs[i] = append(runs[i], d)
			}
		}
		p99 := make(map[string]float64)
		for i, relay := range s.relays() {
			p99[relay.name] = over(runs[i], 99)
			fmt.Fprintf(t, "%d\t%s\t%.1f\t%.1f\t%.1f\t%.0f%%\t\n", rate, relay.name, over(runs[i], 50), over(runs[i], 99), over(runs[i], 99.9), 100*shareOf(runs[i]))
		}
		verdicts = append(verdicts, verdict{
			about: fmt.Sprintf("p99 at %d records/s, passthrough-kafka / raw-copy", rate), most: 2, measured: p99["passthrough-kafka"] / p99[baselineCopy],
		})
	}
	fmt.Fprintf(s.out, "\n%s broker, %d partitions, from produced to visible behind it, medians of %d runs of %v\n\n", brokers, latencyPartitions, s.runs, s.probe)
	if err := t.Flush(); err != nil {
		return err
	}
	missed, err := printVerdicts(s.out, verdicts)
	s.missed += missed
	return err
}

// over is the median of a percentile over all runs, in milliseconds.
func over(runs []delay, percent float64) float64 {
	var all []float64
	for _, d := range runs {
		all = append(all, float64(d.at(percent).Microseconds())/1000)
	}
	return median(all)
}

func shareOf(runs []delay) float64 {
	var all []float64
	for _, d := range runs {
		all = append(all, d.share)
	}
	return median(all)
}

// delay runs a relay between two fresh topics, and the prober at both ends.
func (f *field) delay(ctx context.Context, relay contender, rate int) (d delay, err error) {
	f.number++
	group := fmt.Sprintf("latency-%d", f.number)
	topics := []string{group + "-in", group + "-out"}
	remove, err := f.outputs(ctx, topics)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	prober := &probe{addresses: f.broker.addresses, in: topics[0], out: topics[1], partitions: f.partitions, rate: rate, time: f.probe}
	if relay.name == relayNone {
		prober.out = prober.in
		d.latencies, err = prober.run(ctx)
		slices.Sort(d.latencies)
		return d, err
	}
	p := f.relay(ctx, relay, group, topics)
	if err := p.start(); err != nil {
		return d, err
	}
	d.latencies, err = prober.run(ctx)
	if err != nil {
		p.kill()
		return d, fmt.Errorf("%w\n%s", err, tail(p.stderr.String()))
	}
	slices.Sort(d.latencies)
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return d, err
	}
	if err := p.wait(); err != nil {
		return d, err
	}
	cpu, _, err := usage(p.command.ProcessState)
	d.share = cpu.Seconds() / p.took.Seconds()
	return d, err
}

// relay is a contender that goes on until it is told to end.
func (f *field) relay(ctx context.Context, c contender, group string, topics []string) *process {
	brokers := strings.Join(f.broker.addresses, ",")
	if c.baseline {
		return newProcess(ctx, nil, f.self, commandBaseline, "-name", c.name, "-brokers", brokers, "-group", group,
			"-in", topics[0], "-out", topics[1], "-follow")
	}
	return newProcess(ctx, []string{"KAFKA_BROKERS=" + brokers, "IN=" + topics[0], "OUT1=" + topics[1], "GROUP=" + group},
		f.binary, "run", c.file)
}
