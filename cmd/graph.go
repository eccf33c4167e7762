package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"waterhealer/configs"
)

func (p *program) graphCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "graph FILE",
		Short: "Prints the compiled graph of a pipeline",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := choice(cmd, "format", "text", "mermaid", "dot")
			if err != nil {
				return err
			}
			l, err := p.loadRunnable(args[0])
			if err != nil {
				return err
			}
			fmt.Fprint(p.stdout, drawings()[format](nodesOf(l.pipeline)))
			return nil
		},
	}
	c.Flags().String("format", "text", "how the graph is printed: text, mermaid or dot")
	return c
}

// drawn is a node as the graph command shows it: no field values, so that no
// secret can be among them.
type drawn struct {
	name, kind, section string
	inputs              []string
	outputs             []string // of a healing sink, by kind
}

func nodesOf(pipeline *configs.Pipeline) []drawn {
	var out []drawn
	for _, nodes := range [][]*configs.Node{pipeline.Sources, pipeline.Operators, pipeline.Sinks} {
		for _, n := range nodes {
			d := drawn{name: n.Name, kind: n.Kind, section: string(n.Section)}
			for _, input := range n.Inputs {
				d.inputs = append(d.inputs, input.Name)
			}
			if n.Kind == "healing" {
				for _, to := range n.Values.Outputs("to") {
					d.outputs = append(d.outputs, to.Kind)
				}
			}
			out = append(out, d)
		}
	}
	return out
}

func drawings() map[string]func([]drawn) string {
	return map[string]func([]drawn) string{"text": drawText, "mermaid": drawMermaid, "dot": drawDot}
}

func drawText(nodes []drawn) string {
	width := 0
	for _, n := range nodes {
		width = max(width, len([]rune(n.name)))
	}
	var b strings.Builder
	for _, n := range nodes {
		line := fmt.Sprintf("%-8s  %-*s  %s", n.section, width, n.name, n.kind)
		if len(n.outputs) > 0 {
			line += " to " + strings.Join(n.outputs, ", ")
		}
		if len(n.inputs) > 0 {
			line += "  <- " + strings.Join(n.inputs, ", ")
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func drawMermaid(nodes []drawn) string {
	id := identifiers(nodes)
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range nodes {
		label := n.name
		if n.name != n.kind {
			label += "<br/>" + n.kind
		}
		fmt.Fprintf(&b, "  %s[\"%s\"]\n", id[n.name], strings.ReplaceAll(label, `"`, "#quot;"))
	}
	for _, n := range nodes {
		for _, input := range n.inputs {
			fmt.Fprintf(&b, "  %s --> %s\n", id[input], id[n.name])
		}
		for i, output := range n.outputs {
			fmt.Fprintf(&b, "  %s --> %s_%d([\"%s\"])\n", id[n.name], id[n.name], i+1, output)
		}
	}
	return b.String()
}

func drawDot(nodes []drawn) string {
	id := identifiers(nodes)
	var b strings.Builder
	b.WriteString("digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n")
	for _, n := range nodes {
		fmt.Fprintf(&b, "  %s [label=%s];\n", id[n.name], strconv.Quote(n.name+"\n"+n.kind))
	}
	for _, n := range nodes {
		for _, input := range n.inputs {
			fmt.Fprintf(&b, "  %s -> %s;\n", id[input], id[n.name])
		}
		for i, output := range n.outputs {
			fmt.Fprintf(&b, "  %s_%d [label=%s, shape=oval];\n", id[n.name], i+1, strconv.Quote(output))
			fmt.Fprintf(&b, "  %s -> %s_%d;\n", id[n.name], id[n.name], i+1)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// identifiers gives each node a name that both languages take.
func identifiers(nodes []drawn) map[string]string {
	out := make(map[string]string, len(nodes))
	for i, n := range nodes {
		out[n.name] = "n" + strconv.Itoa(i+1)
	}
	return out
}
