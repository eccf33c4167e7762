package drawing

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// TextOptions are those of a drawing for a terminal.
type TextOptions struct {
	Width int  // how many columns there are; 0 is 80
	ASCII bool // nothing but ASCII is drawn, whatever names hold
}

const (
	usualWidth = 80
	// Names and kinds that are longer than this push aside what follows them.
	nameMost, kindMost = 24, 16
	// detailLeast is how much of a detail is worth showing on the node's line.
	detailLeast = 20
)

// Text draws the graph from top to bottom, a line per node, with the lines
// between them on the left. Names are never cut.
func (d *Graph) Text(o TextOptions) string {
	if o.Width <= 0 {
		o.Width = usualWidth
	}
	t := &text{d: d, o: o, from: make(map[int][]string)}
	t.layRails()
	t.measure()
	for _, r := range t.rows {
		t.write(r)
	}
	t.asides()
	if o.ASCII {
		return plainLines.Replace(t.b.String())
	}
	return t.b.String()
}

type text struct {
	d    *Graph
	o    TextOptions
	b    strings.Builder
	rows []textRow
	// from names what a node reads where no line shows it, or not by which branch.
	from map[int][]string

	rail, name, kind int // widths
}

// textRow is a line of the drawing: of a node, the head of a group, or lines alone.
type textRow struct {
	rails       string
	under       string // the lines below a node, where its text goes on
	node, group int    // -1 is none
}

// measure finds how wide the columns are.
func (t *text) measure() {
	for _, r := range t.rows {
		t.rail = max(t.rail, ansi.StringWidth(r.rails)+1)
	}
	for i := range t.d.Nodes {
		if w := ansi.StringWidth(visible(t.d.Nodes[i].Name)); w <= nameMost {
			t.name = max(t.name, w)
		}
		if w := ansi.StringWidth(visible(t.d.Nodes[i].Kind)); w <= kindMost {
			t.kind = max(t.kind, w)
		}
	}
}

func (t *text) write(r textRow) {
	switch {
	case r.node >= 0:
		t.node(r)
	case r.group >= 0:
		g := t.d.Groups[r.group]
		t.head(r.rails, g.Title, g.Runs, g.Order)
	default:
		t.line(r.rails)
	}
}

func (t *text) line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// head begins a group. What does not fit goes on below.
func (t *text) head(rails string, parts ...string) {
	var lines []string
	for _, part := range parts {
		switch last := len(lines) - 1; {
		case part == "":
		case last >= 0 && ansi.StringWidth(lines[last]+" · "+part) <= t.o.Width:
			lines[last] += " · " + part
		default:
			for _, line := range broken(part, max(t.o.Width-t.rail-3, nameMost/2)) {
				lines = append(lines, pad(rails, t.rail)+"   "+line)
			}
		}
	}
	lines[0] = strings.Replace(lines[0], pad(rails, t.rail)+"  ", pad(rails, t.rail)+"──", 1)
	if rest := t.o.Width - ansi.StringWidth(lines[0]) - 1; rest > 0 {
		lines[0] += " " + strings.Repeat("─", rest)
	}
	for _, line := range lines {
		t.line(line)
	}
}

// node writes a node's line: its name, its kind and what it does.
func (t *text) node(r textRow) {
	n := &t.d.Nodes[r.node]
	does := t.d.does(r.node)
	if from := t.from[r.node]; len(from) > 0 {
		does = strings.TrimSuffix("from "+strings.Join(from, ", ")+" · "+does, " · ")
	}
	t.entry(r, visible(n.Name), visible(n.Kind), does)
}

func (t *text) entry(r textRow, name, kind, does string) {
	line := pad(pad(r.rails, t.rail)+name, t.rail+t.name)
	if ansi.StringWidth(line+"  "+kind) > t.o.Width {
		t.line(line)
		line = pad(r.under, t.rail) + "  " + kind
	} else {
		line = pad(line+"  "+kind, t.rail+t.name+2+t.kind)
	}
	room := t.o.Width - ansi.StringWidth(line) - 2
	if does != "" && room < min(detailLeast, ansi.StringWidth(does)) {
		t.line(line)
		line = pad(r.under, t.rail) + "  "
		room = t.o.Width - ansi.StringWidth(line) - 2
	}
	if does != "" {
		line += "  " + t.cut(does, room)
	}
	t.line(line)
}

// cut shortens a text to a width.
func (t *text) cut(s string, width int) string {
	if t.o.ASCII {
		return ansi.Truncate(s, max(width, 4), "...")
	}
	return ansi.Truncate(s, max(width, 2), "…")
}

// asides lists what takes dead letters and reports.
func (t *text) asides() {
	var rows [][3]string
	add := func(at int, what string) {
		n := &t.d.Nodes[at]
		does := what
		if n.Detail != "" {
			does += " · " + visible(n.Detail)
		}
		rows = append(rows, [3]string{visible(n.Name), visible(n.Kind), does})
	}
	for _, e := range t.d.Edges {
		if e.Aside == AsideReport {
			add(e.To, "reports of "+visible(t.d.Nodes[e.From].Name))
		}
	}
	for _, l := range t.d.letters {
		words := l.words
		if words == "" {
			words = "of " + t.d.senders(l)
		}
		add(l.output, "dead letters "+words)
	}
	if len(rows) == 0 {
		return
	}
	t.head("", "beside the graph")
	for _, r := range rows {
		t.entry(textRow{rails: "◌"}, r[0], r[1], r[2])
	}
}

func (d *Graph) names(nodes []int) string {
	names := make([]string, len(nodes))
	for i, at := range nodes {
		names[i] = visible(d.Nodes[at].Name)
	}
	return strings.Join(names, ", ")
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// plainLines draws with ASCII.
//
//nolint:gochecknoglobals // a constant table
var plainLines = strings.NewReplacer(
	"│", "|", "─", "-", "├", "+", "┤", "+", "┬", "+", "┴", "+", "┼", "+", "╭", "+", "╮", "+", "╰", "+", "╯", "+",
	"○", "o", "●", "*", "◆", "#", "◉", "@", "▷", ">", "◌", "x", "·", "-",
)
