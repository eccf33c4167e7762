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
		Long: `Prints the nodes of a pipeline and what each reads from. No values of fields are
printed, so that no secret can be among them.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := choice(cmd, "format", "text", "mermaid", "dot")
			if err != nil {
				return err
			}
			l, err := p.loadRunnable(args[0])
			if err != nil {
				return err
			}
			d := drawingOf(l.pipeline)
			draw := map[string]func() string{"text": d.text, "mermaid": d.mermaid, "dot": d.dot}[format]
			fmt.Fprint(p.stdout, draw())
			return nil
		},
		ValidArgsFunction: completePipelines,
	}
	c.Flags().String("format", "text", "how the graph is printed: text, mermaid or dot")
	return c
}

// drawing is a pipeline as the graph command shows it.
type drawing struct {
	nodes []drawn
	// letters is the kind of the pipeline's dead letter output, "" for none.
	letters string
}

type drawn struct {
	name, kind, section string
	inputs              []string // with their branches
	from                []string // the nodes of inputs
	outputs             []beside
}

// beside is an output inside another node, by its kind and what it is for:
// "to", "reports to" or "dead letters to".
type beside struct{ role, kind string }

const deadLettersTo = "dead letters to"

func drawingOf(pipeline *configs.Pipeline) drawing {
	var d drawing
	if pipeline.OnError != nil && pipeline.OnError.DeadLetter != nil {
		d.letters = pipeline.OnError.DeadLetter.Kind
	}
	for _, nodes := range [][]*configs.Node{pipeline.Sources, pipeline.Operators, pipeline.Sinks} {
		for _, n := range nodes {
			d.nodes = append(d.nodes, drawnOf(n))
		}
	}
	return d
}

func drawnOf(n *configs.Node) drawn {
	d := drawn{name: n.Name, kind: n.Kind, section: string(n.Section)}
	for _, input := range n.Reads() {
		d.inputs = append(d.inputs, input.Name())
		d.from = append(d.from, input.Node.Name)
	}
	if n.Kind == "healing" {
		for _, to := range n.Values.Outputs("to") {
			d.outputs = append(d.outputs, beside{"to", to.Kind})
		}
		for _, to := range n.Values.Outputs("report") {
			d.outputs = append(d.outputs, beside{"reports to", to.Kind})
		}
	}
	if n.OnError != nil && n.OnError.DeadLetter != nil {
		d.outputs = append(d.outputs, beside{deadLettersTo, n.OnError.DeadLetter.Kind})
	}
	return d
}

func (d drawing) text() string {
	rows := table{}
	for _, n := range d.nodes {
		what := n.kind
		for i, o := range n.outputs {
			if i > 0 {
				what += ","
			}
			what += " " + o.role + " " + o.kind
		}
		row := []string{n.section, n.name, what, ""}
		if len(n.inputs) > 0 {
			row[3] = "<- " + strings.Join(n.inputs, ", ")
		}
		rows = append(rows, row)
	}
	if d.letters != "" {
		rows = append(rows, []string{"on_error", "", deadLettersTo + " " + d.letters, ""})
	}
	var b strings.Builder
	rows.write(&b, 4)
	return b.String()
}

func (d drawing) mermaid() string {
	id := d.identifiers()
	label := func(text string) string { return `"` + strings.ReplaceAll(text, `"`, "#quot;") + `"` }
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, n := range d.nodes {
		text := n.name
		if n.name != n.kind {
			text += "<br/>" + n.kind
		}
		fmt.Fprintf(&b, "  %s[%s]\n", id[n.name], label(text))
	}
	for _, n := range d.nodes {
		for _, input := range n.from {
			fmt.Fprintf(&b, "  %s --> %s\n", id[input], id[n.name])
		}
		for i, o := range n.outputs {
			arrow := "-->"
			if o.role != "to" {
				arrow = "-. " + o.role + " .->"
			}
			fmt.Fprintf(&b, "  %s %s %s_%d([%s])\n", id[n.name], arrow, id[n.name], i+1, label(o.kind))
		}
	}
	if d.letters != "" {
		fmt.Fprintf(&b, "  letters([%s])\n", label(deadLettersTo+" "+d.letters))
	}
	return b.String()
}

func (d drawing) dot() string {
	id := d.identifiers()
	var b strings.Builder
	b.WriteString("digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n")
	for _, n := range d.nodes {
		fmt.Fprintf(&b, "  %s [label=%s];\n", id[n.name], strconv.Quote(n.name+"\n"+n.kind))
	}
	for _, n := range d.nodes {
		for _, input := range n.from {
			fmt.Fprintf(&b, "  %s -> %s;\n", id[input], id[n.name])
		}
		for i, o := range n.outputs {
			style := ""
			if o.role != "to" {
				style = " [style=dashed, label=" + strconv.Quote(o.role) + "]"
			}
			fmt.Fprintf(&b, "  %s_%d [label=%s, shape=oval];\n", id[n.name], i+1, strconv.Quote(o.kind))
			fmt.Fprintf(&b, "  %s -> %s_%d%s;\n", id[n.name], id[n.name], i+1, style)
		}
	}
	if d.letters != "" {
		fmt.Fprintf(&b, "  letters [label=%s, shape=oval, style=dashed];\n", strconv.Quote(deadLettersTo+"\n"+d.letters))
	}
	b.WriteString("}\n")
	return b.String()
}

// identifiers gives each node a name that both languages take.
func (d drawing) identifiers() map[string]string {
	out := make(map[string]string, len(d.nodes))
	for i, n := range d.nodes {
		out[n.name] = "n" + strconv.Itoa(i+1)
	}
	return out
}
