package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"waterhealer/configs"
	"waterhealer/configs/layout"
)

func (p *program) fmtCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Gives pipeline files their canonical layout",
		Long: `Gives pipeline files their canonical layout, and prints it: two spaces per level, also
for lists in mappings; one space behind '-' and ':'; no space at the end of a line;
at most one blank line in a row. A FILE is a pipeline file, - for standard input, a
pattern or a folder, as for lint.

Only white space changes. Comments, anchors, quotes, block scalars, flow collections
and the order of keys stay as they are. A file whose layout cannot be changed without
changing its meaning is refused and left alone.

Exit code: 0; 1 when --check finds a file that is laid out otherwise; 2 when a file
cannot be read, written or laid out.`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completePipelines,
		RunE:              p.fmt,
	}
	c.Flags().BoolP("write", "w", false, "write the layout to the files instead of printing it")
	c.Flags().Bool("check", false, "only name the files that are laid out otherwise")
	return c
}

func (p *program) fmt(cmd *cobra.Command, arguments []string) error {
	paths, missing := p.pipelinePaths(arguments)
	write, _ := cmd.Flags().GetBool("write")
	check, _ := cmd.Flags().GetBool("check")
	switch {
	case write && check:
		return usageError("--write and --check exclude each other")
	case write && slices.Contains(paths, stdinPath):
		return usageError("--write: standard input cannot be written to")
	case len(paths) > 1 && !write && !check:
		return usageError("several files are laid out only with --write or --check")
	}
	code := exitDone
	if missing {
		code = exitUsage
	}
	for _, path := range paths {
		before, after, err := p.laidOut(path)
		if err == nil && !check {
			err = p.putLayout(path, before, after, write)
		}
		switch {
		case err != nil:
			fmt.Fprintf(p.stderr, "waterhealer: %v\n", err)
			code = exitUsage
		case check && !bytes.Equal(before, after):
			fmt.Fprintln(p.stdout, path)
			code = max(code, exitHalted)
		}
	}
	if code != exitDone {
		return &exitError{code: code}
	}
	return nil
}

// laidOut reads a file and lays it out. What is no YAML is shown as lint does.
func (p *program) laidOut(path string) (before, after []byte, err error) {
	if before, err = p.readFile(path); err != nil {
		return nil, nil, err
	}
	// Nothing is looked up: what is substituted has no layout.
	nothing := configs.Environment{
		Lookup:   func(string) (string, bool) { return "", true },
		ReadFile: func(string) ([]byte, error) { return nil, nil },
	}
	pipeline, diagnostics := configs.Parse(path, before, specs(), nothing)
	diagnostics = slices.DeleteFunc(diagnostics, func(d configs.Diagnostic) bool {
		return !slices.Contains([]string{configs.CodeEncoding, configs.CodeSyntax, configs.CodeLimit}, d.Code)
	})
	if len(diagnostics) > 0 {
		printDiagnostics(p.stderr, diagnostics, &loaded{path: path, pipeline: pipeline})
		return nil, nil, fmt.Errorf("%s is not laid out", path)
	}
	if after, err = layout.Format(before); err != nil {
		return nil, nil, fmt.Errorf("%s is not laid out: %w", path, err)
	}
	return before, after, nil
}

func (p *program) putLayout(path string, before, after []byte, write bool) error {
	switch {
	case !write:
		if _, err := p.stdout.Write(after); err != nil {
			return fmt.Errorf("print the layout: %w", err)
		}
		return nil
	case bytes.Equal(before, after):
		return nil
	}
	if err := replaceFile(path, after); err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	return nil
}

// replaceFile gives a file another content, all at once: whoever reads it sees
// the old one or the new one, also when this process dies.
func replaceFile(path string, content []byte) (err error) {
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()
			_ = os.Remove(file.Name())
		}
	}()
	if _, err = file.Write(content); err != nil {
		return err
	}
	if err = file.Chmod(info.Mode().Perm()); err != nil {
		return err
	}
	if err = file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
