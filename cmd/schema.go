package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"waterhealer/configs/schema"
)

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Prints the JSON Schema of pipeline files",
		Long: `Prints the JSON Schema (2020-12) of pipeline files, with which editors complete keys,
show what they mean, and mark mistakes while one types:

  waterhealer schema > waterhealer.schema.json

Editors with the YAML language server (VS Code, Neovim, Helix, Zed and others) use
it for a file that begins with the line

  # yaml-language-server: $schema=waterhealer.schema.json

where the path is seen from the pipeline file. What a schema cannot see, such as
mistakes in expressions and paths that never commit, is found by 'lint'.`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			text, err := schema.New(specs()).JSON()
			if err != nil {
				return fmt.Errorf("write the schema: %w", err)
			}
			if _, err := p.stdout.Write(text); err != nil {
				return fmt.Errorf("print the schema: %w", err)
			}
			return nil
		},
	}
}
