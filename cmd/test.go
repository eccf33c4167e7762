package cmd

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/rehearsal"
)

func (p *program) testCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "test FILE...",
		Short: "Runs the tests in pipeline files",
		Long: `Runs what pipeline files have under tests:, on the real engine but without a
broker: the steps of a test are the input, nothing is written anywhere, and the
clock stands still but for the test's own waits. A file without tests says so.

Exit code: 0 all passed, 1 a test failed, 2 a file has errors or cannot be read.`,
		Args: cobra.MinimumNArgs(1),
		RunE: p.test, ValidArgsFunction: completePipelines,
	}
	c.Flags().String("run", "", "only tests whose name matches the regular expression")
	c.Flags().String("format", "text", "how results are printed: text, json or junit")
	return c
}

// tested is a file and what became of its tests.
type tested struct {
	path    string
	refused bool // it has errors, or cannot be read
	why     configs.Diagnostics
	tests   int // how many the file has
	results []testResult
}

// testResult is the result of a test, or why it could not be run.
type testResult struct {
	rehearsal.Result
	err error
}

func (r *testResult) passed() bool { return r.err == nil && r.Passed() }

func (p *program) test(cmd *cobra.Command, paths []string) error {
	format, err := choice(cmd, "format", "text", "json", "junit")
	if err != nil {
		return err
	}
	text, _ := cmd.Flags().GetString("run")
	names, err := regexp.Compile(text)
	if err != nil {
		return usageError("--run is no regular expression: %w", err)
	}
	var files []tested
	code := exitDone
	for i, path := range paths {
		if slices.Contains(paths[:i], path) {
			continue
		}
		f := p.testFile(cmd.Context(), path, names)
		files = append(files, f)
		switch {
		case f.refused:
			code = exitUsage
		case code == exitDone && slices.ContainsFunc(f.results, func(r testResult) bool { return !r.passed() }):
			code = exitHalted
		}
	}
	switch format {
	case "text":
		printTests(p.stdout, files)
	case "json":
		err = writeTestsJSON(p.stdout, files)
	case "junit":
		err = writeJUnit(p.stdout, files)
	}
	if err != nil {
		return fmt.Errorf("print results: %w", err)
	}
	if code != exitDone {
		return &exitError{code: code}
	}
	return nil
}

// testFile runs the tests of a file whose names match. What is wrong with the
// file is printed.
func (p *program) testFile(ctx context.Context, path string, names *regexp.Regexp) tested {
	f := tested{path: path}
	l, err := p.load(path)
	if err != nil {
		fmt.Fprintf(p.stderr, "waterhealer: %v\n", err)
		f.refused = true
		return f
	}
	f.tests = len(l.pipeline.Tests)
	if l.diagnostics.HasErrors() {
		printDiagnostics(p.stderr, l.diagnostics, l)
		fmt.Fprintf(p.stderr, "waterhealer: %s has errors and was not tested\n", path)
		f.refused, f.why = true, l.diagnostics
		return f
	}
	for i := range l.pipeline.Tests {
		t := &l.pipeline.Tests[i]
		if !names.MatchString(t.Name) {
			continue
		}
		result, err := rehearsal.Run(ctx, l.pipeline, t)
		result.Test = t
		f.results = append(f.results, testResult{Result: result, err: err})
		if ctx.Err() != nil {
			break
		}
	}
	return f
}
