package cmd

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/configs/schema"
)

// TestDiagnosticsReference: docs/diagnostics.md is what the codes say, and what
// lint says of their examples. -update writes it.
func TestDiagnosticsReference(t *testing.T) {
	const file = "../docs/diagnostics.md"
	got := diagnosticsReference()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s is stale (%v): run go test ./cmd -run TestDiagnosticsReference -update", file, err)
	}
}

func diagnosticsReference() string {
	var b strings.Builder
	b.WriteString("# Diagnostics\n\nWritten by `go test ./cmd -run TestDiagnosticsReference -update`. " +
		"`waterhealer lint --explain CODE` prints the same of one code.\n\n" +
		"A diagnostic is `path:line:col: error|warning[code]: message`. Codes are stable. *In the editor* says whether the JSON\n" +
		"Schema of `waterhealer schema` sees the mistake, too.\n\n| code | | in the editor |\n|---|---|---|\n")
	for _, e := range configs.Codes() {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", e.Code, e.Code, severities(said(e.Code)), sight(e.Code).Seen)
	}
	for _, e := range configs.Codes() {
		wrong, mended := configs.Example(e.Code)
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", e.Code, e.Text)
		if why := sight(e.Code).Why; why != "" {
			fmt.Fprintf(&b, "\nIn the editor: %s, since %s.\n", sight(e.Code).Seen, why)
		}
		fmt.Fprintf(&b, "\n```text\n%s```\n\n```text\n%s```\n\nMended:\n\n```yaml\n%s```\n", printable(wrong), printable(said(e.Code)), mended)
	}
	return b.String()
}

// said is what lint says of a code's example.
func said(code string) string {
	const file = "pipeline.yaml"
	wrong, _ := configs.Example(code)
	l := (&program{}).check(file, []byte(wrong))
	var b strings.Builder
	l.diagnostics.Print(&b, map[string][]byte{file: l.pipeline.Text()}, false)
	return b.String()
}

func severities(text string) string {
	var found []string
	for _, word := range []string{"error", "warning"} {
		if strings.Contains(text, ": "+word+"[") {
			found = append(found, word)
		}
	}
	return strings.Join(found, ", ")
}

// sight is what a schema sees of a code.
func sight(code string) schema.Sight {
	all := schema.Sights()
	if i := slices.IndexFunc(all, func(s schema.Sight) bool { return s.Code == code }); i >= 0 {
		return all[i]
	}
	return schema.Sight{Code: code, Seen: schema.Never}
}

// printable is a text without the control characters that some examples are about.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return '\uFFFD'
		}
		return r
	}, text)
}
