package operators_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"waterhealer/configs"
	"waterhealer/operators"
)

// TestReference: docs/operators.md is what the specs say. -update writes it.
func TestReference(t *testing.T) {
	const file = "../docs/operators.md"
	got := reference()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s is stale (%v): run go test ./operators -run TestReference -update", file, err)
	}
}

func reference() string {
	var b strings.Builder
	b.WriteString("# Operators\n\nWritten by `go test ./operators -run TestReference -update` from the operators' specs. " +
		"`waterhealer operators KIND` prints the same.\n\n" +
		"What an example is given stands on its first line: values (of a source, where it reads from several), times that pass, " +
		"the end of the input. What comes out of it stands on the second.\n\n" +
		"An operator that holds records drops those of a partition that is taken away. What several records were made of fails for " +
		"all of them. There is one state per process, in the order in which records come.\n")
	for _, k := range operators.Kinds() {
		b.WriteString("\n" + section(k))
	}
	return b.String()
}

func section(k operators.Kind) string {
	var b strings.Builder
	s := k.Spec
	fmt.Fprintf(&b, "## %s\n\n", s.Kind)
	if len(s.Aliases) > 0 {
		fmt.Fprintf(&b, "Also written `%s`. ", strings.Join(s.Aliases, "`, `"))
	}
	fmt.Fprintf(&b, "%s %s\n\n", s.Summary, s.Doc)
	fmt.Fprintf(&b, "**Offsets are finished** %s.\n\n", strings.TrimSuffix(s.Finished, "."))
	if len(s.Fields) > 0 {
		b.WriteString("| field | takes | default | |\n|---|---|---|---|\n")
		rows(&b, "", s.Fields)
		b.WriteString("\n")
	}
	if s.Short != "" {
		fmt.Fprintf(&b, "Short form: `%s: %s`\n\n", s.Kind, strings.ToUpper(s.Short))
	}
	fmt.Fprintf(&b, "```yaml\n- %s\n```\n\n```\n%s\n%s\n```\n", strings.ReplaceAll(strings.TrimRight(s.Example, "\n"), "\n", "\n  "),
		strings.Join(s.Given, "   "), strings.Join(s.Gives, "   "))
	return b.String()
}

func rows(b *strings.Builder, prefix string, fields []configs.Field) {
	for _, f := range fields {
		takes := string(f.Type)
		if len(f.Values) > 0 {
			takes = strings.Join(f.Values, ", ")
		}
		if f.List {
			takes = "list of " + takes
		}
		missing := f.Default
		if f.Required {
			missing = "required"
		}
		fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, f.Name, takes, missing, strings.ReplaceAll(f.Doc, "|", "\\|"))
		rows(b, prefix+f.Name+".", f.Fields)
	}
}
