package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/editor"
)

func (p *program) lspCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lsp",
		Short: "Helps an editor with pipeline files (language server)",
		Long: `Speaks the Language Server Protocol over standard input and output: it is started by
an editor, not by hand. It marks what lint finds while one types, completes kinds, fields,
values, names of nodes, and names in expressions, shows what they mean, goes from a name
in 'from:' to its node, lists a file's nodes, and lays files out as fmt does.

It opens no connection and runs no pipeline. A YAML file counts as a pipeline file when
it has a key sources, operators or sinks, or when the editor calls its language
waterhealer.

Exit code: 0 after a shutdown; 1 when the editor goes without one.`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              p.lsp,
	}
}

func (p *program) lsp(cmd *cobra.Command, _ []string) error {
	log, err := p.logger(cmd)
	if err != nil {
		return err
	}
	err = editor.Serve(cmd.Context(), p.stdin, p.stdout, editor.Options{
		Specs: specs(), Version: buildVersion(), Log: log,
		Check: func(path string, data []byte) configs.Diagnostics { return p.check(path, data).diagnostics },
	})
	if err != nil {
		return &exitError{code: exitHalted, err: fmt.Errorf("lsp: %w", err)}
	}
	return nil
}
