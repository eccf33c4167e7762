package cmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"waterhealer/configs"
)

func (p *program) operatorsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "operators [KIND]",
		Short: "Lists the kinds of nodes, or describes one",
		Args:  cobra.MaximumNArgs(1),
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
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, s := range specs() {
			if s.Section == section {
				fmt.Fprintf(table, "  %s\t%s\n", strings.Join(append([]string{s.Kind}, s.Aliases...), ", "), s.Summary)
			}
		}
		_ = table.Flush()
		fmt.Fprintln(p.stdout)
	}
	fmt.Fprintln(p.stdout, "An output stands among the sinks, or in a healing sink's `to:` or `report:`, or as dead letter.")
	fmt.Fprintln(p.stdout, "'waterhealer operators KIND' describes one.")
}

func (p *program) describeKind(kind string) error {
	found := false
	for _, s := range specs() {
		if s.Kind == kind || contains(s.Aliases, kind) {
			found = true
			p.describe(s)
		}
	}
	if !found {
		return usageError("there is no kind %q; 'waterhealer operators' lists them", kind)
	}
	return nil
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

func (p *program) describe(s configs.Spec) {
	fmt.Fprintf(p.stdout, "%s (%s)\n\n%s\n", s.Kind, s.Section, s.Summary)
	if len(s.Aliases) > 0 {
		fmt.Fprintf(p.stdout, "Also written %s.\n", strings.Join(s.Aliases, ", "))
	}
	if s.Doc != "" {
		fmt.Fprintf(p.stdout, "\n%s\n", s.Doc)
	}
	if s.Finished != "" {
		fmt.Fprintf(p.stdout, "\nAn offset is finished: %s.\n", s.Finished)
	}
	if len(s.Fields) > 0 {
		fmt.Fprintln(p.stdout, "\nfields")
		table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		p.fields(table, s.Fields, "  ")
		_ = table.Flush()
	}
	if s.Short != "" {
		fmt.Fprintf(p.stdout, "\nshort form: `%s: %s`\n", s.Kind, strings.ToUpper(s.Short))
	}
	if s.Example != "" {
		fmt.Fprintf(p.stdout, "\nexample\n  - %s\n", strings.ReplaceAll(strings.TrimRight(s.Example, "\n"), "\n", "\n    "))
	}
	fmt.Fprintln(p.stdout)
}

func (p *program) fields(table *tabwriter.Writer, fields []configs.Field, indent string) {
	for _, f := range fields {
		kind := string(f.Type)
		if f.List {
			kind = "list of " + kind
		}
		if len(f.Values) > 0 {
			kind = strings.Join(f.Values, " | ")
		}
		note := ""
		switch {
		case f.Required:
			note = "required"
		case f.Default != "":
			note = "default " + f.Default
		}
		fmt.Fprintf(table, "%s%s\t%s\t%s\t%s\n", indent, f.Name, kind, note, f.Doc)
		p.fields(table, f.Fields, indent+"  ")
	}
}
