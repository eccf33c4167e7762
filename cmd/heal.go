package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/engine"
)

// healOptions are the flags of `heal`.
type healOptions struct {
	startOptions
	dryRun     bool
	force      bool
	acceptLost bool
}

func (p *program) healCommand() *cobra.Command {
	var o healOptions
	c := &cobra.Command{
		Use:   "heal FILE",
		Short: "Puts dead letters back and runs them through the pipeline again",
		Long: `Reads the dead letters of a pipeline from its Kafka topics, up to the ends seen at
the start, and puts each back from its source with its original topic, partition,
offset, timestamp, key and headers; several letters of one record once. Then it
flushes as at the end of the input, and ends. What fails again gets a new letter,
with one attempt more. A letter is committed, in the group GROUP.heal of its
source's group, when its record is finished: heal can be run again at any time.

A healed record comes after newer ones of its key, and outputs that had taken it
before it died get it again. Operators that hold records or join them make
something else of a record that comes alone: pipelines with such are refused
without --force.

Letters of other pipelines, and messages that are no letters, are named and left
in their topic.

With --dry-run nothing is written or committed. stdout has one line per message
that an output would get, as in a dry run of run.

Exit code: 0 all healed; 1 some failed again, or it halted or was stopped; 2 usage
or configuration; 3 stalled.`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			l, logger, err := p.prepare(cmd, args[0])
			if err != nil {
				return err
			}
			return p.heal(cmd.Context(), l, o, logger)
		},
		ValidArgsFunction: completePipelines,
	}
	flags := c.Flags()
	flags.BoolVar(&o.dryRun, "dry-run", false, "write and commit nothing, print what would be written")
	flags.BoolVar(&o.force, "force", false, "also put records back before operators that hold or join records")
	flags.BoolVar(&o.acceptLost, "accept-lost", false, "go on where letters were deleted before they were healed")
	o.add(flags, "how the result is printed")
	return c
}

// heal puts the dead letters of a pipeline back.
func (p *program) heal(ctx context.Context, l *loaded, o healOptions, logger *slog.Logger) error {
	dead, err := lettersOf(l, logger)
	if err != nil {
		return err
	}
	if remembering := l.plan.Remembering(); len(remembering) > 0 && !o.force {
		return memoryError(remembering)
	}
	h := &healing{program: p, loaded: l, options: o, logger: logger, dead: dead}
	h.wiring = &wiring{program: p, loaded: l, logger: logger, options: runOptions{startOptions: o.startOptions}}
	if o.dryRun {
		return h.dryRun(ctx)
	}
	return h.run(ctx)
}

// lettersOf are the outputs whose dead letters can be read.
func lettersOf(l *loaded, logger *slog.Logger) ([]*configs.Node, error) {
	all := l.plan.DeadLetters()
	if len(all) == 0 {
		return nil, usageError("%s writes no dead letters: there is nothing to heal", l.path)
	}
	var dead []*configs.Node
	var others []string
	for _, n := range all {
		switch {
		case n.Kind != "kafka":
			others = append(others, fmt.Sprintf("%s: dead letters in a %s output cannot be put back, only those in a Kafka topic", n.KindPos, n.Kind))
		case n.Values.Alternative("topic"):
			others = append(others, fmt.Sprintf("%s: dead letters whose topic is computed cannot be put back: which topics there are is not known", n.Values.Pos("topic")))
		default:
			dead = append(dead, n)
		}
	}
	if len(dead) == 0 {
		return nil, usageError("%s", strings.Join(others, "\n"))
	}
	for _, why := range others {
		logger.Warn(why)
	}
	return dead, nil
}

func memoryError(nodes []*configs.Node) error {
	var names []string
	for _, n := range nodes {
		names = append(names, fmt.Sprintf("%s (%s)", n.Name, n.KindPos))
	}
	return usageError("records that are put back pass operators that hold or join records: %s; they would come out "+
		"in other company than the first time. Nothing was read; to heal all the same, say --force", strings.Join(names, ", "))
}

// run heals for real.
func (h *healing) run(ctx context.Context) error {
	connectors := h.wiring.connectors()
	connectors.Sources = h.sources
	graph, err := h.loaded.plan.Graph(connectors)
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	// A letter that fails again takes the place of the one that was read: there
	// are never more of them.
	for _, n := range graph.Nodes {
		n.StopRule = engine.StopRule{}
	}
	graph.Supervise = engine.Supervise{} // it ends by itself
	result, err := h.program.start(ctx, h.loaded, graph, h.logger, nil, nil)
	if err != nil {
		return err
	}
	report := h.report(result)
	report.Stopped = ctx.Err() != nil
	if err := report.write(h.program.stdout, h.options.summary); err != nil {
		return &exitError{code: exitHalted, err: fmt.Errorf("print: %w", err)}
	}
	if err := outcome(ctx, result); err != nil {
		return err
	}
	return report.outcome()
}
