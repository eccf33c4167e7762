package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

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
	path        string
	data        []byte
	pipeline    *configs.Pipeline
	plan        *operators.Plan
	diagnostics configs.Diagnostics
}

// load reads and compiles a pipeline file. What is wrong with the pipeline is
// in its diagnostics; the error is one of reading the file.
func (p *program) load(path string) (*loaded, error) {
	data, err := p.readFile(path)
	if err != nil {
		return nil, err
	}
	l := &loaded{path: path, data: data}
	environment := configs.Environment{Lookup: os.LookupEnv, ReadFile: os.ReadFile}
	l.pipeline, l.diagnostics = configs.Parse(path, data, specs(), environment)
	if !l.diagnostics.HasErrors() {
		plan, problems := operators.NewPlan(l.pipeline, operators.Scope{})
		l.plan = plan
		l.diagnostics = append(l.diagnostics, problems...)
	}
	l.diagnostics.Sort()
	return l, nil
}

func (p *program) readFile(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(p.stdin)
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError("%s: there is no such file", path)
	}
	if err != nil {
		return nil, usageError("cannot read the pipeline file: %w", err)
	}
	return data, nil
}

// print shows a file's diagnostics.
func (l *loaded) print(w io.Writer, color bool) {
	l.diagnostics.Print(w, map[string][]byte{l.path: l.data}, color)
}

// loadRunnable loads a file that is about to be run, and refuses one with errors.
func (p *program) loadRunnable(path string) (*loaded, error) {
	l, err := p.load(path)
	if err != nil {
		return nil, err
	}
	l.print(p.stderr, colored(p.stderr))
	if l.diagnostics.HasErrors() {
		return nil, &exitError{code: exitUsage, err: fmt.Errorf("%s has errors and was not started", path)}
	}
	return l, nil
}

// colored says whether colours make sense on w.
func colored(w io.Writer) bool {
	if os.Getenv("NO_COLOR") != "" {
		return false
	}
	return newTerminal(w).live
}
