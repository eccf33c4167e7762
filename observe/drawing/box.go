package drawing

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// boxCells is how many characters wide the text in a box is at most.
const boxCells = 44

// lines are what stands in a node's box: its name, its kind, and what it does. A name is cut in its middle, so that both its ends tell it from
// others.
func (d *Graph) lines(at int) []string {
	n := &d.Nodes[at]
	lines := []string{middle(visible(n.Name), boxCells), middle(visible(n.Kind), boxCells)}
	switch n.Aside {
	case AsideReport:
		lines = append(lines, "reports")
	case AsideDeadLetter:
		words := "dead letters"
		for _, l := range d.letters {
			if l.output == at && l.words != "" {
				words += " " + l.words
			}
		}
		lines = append(lines, ansi.Truncate(words, boxCells, "…"))
	}
	if does := d.does(at); does != "" {
		lines = append(lines, ansi.Truncate(does, boxCells, "…"))
	}
	return lines
}

// middle shortens a text by its middle.
func middle(s string, width int) string {
	w := ansi.StringWidth(s)
	if w <= width {
		return s
	}
	head := ansi.Truncate(s, (width-1)/2, "")
	return head + "…" + ansi.TruncateLeft(s, w-(width-1-ansi.StringWidth(head)), "")
}

// asideWords are what an edge beside the graph is called.
func asideWords(aside string) string { return strings.ReplaceAll(aside, "_", " ") + "s" }
