package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"waterhealer/configs/scaffold"
)

func (p *program) newCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "new [FILE]",
		Short: "Writes a pipeline file to begin with",
		Long: `Writes a commented pipeline file to begin with, to stdout or to a FILE that must not
exist yet. --from and --to say where records come from and where they go; both may
be given several times.

  waterhealer new --from kafka --to kafka --to stdout alerts.yaml

Exit code: 0; 2 when the FILE exists or cannot be written.`,
		Args: cobra.MaximumNArgs(1),
		RunE: p.new,
	}
	c.Flags().StringSlice("from", []string{"kafka"}, "source: "+joinOr(scaffold.Sources()))
	c.Flags().StringSlice("to", []string{"kafka"}, "output: "+joinOr(scaffold.Outputs()))
	for flag, kinds := range map[string][]string{"from": scaffold.Sources(), "to": scaffold.Outputs()} {
		_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
	}
	return c
}

func (p *program) new(cmd *cobra.Command, args []string) error {
	o := scaffold.Options{Name: "pipeline"}
	var err error
	if o.From, err = kindsOf(cmd, "from", scaffold.Sources()); err != nil {
		return err
	}
	if o.To, err = kindsOf(cmd, "to", scaffold.Outputs()); err != nil {
		return err
	}
	if len(args) > 0 {
		if name := strings.TrimSuffix(filepath.Base(args[0]), filepath.Ext(args[0])); name != "" && name != stdinPath {
			o.Name = name
		}
	}
	text, err := scaffold.New(specs(), o)
	if err != nil {
		return fmt.Errorf("write the pipeline: %w", err)
	}
	if len(args) == 0 || args[0] == stdinPath {
		if _, err := fmt.Fprint(p.stdout, text); err != nil {
			return fmt.Errorf("print the pipeline: %w", err)
		}
		return nil
	}
	return writeNew(args[0], text)
}

// kindsOf checks a flag that takes kinds, each once.
func kindsOf(cmd *cobra.Command, flag string, allowed []string) ([]string, error) {
	kinds, _ := cmd.Flags().GetStringSlice(flag)
	if len(kinds) == 0 {
		return nil, usageError("--%s names no kind, must be %s", flag, joinOr(allowed))
	}
	for i, kind := range kinds {
		if !slices.Contains(allowed, kind) {
			return nil, usageError("--%s is %q, must be %s", flag, kind, joinOr(allowed))
		}
		if slices.Contains(kinds[:i], kind) {
			return nil, usageError("--%s names %s twice", flag, kind)
		}
	}
	return kinds, nil
}

// writeNew writes a file that does not exist yet.
func writeNew(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usageError("%s exists already", path)
	}
	if err != nil {
		return usageError("cannot write the pipeline: %w", err)
	}
	if _, err := file.WriteString(text); err != nil {
		_ = file.Close()
		return usageError("cannot write the pipeline: %w", err)
	}
	if err := file.Close(); err != nil {
		return usageError("cannot write the pipeline: %w", err)
	}
	return nil
}
