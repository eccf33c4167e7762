package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
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
	brokers string
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
	names := flags.String("faults", "", "faults, separated by commas; all when empty; with mixed among them only their mixture")
	flags.StringVar(&o.brokers, "brokers", "", "embedded or real; both, one after the other, when empty")
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
	s := suite{options: o, binary: binary, dir: dir, out: out}
	// What was seen before an error is shown all the same.
	if err := errors.Join(s.clusters(ctx), s.conclude()); err != nil {
		return err
	}
	return os.RemoveAll(dir)
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

// suite is all runs of one command.
type suite struct {
	options
	binary  string
	dir     string
	out     io.Writer
	number  int
	reports []report
}

// clusters carries the runs out on each kind of brokers.
func (s *suite) clusters(ctx context.Context) error {
	if s.brokers != "real" {
		fake, err := startFake()
		if err != nil {
			return err
		}
		err = s.runs(ctx, fake)
		if err := errors.Join(err, fake.close()); err != nil {
			return err
		}
	}
	if s.brokers == "embedded" {
		return nil
	}
	brokers, err := startReal(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.runs(ctx, brokers), brokers.close())
}

// mixture is the name of the run in which faults strike together.
const mixture = "mixed"

// runs is one run for each fault, and one of many at once.
func (s *suite) runs(ctx context.Context, c cluster) error {
	_, killable := c.(*realCluster)
	names := slices.DeleteFunc(slices.Clone(s.faults), func(name string) bool { return name == mixture })
	list := named(names, killable)
	if len(list) == 0 {
		return fmt.Errorf("no fault of %s is called %s", c.name(), strings.Join(names, " or "))
	}
	if !slices.Contains(s.faults, mixture) {
		for _, f := range list {
			if err := s.run(ctx, c, f.name, []fault{f}, s.strikes, s.records/10); err != nil {
				return err
			}
		}
	}
	several := mixing(list)
	if len(several) < 2 {
		return nil
	}
	return s.run(ctx, c, mixture, several, 5*s.strikes, s.records)
}

func (s *suite) run(ctx context.Context, c cluster, name string, faults []fault, strikes int, records int64) error {
	order := s.order
	if order == "" {
		order = []string{"key", "partition"}[s.number%2]
	}
	rep, err := execute(ctx, c, plan{number: s.number, name: name, faults: faults, strikes: strikes, records: records, order: order,
		seed: s.seed, slack: s.slack, binary: s.binary, dir: s.dir, log: s.out})
	s.number++
	if err != nil {
		return fmt.Errorf("%s on %s, seed %d: %w", name, c.name(), s.seed, err)
	}
	s.reports = append(s.reports, rep)
	return nil
}

// conclude prints what came of it all.
func (s *suite) conclude() error {
	if len(s.reports) == 0 {
		return nil
	}
	fmt.Fprintln(s.out)
	if err := printTable(s.out, s.reports); err != nil {
		return err
	}
	failed := 0
	for _, r := range s.reports {
		printFailures(s.out, r, s.seed, s.dir)
		failed += r.failures.count
	}
	if failed > 0 {
		return fmt.Errorf("%d failures, seed %d", failed, s.seed)
	}
	return nil
}
