package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"waterhealer/configs"
)

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
	return encodeIndented(w, all)
}

func encodeIndented(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// writeGitHub writes the commands from which GitHub makes annotations.
func writeGitHub(w io.Writer, diagnostics configs.Diagnostics) {
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, d := range diagnostics {
		said := d.Message
		if d.Hint != "" {
			said += "\nhint: " + d.Hint
		}
		fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,endColumn=%d,title=%s::%s\n", d.Severity,
			property.Replace(d.Position.File), d.Position.Line, d.Position.Column, d.Position.Column+max(d.Width, 1), d.Code, message.Replace(said))
	}
}

// What of SARIF 2.1.0 is written: https://docs.oasis-open.org/sarif/sarif/v2.1.0.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		Help             sarifText `json:"help"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		PhysicalLocation struct {
			ArtifactLocation struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region sarifRegion `json:"region"`
		} `json:"physicalLocation"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndColumn   int `json:"endColumn"`
	}
)

// writeSARIF writes what code scanning services take. All codes are listed as
// rules, so that a run without problems closes those of an earlier one.
func writeSARIF(w io.Writer, diagnostics configs.Diagnostics) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "waterhealer", Version: buildVersion()}
	index := make(map[string]int)
	for i, e := range configs.Codes() {
		index[e.Code] = i
		first, _, _ := strings.Cut(e.Text, ". ")
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: e.Code, ShortDescription: sarifText{strings.TrimSuffix(first, ".") + "."}, Help: sarifText{e.Text},
		})
	}
	for _, d := range diagnostics {
		message := d.Message
		if d.Hint != "" {
			message += " (" + d.Hint + ")"
		}
		result := sarifResult{RuleID: d.Code, RuleIndex: index[d.Code], Level: d.Severity.String(), Message: sarifText{message}}
		var at sarifLocation
		at.PhysicalLocation.ArtifactLocation.URI = fileURI(d.Position.File)
		at.PhysicalLocation.Region = sarifRegion{StartLine: d.Position.Line, StartColumn: d.Position.Column, EndColumn: d.Position.Column + d.Width}
		result.Locations = []sarifLocation{at}
		run.Results = append(run.Results, result)
	}
	return encodeIndented(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// fileURI is a path as a URI: relative paths stay so, since they are seen from
// the repository's root.
func fileURI(path string) string {
	if path == stdinPath {
		return "stdin"
	}
	u := url.URL{Path: filepath.ToSlash(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
