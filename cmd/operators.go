package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"waterhealer/configs"
)

func (p *program) operatorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "operators [KIND]",
		Short: "Lists the kinds of nodes, or describes one",
		Long: `Lists the kinds of sources, operators, sinks and outputs, or describes one: what it
does, its fields, when it lets an offset be finished, and an example.`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var kinds []string
			for _, s := range specs() {
				kinds = append(kinds, s.Kind)
			}
			return kinds, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				p.listKinds()
				return nil
			}
			return p.describeKind(args[0])
		},
	}
}

func (p *program) listKinds() {
	for _, section := range []configs.Section{
		configs.SectionSource, configs.SectionOperator, configs.SectionSink, configs.SectionOutput,
	} {
		fmt.Fprintf(p.stdout, "%ss\n", section)
		kinds := table{}
		for _, s := range specs() {
			if s.Section == section {
				kinds = append(kinds, []string{"  " + strings.Join(append([]string{s.Kind}, s.Aliases...), ", "), configs.Sentence(s.Summary)})
			}
		}
		kinds.write(p.stdout, 2)
		fmt.Fprintln(p.stdout)
	}
	fmt.Fprintln(p.stdout, "An output stands among the sinks, or in a healing sink's `to:` or `report:`, or as dead letter.")
	fmt.Fprintln(p.stdout, "'waterhealer operators KIND' describes one.")
}

func (p *program) describeKind(kind string) error {
	found := false
	for _, s := range specs() {
		if s.Kind == kind || slices.Contains(s.Aliases, kind) {
			if found {
				fmt.Fprintln(p.stdout)
			}
			found = true
			fmt.Fprint(p.stdout, describe(s))
		}
	}
	if !found {
		return usageError("there is no kind %q; 'waterhealer operators' lists them", kind)
	}
	return nil
}

// docWidth is how many columns descriptions take.
const docWidth = 100

func describe(s configs.Spec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n", s.Kind, s.Section)
	if len(s.Aliases) > 0 {
		fmt.Fprintf(&b, "  also written %s\n", strings.Join(s.Aliases, ", "))
	}
	b.WriteString(wrapped("  ", configs.Sentence(s.Summary)+" "+configs.Sentence(s.Doc)))
	if s.Finished != "" {
		b.WriteString("\noffsets are finished\n" + wrapped("  ", configs.Sentence(s.Finished)))
	}
	if len(s.Fields) > 0 {
		b.WriteString("\nfields\n")
		describeFields(&b, s.Fields, "  ")
	}
	if s.Short != "" {
		fmt.Fprintf(&b, "\nshort form\n  %s: %s\n", s.Kind, strings.ToUpper(s.Short))
	}
	if s.Example != "" {
		fmt.Fprintf(&b, "\nexample\n  - %s\n", strings.ReplaceAll(strings.TrimRight(s.Example, "\n"), "\n", "\n    "))
	}
	if len(s.Given) > 0 {
		fmt.Fprintf(&b, "\n  in   %s\n  out  %s\n", strings.Join(s.Given, "  "), strings.Join(s.Gives, "  "))
	}
	return b.String()
}

func describeFields(b *strings.Builder, fields []configs.Field, indent string) {
	for i := range fields {
		f := &fields[i]
		fmt.Fprintf(b, "%s%s: %s%s\n", indent, f.Name, f.TypeText(), f.Note())
		b.WriteString(wrapped(indent+"    ", configs.Sentence(f.Doc)))
		describeFields(b, f.Fields, indent+"    ")
		if f.Or != nil && len(f.Or.Fields) > 0 {
			fmt.Fprintf(b, "%s    or as %s with\n", indent, f.Or.TypeText())
			describeFields(b, f.Or.Fields, indent+"      ")
		}
	}
}

// wrapped breaks a text into indented lines.
func wrapped(indent, text string) string {
	var b strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line) > len(indent) {
			if len([]rune(line))+1+len([]rune(word)) > docWidth {
				b.WriteString(line + "\n")
				line = indent
			} else {
				line += " "
			}
		}
		line += word
	}
	if len(line) > len(indent) {
		b.WriteString(line + "\n")
	}
	return b.String()
}
