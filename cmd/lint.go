package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"waterhealer/configs"
)

func (p *program) lintCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Reports every problem of pipeline files",
		Long: `Reports every problem of pipeline files at once, sorted by position.

Exit code: 0 without errors, 1 with errors (with --strict also warnings),
2 when a file cannot be opened.`,
		RunE: p.lint,
	}
	c.Flags().String("format", "text", "how diagnostics are printed: text, json or github")
	c.Flags().Bool("strict", false, "warnings count as errors")
	c.Flags().String("explain", "", "explain a diagnostic's code and exit")
	return c
}

func (p *program) lint(cmd *cobra.Command, files []string) error {
	format, err := choice(cmd, "format", "text", "json", "github")
	if err != nil {
		return err
	}
	if code, _ := cmd.Flags().GetString("explain"); code != "" {
		return p.explain(code)
	}
	if len(files) == 0 {
		return usageError("lint needs at least one FILE")
	}
	strict, _ := cmd.Flags().GetBool("strict")
	failed, unreadable := false, false
	all := []jsonDiagnostic{}
	for _, file := range files {
		l, err := p.load(file)
		if err != nil {
			fmt.Fprintf(p.stderr, "waterhealer: %v\n", err)
			unreadable = true
			continue
		}
		for _, d := range l.diagnostics {
			failed = failed || strict || d.Severity == configs.Error
			all = append(all, newJSONDiagnostic(d))
		}
		switch format {
		case "text":
			l.print(p.stdout, colored(p.stdout))
		case "github":
			for _, d := range l.diagnostics {
				fmt.Fprintf(p.stdout, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", d.Severity,
					d.Position.File, d.Position.Line, d.Position.Column, d.Code, githubEscape(d.Message))
			}
		}
	}
	if format == "json" {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(all); err != nil {
			return fmt.Errorf("print diagnostics: %w", err)
		}
	}
	switch {
	case unreadable:
		return &exitError{code: exitUsage}
	case failed:
		return &exitError{code: exitHalted}
	}
	return nil
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

func newJSONDiagnostic(d configs.Diagnostic) jsonDiagnostic {
	return jsonDiagnostic{
		Path: d.Position.File, Line: d.Position.Line, Column: d.Position.Column, Width: d.Width,
		Severity: d.Severity.String(), Code: d.Code, Message: d.Message, Hint: d.Hint,
	}
}

func githubEscape(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func (p *program) explain(code string) error {
	var known []string
	for _, e := range configs.Codes() {
		if e.Code == code {
			fmt.Fprintf(p.stdout, "%s: %s\n", e.Code, e.Text)
			return nil
		}
		known = append(known, e.Code)
	}
	return &exitError{code: exitUsage, err: errors.New("there is no code " + code + "; the codes are " + strings.Join(known, ", "))}
}
