package editor

import (
	"fmt"
	"strings"

	"waterhealer/configs"
	"waterhealer/operators/expression"
)

// describeKind is what an editor shows of a kind.
func describeKind(s *configs.Spec, written string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** (%s)", written, s.Section)
	if written != s.Kind {
		fmt.Fprintf(&b, ", the same as %s", s.Kind)
	}
	b.WriteString("\n\n" + strings.TrimSpace(configs.Sentence(s.Summary)+" "+configs.Sentence(s.Doc)) + "\n")
	if s.Finished != "" {
		b.WriteString("\nOffsets are finished: " + configs.Sentence(s.Finished) + "\n")
	}
	if len(s.Fields) > 0 {
		b.WriteString("\n")
		describeFields(&b, s.Fields)
	}
	if s.Short != "" {
		fmt.Fprintf(&b, "\nShort form: `%s: %s`\n", written, strings.ToUpper(s.Short))
	}
	if s.Example != "" {
		example := strings.ReplaceAll(strings.TrimRight(s.Example, "\n"), "\n", "\n  ")
		fmt.Fprintf(&b, "\n```yaml\n- %s\n```\n", example)
	}
	if len(s.Given) > 0 {
		fmt.Fprintf(&b, "\nin `%s`, out `%s`\n", strings.Join(s.Given, "  "), strings.Join(s.Gives, "  "))
	}
	return b.String()
}

func describeFields(b *strings.Builder, fields []configs.Field) {
	for i := range fields {
		f := &fields[i]
		fmt.Fprintf(b, "- `%s`: %s%s. %s\n", f.Name, types(f), f.Note(), configs.Sentence(f.Doc))
	}
}

// types is what a field takes, in any of its forms.
func types(f *configs.Field) string {
	if _, nodes := configs.SectionOf(f.Name); nodes && f.Type == configs.TypeData {
		return "list of nodes"
	}
	var all []string
	for ; f != nil; f = f.Or {
		all = append(all, f.TypeText())
	}
	return strings.Join(all, ", or ")
}

// describeField is what an editor shows of a field.
func describeField(f *configs.Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: %s%s\n\n%s\n", f.Name, types(f), f.Note(), configs.Sentence(f.Doc))
	for form := f; form != nil; form = form.Or {
		if len(form.Fields) > 0 {
			b.WriteString("\n")
			describeFields(&b, form.Fields)
		}
	}
	return b.String()
}

func describeFunction(f expression.FunctionDoc) string {
	text := fmt.Sprintf("```\n%s\n```\n\n%s\n", f.Signature, configs.Sentence(f.Doc))
	if len(f.Examples) > 0 {
		text += fmt.Sprintf("\n```\n%s\n```\n", strings.Join(f.Examples, "\n"))
	}
	return text
}

func describeVariable(v expression.VariableDoc) string {
	return strings.TrimSuffix(fmt.Sprintf("**%s**: %s", v.Name, v.Doc), ": ") + "\n"
}

func describeNode(n *namedNode, line int) string {
	kind := "no kind yet"
	summary := ""
	if n.spec != nil {
		kind, summary = n.spec.Kind, "\n\n"+configs.Sentence(n.spec.Summary)
	}
	return fmt.Sprintf("**%s**: %s (%s), line %d%s\n", n.name, kind, n.section, line, summary)
}
