package cmd

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"waterhealer/observe/top"
)

func (p *program) topCommand() *cobra.Command {
	var o remoteOptions
	var once bool
	c := &cobra.Command{
		Use:   "top ADDR",
		Short: "Shows what a running pipeline does, live in the terminal",
		Long: `Shows what a pipeline does that runs with --http ADDR: its health, throughput and lag,
its nodes, and a strip for each partition of what was read and is not committed: █
finished, ▒ unfinished, ▓ finished behind something that is not. Partitions that are
stuck come first, with the record that sticks, where, and why.

  waterhealer top 127.0.0.1:8080

Keys: tab changes the pane, arrows scroll, q ends. Where the output is no terminal, or
with --once, one screen is printed as text. A pipeline that goes away is waited for.

Exit code: 0; 1 when --once gets no answer; 2 when the pipeline refuses.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := o.client(args[0])
			if err != nil {
				return err
			}
			defer client.Close()
			input, _ := cmd.InOrStdin().(*os.File)
			output, _ := cmd.OutOrStdout().(*os.File)
			if once || input == nil || output == nil || !term.IsTerminal(int(output.Fd())) || !term.IsTerminal(int(input.Fd())) {
				return remoteOutcome(cmd.Context(), top.Once(cmd.Context(), client, p.stdout))
			}
			return remoteOutcome(cmd.Context(), top.Run(cmd.Context(), top.Options{Client: client, Input: input, Output: output, Color: colored(output)}))
		},
	}
	o.add(c.Flags())
	c.Flags().BoolVar(&once, "once", false, "print one screen as text")
	return c
}
