package cmd

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"waterhealer/configs"
)

// TestPipelineReference: docs/pipeline.md is what the tables of the file format
// and the specs of sources, sinks and outputs say. -update writes it. Operators
// have a page of their own.
func TestPipelineReference(t *testing.T) {
	const file = "../docs/pipeline.md"
	got := pipelineReference()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s is stale (%v): run go test ./cmd -run TestPipelineReference -update", file, err)
	}
}

func pipelineReference() string {
	var b strings.Builder
	b.WriteString("# The pipeline file\n\nWritten by `go test ./cmd -run TestPipelineReference -update` from the tables that files are checked against.\n" +
		"`waterhealer schema` prints the same for editors, and [operators.md](operators.md) has the operators.\n\n" +
		"Where a field takes a list, one value alone stands for a list of one. `${NAME}`, `${NAME:-default}` and `${file:PATH}` stand for\n" +
		"any single value; `$${` is a literal `${`. Keys that begin with `x-` are ignored.\n")
	fieldsTable(&b, "## Top level\n\nBeside `sources`, `operators` and `sinks`, which are lists of nodes, and `on_error` and `tests`:", configs.PipelineFields())
	b.WriteString("\n## Nodes\n\nA node is a mapping with one key that names its kind, and these keys beside it:\n")
	for _, s := range []configs.Section{configs.SectionSource, configs.SectionOperator, configs.SectionOutput} {
		title := map[configs.Section]string{configs.SectionOperator: "Operators and sinks", configs.SectionOutput: "Outputs inside another node"}[s]
		if title == "" {
			title = "Sources"
		}
		fields := configs.CommonFields(s)
		for i := range fields {
			if fields[i].Name == "on_error" {
				fields[i].Fields = nil // below
			}
		}
		fieldsTable(&b, "### "+title, fields)
	}
	fieldsTable(&b, "## on_error", configs.ErrorFields())
	fieldsTable(&b, "## tests\n\nA list of tests:", configs.TestFields())
	fieldsTable(&b, "### input\n\nA step is a source's name with a value, or `wait` or `end`, and what may stand beside a value:", configs.StepFields())
	for _, section := range []configs.Section{configs.SectionSource, configs.SectionSink, configs.SectionOutput} {
		for _, s := range specs() {
			if s.Section == section {
				kindEntry(&b, s)
			}
		}
	}
	return b.String()
}

func kindEntry(b *strings.Builder, s configs.Spec) {
	title := fmt.Sprintf("## %s (%s)\n\n%s", s.Kind, s.Section, strings.TrimSpace(configs.Sentence(s.Summary)+" "+configs.Sentence(s.Doc)))
	if s.Finished != "" {
		title += "\n\n**Offsets:** " + configs.Sentence(s.Finished)
	}
	if s.Short != "" {
		title += fmt.Sprintf("\n\nShort form: `%s: %s`", s.Kind, strings.ToUpper(s.Short))
	}
	fieldsTable(b, title, s.Fields)
	fmt.Fprintf(b, "\n```yaml\n- %s\n```\n", strings.ReplaceAll(strings.TrimRight(s.Example, "\n"), "\n", "\n  "))
}

func fieldsTable(b *strings.Builder, title string, fields []configs.Field) {
	fmt.Fprintf(b, "\n%s\n", title)
	if len(fields) == 0 {
		return
	}
	b.WriteString("\n| field | takes | default | |\n|---|---|---|---|\n")
	fieldRows(b, "", fields)
}

func fieldRows(b *strings.Builder, prefix string, fields []configs.Field) {
	cell := strings.NewReplacer("|", "\\|", "\n", " ")
	for i := range fields {
		f := &fields[i]
		missing := f.Default
		if f.Required {
			missing = "required"
		}
		takes := f.TypeText()
		if f.Or != nil {
			takes += ", or " + f.Or.TypeText()
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, f.Name, cell.Replace(takes), missing, cell.Replace(f.Doc))
		fieldRows(b, prefix+f.Name+".", f.Fields)
		if f.Or != nil {
			fieldRows(b, prefix+f.Name+".", f.Or.Fields)
		}
	}
}
