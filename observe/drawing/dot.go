package drawing

import (
	"fmt"
	"strings"
)

// DOT is the graph in the language of Graphviz.
func (d *Graph) DOT() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph pipeline {\n  label=%s;\n  labelloc=t;\n", dotText(`\n`, d.Name))
	b.WriteString("  node [shape=box, fontname=\"Helvetica\", fontsize=11];\n  edge [fontname=\"Helvetica\", fontsize=10];\n")
	b.WriteString("  graph [fontname=\"Helvetica\", fontsize=11];\n")
	for i := range d.Groups {
		g := &d.Groups[i]
		fmt.Fprintf(&b, "  subgraph cluster_%d {\n    label=%s;\n    labeljust=l;\n    style=\"rounded,dashed\";\n", i+1, dotText(`\l`, g.Title, g.Runs, g.Order))
		for at := range d.Nodes {
			if d.Nodes[at].Group == i {
				fmt.Fprintf(&b, "    n%d %s;\n", at+1, d.dotBox(at))
			}
		}
		b.WriteString("  }\n")
	}
	for at := range d.Nodes {
		if d.Nodes[at].Group < 0 {
			fmt.Fprintf(&b, "  n%d %s;\n", at+1, d.dotBox(at))
		}
	}
	for _, e := range d.drawn() {
		style := ""
		switch {
		case e.Aside != "":
			style = " [style=dashed, label=" + dotText(`\n`, asideWords(e.Aside)) + "]"
		case e.Branch != "":
			style = " [label=" + dotText(`\n`, e.Branch) + "]"
		}
		fmt.Fprintf(&b, "  n%d -> n%d%s;\n", e.From+1, e.To+1, style)
	}
	b.WriteString("}\n")
	return b.String()
}

// dotBox is the text and the shape of a node.
func (d *Graph) dotBox(at int) string {
	shape := ""
	switch n := &d.Nodes[at]; {
	case n.Role == RoleSource, n.Group < 0:
		shape = ", shape=oval"
		if n.Aside != "" {
			shape += ", style=dashed"
		}
	case n.Heals != nil:
		shape = ", peripheries=2"
	case n.State:
		shape = ", style=bold"
	}
	return "[label=" + dotText(`\n`, d.lines(at)...) + shape + "]"
}

// dotText quotes lines, each of which but the only one ends in end.
func dotText(end string, lines ...string) string {
	var texts []string
	for _, line := range lines {
		if line != "" {
			texts = append(texts, quoteEscapes.Replace(visible(line)))
		}
	}
	text := strings.Join(texts, end)
	if len(texts) > 1 && end == `\l` {
		text += end
	}
	return `"` + text + `"`
}

// quoteEscapes are those of texts in quotes in DOT and in YAML.
//
//nolint:gochecknoglobals // a constant table
var quoteEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
