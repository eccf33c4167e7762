package drawing

import (
	"fmt"
	"strings"
)

// Mermaid is the graph in the language of Mermaid, as GitHub and others draw it.
func (d *Graph) Mermaid() string {
	var b strings.Builder
	// Without the margin the second and the third line of a frame's text would lie
	// behind its nodes.
	fmt.Fprintf(&b, "---\ntitle: %s\nconfig: {flowchart: {subGraphTitleMargin: {bottom: 45}}}\n---\nflowchart TB\n", yamlText(visible(d.Name)))
	b.WriteString("  classDef state stroke-width:3px\n  classDef aside stroke-dasharray:4 3\n")
	for i := range d.Groups {
		g := &d.Groups[i]
		fmt.Fprintf(&b, "  subgraph g%d[%s]\n", i+1, mermaidText(g.Title, g.Runs, g.Order))
		for at := range d.Nodes {
			if d.Nodes[at].Group == i {
				fmt.Fprintf(&b, "    n%d%s\n", at+1, d.mermaidBox(at))
			}
		}
		b.WriteString("  end\n")
	}
	for at := range d.Nodes {
		if d.Nodes[at].Group < 0 {
			fmt.Fprintf(&b, "  n%d%s\n", at+1, d.mermaidBox(at))
		}
	}
	for _, e := range d.drawn() {
		arrow := "-->"
		if e.Branch != "" {
			arrow += "|" + mermaidText(e.Branch) + "|"
		}
		if e.Aside != "" {
			arrow = "-.->|" + mermaidText(asideWords(e.Aside)) + "|"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", e.From+1, arrow, e.To+1)
	}
	return b.String()
}

// mermaidBox is the shape and the text of a node.
func (d *Graph) mermaidBox(at int) string {
	text := mermaidText(d.lines(at)...)
	switch n := &d.Nodes[at]; {
	case n.Aside != "":
		return "([" + text + "]):::aside"
	case n.Role == RoleSource, n.Group < 0:
		return "([" + text + "])"
	case n.Heals != nil:
		return "[[" + text + "]]"
	case n.State:
		return "[" + text + "]:::state"
	}
	return "[" + text + "]"
}

// mermaidText quotes lines. What means something to Mermaid in quotes, which takes
// HTML and some Markdown, becomes a character's number.
func mermaidText(lines ...string) string {
	var b strings.Builder
	first := true
	for _, line := range lines {
		if line == "" {
			continue
		}
		if !first {
			b.WriteString("<br/>")
		}
		first = false
		for _, c := range visible(line) {
			if strings.ContainsRune("\"#&<>`*\\", c) {
				fmt.Fprintf(&b, "#%d;", c)
				continue
			}
			b.WriteRune(c)
		}
	}
	return `"` + b.String() + `"`
}

// yamlText quotes a text that has no control characters.
func yamlText(s string) string {
	return `"` + quoteEscapes.Replace(s) + `"`
}
