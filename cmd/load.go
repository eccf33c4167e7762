package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/kafka"
	"waterhealer/local"
	"waterhealer/operators"
)

// specs are the specs of every kind of node.
func specs() []configs.Spec {
	all := operators.Specs()
	all = append(all, kafka.SourceSpecs()...)
	all = append(all, local.SourceSpecs()...)
	all = append(all, kafka.OutputSpec())
	return append(all, local.OutputSpecs()...)
}

// loaded is a pipeline file that was read and compiled.
type loaded struct {
	path     string
	pipeline *configs.Pipeline
	// plan can only be run when there are no errors.
	plan        *operators.Plan
	diagnostics configs.Diagnostics
}

// load reads and compiles a pipeline file; "-" is standard input. What is wrong
// with the pipeline is in its diagnostics; the error is one of reading the file.
func (p *program) load(path string) (*loaded, error) {
	data, err := p.readFile(path)
	if err != nil {
		return nil, err
	}
	return p.check(path, data), nil
}

// check compiles a pipeline file.
func (p *program) check(path string, data []byte) *loaded {
	l := parse(path, data)
	l.compile(operators.Scope{})
	return l
}

// parse reads what can be known of a file alone.
func parse(path string, data []byte) *loaded {
	l := &loaded{path: path}
	l.pipeline, l.diagnostics = configs.Parse(path, data, specs(), configs.Environment{})
	return l
}

func (l *loaded) compile(scope operators.Scope) {
	// What parsed of a broken file is compiled too, so that all its problems
	// come at once.
	var problems configs.Diagnostics
	l.plan, problems = operators.NewPlan(l.pipeline, scope)
	l.diagnostics = append(l.diagnostics, problems...)
	l.diagnostics = append(l.diagnostics, kafka.Check(l.pipeline)...)
	l.diagnostics = l.diagnostics.Distinct()
}

func (p *program) readFile(path string) ([]byte, error) {
	if path == stdinPath {
		data, err := readSome(p.stdin)
		if err != nil {
			return nil, usageError("cannot read the pipeline from standard input: %w", err)
		}
		return data, nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError("%s: there is no such file", path)
	}
	if err != nil {
		return nil, usageError("cannot read the pipeline file: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := readSome(file)
	if err != nil {
		return nil, usageError("cannot read the pipeline file: %w", err)
	}
	return data, nil
}

// readSome reads a file as far as is needed to see that it is too large.
func readSome(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, configs.MaxBytes+1)) }

// printDiagnostics shows the diagnostics of files with the lines they are
// about, in which secrets are replaced.
func printDiagnostics(w io.Writer, diagnostics configs.Diagnostics, files ...*loaded) {
	texts := make(map[string][]byte, len(files))
	for _, l := range files {
		texts[l.path] = l.pipeline.Text()
	}
	diagnostics.Print(w, texts, colored(w))
}

// loadRunnable loads a file that is about to be run, and refuses one with errors.
func (p *program) loadRunnable(path string) (*loaded, error) {
	l, err := p.load(path)
	if err != nil {
		return nil, err
	}
	printDiagnostics(p.stderr, l.diagnostics, l)
	if l.diagnostics.HasErrors() {
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("%s has errors and was not started", path)}
	}
	return l, nil
}

// completePipelines offers pipeline files to a shell that completes a command line.
func completePipelines(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// oneFile is what commands take that work on one pipeline.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError("%s takes one FILE, got %d", cmd.Name(), len(args))
	}
	return nil
}
