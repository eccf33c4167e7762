package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	records    int64
	runs       int
	seed       uint64
	data       []string
	partitions []int32
	brokers    []string
	pipelines  []string // names of contenders; none is the usual ones
	allocs     bool
	strict     bool
	scaling    bool
	latency    bool
	rivals     bool
	patience   time.Duration // how long a rival may go on without committing anything
	overhead   bool
	only       bool // of these three, nothing else
	probe      time.Duration
	root       string // absolute: the module's folder, where the program is built
}

func parseOptions(args []string) (options, error) {
	o := options{patience: time.Minute}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Int64Var(&o.records, "records", 1_000_000, "records of each data set")
	flags.IntVar(&o.runs, "runs", 5, "runs of each contender; figures are medians")
	flags.Uint64Var(&o.seed, "seed", 1, "what the made-up records follow from")
	flags.BoolVar(&o.allocs, "allocs", true, "count allocations, in one more run of each contender")
	flags.BoolVar(&o.strict, "strict", false, "exit with 1 when a target is missed")
	flags.BoolVar(&o.scaling, "scaling", false, "measure 1 to 1,000 partitions and 1 to 50 operators, too")
	flags.BoolVar(&o.latency, "latency", false, "measure how long a record takes from topic to topic, too")
	flags.BoolVar(&o.rivals, "rivals", false, "let other programs take part, too, which this installs: it needs Java, Maven and Python")
	flags.BoolVar(&o.overhead, "overhead", false, "measure what metrics, traces and inspect cost, too")
	flags.DurationVar(&o.probe, "probe", 10*time.Second, "how long latency is measured in each run")
	flags.BoolVar(&o.only, "only", false, "leave everything out that was not asked for with -scaling, -latency or -overhead")
	flags.StringVar(&o.root, "root", ".", "the module's folder")
	data := flags.String("data", "", "data sets, separated by commas: orders200, orders1k, quakes; all when empty")
	partitions := flags.String("partitions", "4,24", "numbers of partitions, separated by commas")
	brokers := flags.String("brokers", "embedded", "embedded, kafka, or both")
	pipelines := flags.String("pipelines", "", "contenders, separated by commas; when empty all on 4 partitions of orders200, elsewhere the main ones")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.root, err = filepath.Abs(o.root); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if o.records < 1 || o.runs < 1 || o.probe <= 0 {
		return o, fmt.Errorf("-records is %d, -runs is %d, -probe is %v: each must be more than 0", o.records, o.runs, o.probe)
	}
	if o.only && !o.scaling && !o.latency && !o.overhead {
		return o, errors.New("-only leaves nothing: it needs -scaling, -latency or -overhead")
	}
	o.data = list(*data)
	if len(o.data) == 0 {
		o.data = []string{orders200, orders1k, quakes}
	}
	for _, name := range o.data {
		if _, err := newDataSet(name, o.seed, o.root); err != nil {
			return o, err
		}
	}
	for _, text := range list(*partitions) {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-partitions: %q is no number of partitions", text)
		}
		o.partitions = append(o.partitions, int32(n))
	}
	switch *brokers {
	case "both":
		o.brokers = []string{brokersEmbedded, brokersKafka}
	case brokersEmbedded, brokersKafka:
		o.brokers = []string{*brokers}
	default:
		return o, fmt.Errorf("-brokers is %q, must be embedded, kafka or both", *brokers)
	}
	o.pipelines = list(*pipelines)
	for _, name := range o.pipelines {
		if !slices.ContainsFunc(contenders(), func(c contender) bool { return c.name == name }) {
			return o, fmt.Errorf("no contender is called %q; there are:\n%s", name, contenderList())
		}
	}
	return o, nil
}

func contenderList() string {
	var b strings.Builder
	for _, c := range contenders() {
		fmt.Fprintf(&b, "  %-18s %s\n", c.name, c.about)
	}
	return b.String()
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}
