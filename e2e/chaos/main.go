package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		stop()
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	records int64
	seed    uint64
	faults  []string
	strikes int
	order   string
	slack   int
	root    string // the module's folder, where the program is built
}

func command(ctx context.Context, args []string, out io.Writer) error {
	o := options{}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.Int64Var(&o.records, "records", 1_000_000, "records of the mixed run; a run of one fault has a tenth")
	flags.Uint64Var(&o.seed, "seed", rand.Uint64()>>32, "what all chance follows from")
	flags.IntVar(&o.strikes, "strikes", 3, "how often a fault strikes in its run")
	flags.StringVar(&o.order, "order", "", "order of the pipelines: partition or key; both in turn when empty")
	flags.IntVar(&o.slack, "slack", 1, "multiplies every bound on time")
	names := flags.String("faults", "", "faults, separated by commas; all when empty")
	flags.StringVar(&o.root, "root", ".", "the module's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *names != "" {
		o.faults = strings.Split(*names, ",")
	}
	dir, err := os.MkdirTemp("", "waterhealer-chaos-")
	if err != nil {
		return err
	}
	binary, err := build(ctx, o.root, dir)
	if err != nil {
		return err
	}
	fake, err := startFake()
	if err != nil {
		return err
	}
	defer func() { _ = fake.close() }()
	reports, err := runAll(ctx, fake, o, binary, dir, out)
	if err != nil {
		return err
	}
	return conclude(out, reports, o.seed, dir)
}

// build builds the program.
func build(ctx context.Context, root, dir string) (string, error) {
	binary := filepath.Join(dir, "waterhealer")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir, build.Stdout, build.Stderr = root, os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("building the program: %w", err)
	}
	return binary, nil
}

// runAll is one run for each fault, and one of them all.
func runAll(ctx context.Context, c cluster, o options, binary, dir string, out io.Writer) ([]report, error) {
	var reports []report
	list := named(o.faults)
	if len(list) == 0 {
		return nil, fmt.Errorf("no fault is called %s", strings.Join(o.faults, " or "))
	}
	for i, f := range list {
		p := plan{number: i, name: f.name, faults: []fault{f}, strikes: o.strikes, records: o.records / 10, order: o.orderOf(i),
			seed: o.seed + uint64(i), slack: o.slack, binary: binary, dir: dir, log: out}
		rep, err := execute(ctx, c, p)
		if err != nil {
			return reports, err
		}
		reports = append(reports, rep)
	}
	return reports, nil
}

func (o options) orderOf(i int) string {
	if o.order != "" {
		return o.order
	}
	return []string{"key", "partition"}[i%2]
}

func conclude(out io.Writer, reports []report, seed uint64, dir string) error {
	fmt.Fprintln(out)
	if err := printTable(out, reports); err != nil {
		return err
	}
	failed := 0
	for _, r := range reports {
		printFailures(out, r, seed, dir)
		failed += r.failures.count
	}
	if failed > 0 {
		return fmt.Errorf("%d failures, seed %d", failed, seed)
	}
	return os.RemoveAll(dir)
}
