package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/kafka"
	"waterhealer/operators"
)

func (p *program) lintCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Reports every problem of pipeline files",
		Long: `Reports every problem of pipeline files at once, sorted by file and position.

A FILE is a pipeline file, - for standard input, a pattern such as
'pipelines/**/*.yaml', or a folder: of a folder and those below it all .yaml and
.yml files are taken that have a key sources, operators or sinks.

Expressions are checked with what is known of the records: the schema of a source
or, where it has none, a --sample of its records. Of a field, a type or a value that
no record of the sample has, lint believes that no record has it.

Exit code: 0 without errors, 1 with errors (with --strict also with warnings),
2 when a file cannot be opened, or a sample not be read.`,
		RunE:              p.lint,
		ValidArgsFunction: completePipelines,
	}
	c.Flags().String("format", "text", "how diagnostics are printed: text, json, github or sarif")
	c.Flags().Bool("strict", false, "warnings count as errors")
	c.Flags().Bool("connect", false, "also ask the brokers: are they there, are topics and group, may they be used, is the group in use")
	c.Flags().Duration("connect-timeout", kafka.DefaultConnectTimeout, "how long brokers may be away")
	c.Flags().StringArray("sample", nil, "records of a source, as [SOURCE=]FILE, - for standard input: expressions are checked for those like them (repeatable)")
	c.Flags().String("explain", "", "explain a diagnostic's code and exit")
	return c
}

func (p *program) lint(cmd *cobra.Command, arguments []string) error {
	format, err := choice(cmd, "format", "text", "json", "github", "sarif")
	if err != nil {
		return err
	}
	if code, _ := cmd.Flags().GetString("explain"); code != "" {
		return p.explain(code)
	}
	if len(arguments) == 0 {
		return usageError("lint needs at least one FILE")
	}
	paths, missing := p.pipelinePaths(arguments)
	samples, _ := cmd.Flags().GetStringArray("sample")
	if err := readOnce(samples, paths); err != nil {
		return err
	}
	files, unreadable, err := p.loadAll(cmd.Context(), paths, samples)
	if err != nil {
		return err
	}
	var all configs.Diagnostics
	var pipelines []*configs.Pipeline
	for _, l := range files {
		all = append(all, l.diagnostics...)
		pipelines = append(pipelines, l.pipeline)
		if connect, _ := cmd.Flags().GetBool("connect"); connect && !l.diagnostics.HasErrors() {
			patience, _ := cmd.Flags().GetDuration("connect-timeout")
			all = append(all, kafka.Consult(cmd.Context(), l.pipeline, patience)...)
		}
	}
	all = append(all, kafka.CheckTogether(pipelines)...)
	all.Sort()
	if err := p.printFormatted(format, all, files); err != nil {
		return fmt.Errorf("print diagnostics: %w", err)
	}
	strict, _ := cmd.Flags().GetBool("strict")
	switch {
	case missing, unreadable:
		return &exitError{code: exitUsage}
	case all.HasErrors(), strict && len(all) > 0:
		return &exitError{code: exitHalted}
	}
	return nil
}

func (p *program) printFormatted(format string, all configs.Diagnostics, files []*loaded) error {
	switch format {
	case "json":
		return writeJSON(p.stdout, all)
	case "github":
		writeGitHub(p.stdout, all)
		return nil
	case "sarif":
		return writeSARIF(p.stdout, all)
	}
	printDiagnostics(p.stdout, all, files...)
	return nil
}

// loadAll loads each file once, with samples of its sources' records, and names
// those that cannot be read. The error is one of the samples.
func (p *program) loadAll(ctx context.Context, paths, samples []string) (files []*loaded, unreadable bool, err error) {
	for i, path := range paths {
		if slices.Contains(paths[:i], path) {
			continue
		}
		data, err := p.readFile(path)
		if err != nil {
			fmt.Fprintf(p.stderr, "waterhealer: %v\n", err)
			unreadable = true
			continue
		}
		l := parse(path, data)
		sampled, err := p.sampled(ctx, l.pipeline, samples)
		if err != nil && !l.diagnostics.HasErrors() { // else its sources may be what is wrong
			return nil, false, err
		}
		l.compile(operators.Scope{Sampled: sampled})
		files = append(files, l)
	}
	return files, unreadable, nil
}
