package drawing

import (
	"math"
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

// headLines is the text of a frame; what is behind the empty line is smaller.
func (d *Graph) headLines(group int) []string {
	g := &d.Groups[group]
	lines := append(broken(g.Title, headCells), "")
	lines = append(lines, broken(g.Runs, headCells)...)
	return append(lines, broken(g.Order, headCells)...)
}

// head is how large that is.
func (d *Graph) head(group int) box {
	lines := d.headLines(group)
	b := box{h: float64(len(lines)) * textSize * lineHeight}
	for _, line := range lines {
		b.w = max(b.w, cells(line, textSize))
	}
	return b
}

// sizeOf is how large the box around some lines is, of which the first is a name.
func sizeOf(lines []string) box {
	b := box{h: 2*boxPadY + nameSize*lineHeight + float64(len(lines)-1)*textSize*lineHeight}
	for i, line := range lines {
		size := textSize
		if i == 0 {
			size = nameSize
		}
		b.w = max(b.w, cells(line, size))
	}
	b.w = math.Ceil(max(b.w, 90) + 2*boxPadX)
	return b
}

func cells(s string, size float64) float64 { return float64(ansi.StringWidth(s)) * size * cellWidth }

// broken are the lines of a text, none wider than most. Wrap alone may let a hyphen
// stand out.
func broken(s string, most int) []string {
	if s == "" {
		return nil
	}
	return strings.Split(ansi.Hardwrap(ansi.Wrap(s, most, ""), most, false), "\n")
}
