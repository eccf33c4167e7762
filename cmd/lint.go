package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"waterhealer/configs"
)

func (p *program) lintCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Reports every problem of pipeline files",
		Long: `Reports every problem of pipeline files at once, sorted by file and position.

Exit code: 0 without errors, 1 with errors (with --strict also with warnings),
2 when a file cannot be opened.`,
		RunE:              p.lint,
		ValidArgsFunction: completePipelines,
	}
	c.Flags().String("format", "text", "how diagnostics are printed: text, json or github")
	c.Flags().Bool("strict", false, "warnings count as errors")
	c.Flags().String("explain", "", "explain a diagnostic's code and exit")
	return c
}

func (p *program) lint(cmd *cobra.Command, paths []string) error {
	format, err := choice(cmd, "format", "text", "json", "github")
	if err != nil {
		return err
	}
	if code, _ := cmd.Flags().GetString("explain"); code != "" {
		return p.explain(code)
	}
	if len(paths) == 0 {
		return usageError("lint needs at least one FILE")
	}
	files, unreadable := p.loadAll(paths)
	var all configs.Diagnostics
	for _, l := range files {
		all = append(all, l.diagnostics...)
	}
	all.Sort()
	switch format {
	case "text":
		printDiagnostics(p.stdout, all, files...)
	case "json":
		err = writeJSON(p.stdout, all)
	case "github":
		writeGitHub(p.stdout, all)
	}
	if err != nil {
		return fmt.Errorf("print diagnostics: %w", err)
	}
	strict, _ := cmd.Flags().GetBool("strict")
	switch {
	case unreadable:
		return &exitError{code: exitUsage}
	case all.HasErrors(), strict && len(all) > 0:
		return &exitError{code: exitHalted}
	}
	return nil
}

// loadAll loads each file once, and names those that cannot be read.
func (p *program) loadAll(paths []string) (files []*loaded, unreadable bool) {
	for i, path := range paths {
		if slices.Contains(paths[:i], path) {
			continue
		}
		l, err := p.load(path)
		if err != nil {
			fmt.Fprintf(p.stderr, "waterhealer: %v\n", err)
			unreadable = true
			continue
		}
		files = append(files, l)
	}
	return files, unreadable
}

// jsonDiagnostic is a diagnostic as `--format json` prints it.
type jsonDiagnostic struct {
	Path     string `json:"path"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Width    int    `json:"width"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func writeJSON(w io.Writer, diagnostics configs.Diagnostics) error {
	all := make([]jsonDiagnostic, len(diagnostics))
	for i, d := range diagnostics {
		all[i] = jsonDiagnostic{
			Path: d.Position.File, Line: d.Position.Line, Column: d.Position.Column, Width: d.Width,
			Severity: d.Severity.String(), Code: d.Code, Message: d.Message, Hint: d.Hint,
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

// writeGitHub writes the commands from which GitHub makes annotations.
func writeGitHub(w io.Writer, diagnostics configs.Diagnostics) {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, d := range diagnostics {
		fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", d.Severity,
			property.Replace(d.Position.File), d.Position.Line, d.Position.Column, d.Code, message.Replace(d.Message))
	}
}

func (p *program) explain(code string) error {
	if text, known := configs.Explain(code); known {
		fmt.Fprintf(p.stdout, "%s: %s\n", code, text)
		return nil
	}
	var codes []string
	for _, e := range configs.Codes() {
		codes = append(codes, e.Code)
	}
	return usageError("there is no code %q; the codes are %s", code, strings.Join(codes, ", "))
}
