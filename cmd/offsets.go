package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/kafka"
)

func (p *program) offsetsCommand() *cobra.Command {
	var format string
	var assignments []string
	var yes bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "offsets FILE",
		Short: "Shows where a pipeline's sources stand, or sets their offsets",
		Long: `Shows per partition the committed offset (the watermark: the first offset that
is not finished), the end, the lag, and what the commit's metadata says of
finished offsets beyond it.

With --set it shows what would be skipped or repeated, and with --yes it sets the
offsets of a group that has no members. A place is SOURCE, SOURCE/TOPIC or
SOURCE/TOPIC/PARTITION; an offset is earliest, latest, a number or an RFC 3339
time.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usageError("--format is %q, must be text or json", format)
			}
			logger, err := p.logger(cmd)
			if err != nil {
				return err
			}
			l, err := p.loadRunnable(args[0])
			if err != nil {
				return err
			}
			nodes := kafkaSources(l.pipeline)
			if len(nodes) == 0 {
				return usageError("%s reads no Kafka: there are no committed offsets", args[0])
			}
			settings := kafka.SourceSettings{ConnectTimeout: timeout, Logger: logger}
			if len(assignments) > 0 {
				return p.setOffsets(cmd.Context(), nodes, settings, assignments, yes)
			}
			rows, err := kafka.Inspect(cmd.Context(), nodes, settings)
			if err != nil {
				return &exitError{code: exitHalted, err: err}
			}
			if format == "json" {
				return p.offsetsJSON(rows)
			}
			return p.offsetsText(rows)
		},
	}
	flags := c.Flags()
	flags.StringVar(&format, "format", "text", "how offsets are printed: text or json")
	flags.StringArrayVar(&assignments, "set", nil, "SOURCE[/TOPIC[/PARTITION]]=earliest|latest|OFFSET|TIME")
	flags.BoolVar(&yes, "yes", false, "do what --set shows")
	flags.DurationVar(&timeout, "connect-timeout", kafka.DefaultConnectTimeout, "how long brokers may be away")
	return c
}

func kafkaSources(pipeline *configs.Pipeline) []*configs.Node {
	var nodes []*configs.Node
	for _, n := range pipeline.Sources {
		if isKafka(n) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (p *program) offsetsText(rows []kafka.PartitionOffsets) error {
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "source\ttopic\tpartition\tcommitted\tend\tlag\twatermark\tholes\tmetadata")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%d\t%d\t%s\t%d\t%s\n", r.Source, r.Topic, r.Partition,
			offsetOrNone(r.Committed), r.End, r.Lag, offsetOrNone(r.Committed), r.Holes, r.Metadata)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print offsets: %w", err)
	}
	for _, r := range rows {
		if r.Problem != "" {
			fmt.Fprintf(p.stderr, "%s/%d: %s\n", r.Topic, r.Partition, r.Problem)
		}
	}
	return nil
}

func offsetOrNone(offset int64) string {
	if offset < 0 {
		return "-"
	}
	return strconv.FormatInt(offset, 10)
}

// jsonOffsets is a partition as `--format json` prints it; nothing committed is null.
type jsonOffsets struct {
	Source    string `json:"source"`
	Group     string `json:"group"`
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Committed *int64 `json:"committed"`
	Start     int64  `json:"start"`
	End       int64  `json:"end"`
	Lag       int64  `json:"lag"`
	Watermark *int64 `json:"watermark"`
	Holes     int    `json:"holes"`
	Metadata  string `json:"metadata"`
	Problem   string `json:"problem,omitempty"`
}

func (p *program) offsetsJSON(rows []kafka.PartitionOffsets) error {
	out := make([]jsonOffsets, len(rows))
	for i, r := range rows {
		out[i] = jsonOffsets{
			Source: r.Source, Group: r.Group, Topic: r.Topic, Partition: r.Partition, Start: r.LogStart, End: r.End,
			Lag: r.Lag, Holes: r.Holes, Metadata: r.Metadata, Problem: r.Problem,
		}
		if committed := r.Committed; committed >= 0 {
			out[i].Committed, out[i].Watermark = &committed, &committed
		}
	}
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

// setOffsets shows what setting offsets skips or repeats, and does it when it
// was confirmed.
func (p *program) setOffsets(ctx context.Context, nodes []*configs.Node, settings kafka.SourceSettings, assignments []string, yes bool) error {
	apply := kafka.PlanOffsets
	if yes {
		apply = kafka.SetOffsets
	}
	changes, err := apply(ctx, nodes, settings, assignments)
	if err != nil {
		return &exitError{code: exitHalted, err: err}
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "source\ttopic\tpartition\tcommitted\tto\tskipped\trepeated")
	for _, c := range changes {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%d\t%d\t%d\n", c.Source, c.Topic, c.Partition, offsetOrNone(c.Committed), c.To, c.Skipped, c.Repeated)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print offsets: %w", err)
	}
	if !yes {
		return &exitError{code: exitUsage, err: fmt.Errorf("nothing was set: say --yes to set these offsets")}
	}
	return nil
}
