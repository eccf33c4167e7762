package drawing

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Sizes of text, of which a character is as wide as it is in fixed-width fonts.
const (
	nameSize, textSize, labelSize = 14.0, 12.0, 11.5
	cellWidth                     = 0.61
	lineHeight                    = 1.45
	boxPadX, boxPadY              = 14.0, 10.0
	margin                        = 20.0
	headCells                     = 22 // where the text of a frame breaks
)

// SVG is the graph as a picture that stands alone: no scripts, no fonts to be
// loaded, light or dark as the reader prefers.
func (d *Graph) SVG() string {
	edges := d.drawn()
	p := d.place(edges)
	s := &svg{d: d, p: p}
	s.begin()
	for i, f := range p.frames {
		s.frame(f, d.headLines(i))
	}
	for i, e := range edges {
		s.edge(e, p.ways[i])
	}
	s.labels(edges)
	for at := range d.Nodes {
		s.node(at)
	}
	s.b.WriteString("</g>\n</svg>\n")
	return s.b.String()
}

// place finds where everything is in the picture.
func (d *Graph) place(edges []Edge) *picture {
	sizes := make([]box, len(d.Nodes))
	for at := range d.Nodes {
		sizes[at] = sizeOf(d.lines(at))
	}
	heads := make([]box, len(d.Groups))
	for i := range heads {
		heads[i] = d.head(i)
	}
	return d.nest(sizes, heads, edges)
}

type svg struct {
	d *Graph
	p *picture
	b strings.Builder
}

const svgStyle = `
text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: 12px; fill: #57606a; white-space: pre; }
.name { font-size: 14px; font-weight: 600; fill: #1b1f24; }
.title { font-weight: 600; fill: #1b1f24; }
.ground { fill: #ffffff; }
.frame { fill: #f6f8fa; stroke: #afb8c1; stroke-dasharray: 5 4; }
.box { fill: #ffffff; stroke: #57606a; stroke-width: 1.2; }
.source { stroke: #0969da; }
.state { stroke: #8250df; stroke-width: 2.4; }
.heals { stroke: #1a7f37; stroke-width: 2.4; }
.aside { stroke: #bc4c00; stroke-dasharray: 4 3; }
.edge { fill: none; stroke: #6e7781; stroke-width: 1.5; }
.tip { fill: #6e7781; }
.edge.beside { stroke: #bc4c00; stroke-dasharray: 4 3; }
.tip.beside { fill: #bc4c00; }
.label { font-size: 11.5px; stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
@media (prefers-color-scheme: dark) {
text { fill: #9ea7b3; }
.name, .title { fill: #f0f3f6; }
.ground { fill: #0d1117; }
.frame { fill: #151b23; stroke: #4a525c; }
.box { fill: #0d1117; stroke: #9ea7b3; }
.source { stroke: #58a6ff; }
.state { stroke: #bc8cff; }
.heals { stroke: #3fb950; }
.aside { stroke: #f0883e; }
.edge { stroke: #9198a1; }
.tip { fill: #9198a1; }
.edge.beside { stroke: #f0883e; }
.tip.beside { fill: #f0883e; }
.label { stroke: #0d1117; }
}
`

func (s *svg) begin() {
	w, h := math.Ceil(s.p.w+2*margin), math.Ceil(s.p.h+2*margin)
	fmt.Fprintf(&s.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%g" height="%g" viewBox="0 0 %g %g" role="img" aria-labelledby="title desc">`+"\n", w, h, w, h)
	fmt.Fprintf(&s.b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", xmlText(s.d.Name), xmlText(s.d.inWords()))
	s.b.WriteString("<style>" + svgStyle + "</style>\n")
	fmt.Fprintf(&s.b, "<rect class=\"ground\" width=\"%g\" height=\"%g\"/>\n<g transform=\"translate(%g %g)\">\n", w, h, margin, margin)
}

// inWords is the graph for those who do not see it.
func (d *Graph) inWords() string {
	var b strings.Builder
	for i := range d.Groups {
		g := &d.Groups[i]
		b.WriteString(g.Title)
		for _, part := range []string{g.Runs, g.Order} {
			if part != "" {
				b.WriteString(", " + part)
			}
		}
		b.WriteString(": ")
		var names []int
		for at := range d.Nodes {
			if d.Nodes[at].Group == i {
				names = append(names, at)
			}
		}
		b.WriteString(d.names(names) + ". ")
	}
	for _, e := range d.drawn() {
		b.WriteString(d.names([]int{e.From}) + " leads to " + d.names([]int{e.To}))
		if e.Aside != "" {
			b.WriteString(" with " + asideWords(e.Aside))
		}
		b.WriteString(". ")
	}
	return strings.TrimSpace(b.String())
}

func (s *svg) frame(f frame, lines []string) {
	fmt.Fprintf(&s.b, `<rect class="frame" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="10"/>`+"\n", f.x, f.y, f.w, f.h)
	class := "title"
	y := f.y + framePad + textSize
	for _, line := range lines {
		if line == "" {
			class = "order"
			y += textSize * lineHeight / 2
			continue
		}
		s.text(class, f.x+framePad, y, line)
		y += textSize * lineHeight
	}
}

// edge draws a line: straight through layers, and over in a curve between them.
func (s *svg) edge(e Edge, way []bend) {
	var path strings.Builder
	first, last := way[0], way[len(way)-1]
	fmt.Fprintf(&path, "M%.1f %.1f", first.x, first.top)
	x, y := first.x, first.top
	for i, b := range way {
		if i > 0 && (math.Abs(b.x-x) > 0.05 || b.top > y) {
			if math.Abs(b.x-x) <= 0.05 {
				fmt.Fprintf(&path, "V%.1f", b.top)
			} else {
				half := (y + b.top) / 2
				fmt.Fprintf(&path, "C%.1f %.1f %.1f %.1f %.1f %.1f", x, half, b.x, half, b.x, b.top)
			}
		}
		x, y = b.x, b.top
		if b.bottom > b.top {
			fmt.Fprintf(&path, "V%.1f", b.bottom)
			y = b.bottom
		}
	}
	beside := ""
	if e.Aside != "" {
		beside = " beside"
	}
	fmt.Fprintf(&s.b, `<path class="edge%s" d="%s"/><path class="tip%s" d="M%.1f %.1fl-4.5 -9h9z"/>`+"\n", beside, path.String(), beside, last.x, last.bottom)
}

// labels says at each node by which branches or as what records come there.
func (s *svg) labels(edges []Edge) {
	labels := make([][]string, len(s.d.Nodes))
	places := make([]bend, len(s.d.Nodes))
	right := make([]bool, len(s.d.Nodes)) // the line comes from there
	for i, e := range edges {
		text := visible(e.Branch)
		if e.Aside != "" {
			text = asideWords(e.Aside)
		}
		if text == "" {
			continue
		}
		way := s.p.ways[i]
		places[e.To] = way[len(way)-1]
		for _, b := range slices.Backward(way) {
			if b.x != places[e.To].x {
				right[e.To] = b.x > places[e.To].x
				break
			}
		}
		if known := labels[e.To]; len(known) == 0 || known[len(known)-1] != text {
			labels[e.To] = append(known, text)
		}
	}
	for at, l := range labels {
		if len(l) > 0 {
			text := ansi.Truncate(strings.Join(l, ", "), boxCells, "…")
			x := places[at].x + 8
			if right[at] {
				x = places[at].x - 8 - cells(text, labelSize)
			}
			s.text("label", x, places[at].bottom-7, text)
		}
	}
}

func (s *svg) node(at int) {
	n, b := &s.d.Nodes[at], s.p.boxes[at]
	class, round := "box", 5.0
	switch {
	case n.Aside != "":
		class, round = "box aside", b.h/2.5
	case n.Role == RoleSource:
		class, round = "box source", b.h/2.5
	case n.Heals != nil:
		class = "box heals"
	case n.State:
		class = "box state"
	case n.Group < 0:
		round = b.h / 2.5
	}
	told := []string{visible(n.Name), visible(n.Kind), s.d.does(at), n.Where}
	fmt.Fprintf(&s.b, "<g><title>%s</title>", xmlText(strings.Join(told, "\n")))
	fmt.Fprintf(&s.b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.1f"/>`+"\n", class, b.x, b.y, b.w, b.h, round)
	y := b.y + boxPadY + nameSize
	for i, line := range s.d.lines(at) {
		class := "does"
		if i == 0 {
			class = "name"
		}
		s.text(class, b.x+boxPadX, y, line)
		y += textSize * lineHeight
	}
	s.b.WriteString("</g>\n")
}

func (s *svg) text(class string, x, y float64, text string) {
	fmt.Fprintf(&s.b, `<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, x, y, xmlText(text))
}

// xmlText escapes a text; line ends stay.
func xmlText(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return xmlEscapes.Replace(strings.Join(lines, "\n"))
}

//nolint:gochecknoglobals // a constant table
var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
