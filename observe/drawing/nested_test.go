package drawing

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

type area struct {
	name       string
	l, t, r, b float64
}

// meets says that areas have more in common than their border.
func (a area) meets(o area) bool {
	const hair = 0.01
	return a.l < o.r-hair && o.l < a.r-hair && a.t < o.b-hair && o.t < a.b-hair
}

func (a area) within(o area) bool {
	const hair = 0.01
	return a.l >= o.l-hair && a.t >= o.t-hair && a.r <= o.r+hair && a.b <= o.b+hair
}

// TestNothingOverlaps: in any graph, boxes, frames and the text of these keep off
// each other, and a box lies in the frame of its group and in no other.
func TestNothingOverlaps(t *testing.T) {
	checkGraphs(t, func(t *rapid.T, d *Graph) {
		p := d.place(d.drawn())
		whole := area{"the whole", 0, 0, p.w, p.h}
		var frames, boxes []area
		for i, f := range p.frames {
			a := area{fmt.Sprint("frame ", i), f.x, f.y, f.x + f.w, f.y + f.h}
			frames = append(frames, a)
			boxes = append(boxes, area{fmt.Sprint("text of frame ", i), f.x + framePad, f.y + framePad, f.x + framePad + f.head, f.y + framePad + d.head(i).h})
		}
		heads := len(boxes)
		for at, b := range p.boxes {
			boxes = append(boxes, area{d.Nodes[at].Name, b.x, b.y, b.x + b.w, b.y + b.h})
		}
		for i, a := range boxes {
			if !a.within(whole) {
				t.Errorf("%v is not within %v", a, whole)
			}
			for _, b := range boxes[:i] {
				if a.meets(b) {
					t.Errorf("%v and %v overlap", a, b)
				}
			}
			own := i
			if i >= heads {
				own = d.Nodes[i-heads].Group
			}
			for j, f := range frames {
				if j == own && !a.within(f) || j != own && a.meets(f) {
					t.Errorf("%v, which belongs to frame %d, and %v", a, own, f)
				}
			}
		}
		for i, a := range frames {
			for _, b := range frames[:i] {
				if a.meets(b) {
					t.Errorf("%v and %v overlap", a, b)
				}
			}
		}
	})
}

// TestLinesLeadFromBoxToBox: each edge is one line, from the lower side of a box
// down to the upper side of another, and through no box.
func TestLinesLeadFromBoxToBox(t *testing.T) {
	checkGraphs(t, func(t *rapid.T, d *Graph) {
		edges := d.drawn()
		p := d.place(edges)
		for i, e := range edges {
			way := p.ways[i]
			from, to := p.boxes[e.From], p.boxes[e.To]
			first, last := way[0], way[len(way)-1]
			if near := math.Abs(first.top - from.y - from.h); near > 0.01 || first.x <= from.x || first.x >= from.x+from.w {
				t.Errorf("edge %v begins at %v, its box is %v", e, first, from)
			}
			if near := math.Abs(last.bottom - to.y); near > 0.01 || last.x <= to.x || last.x >= to.x+to.w {
				t.Errorf("edge %v ends at %v, its box is %v", e, last, to)
			}
			for j, b := range way {
				crossed := []area{{"straight", b.x, b.top, b.x, b.bottom}}
				if j > 0 {
					a := way[j-1]
					if a.bottom > b.top+0.01 || a.bottom == b.top && math.Abs(a.x-b.x) > 0.05 {
						t.Errorf("edge %v jumps from %v to %v", e, a, b)
					}
					crossed = append(crossed, area{"across", min(a.x, b.x), a.bottom, max(a.x, b.x), b.top})
				}
				for at, box := range p.boxes {
					for _, c := range crossed {
						c.l, c.r = c.l-0.1, c.r+0.1
						if c.meets(area{"", box.x, box.y, box.x + box.w, box.y + box.h}) {
							t.Errorf("edge %v runs %v through %s %v", e, c, d.Nodes[at].Name, box)
						}
					}
				}
			}
		}
	})
}

// TestFewCrossings: lines that need not cross do not.
func TestFewCrossings(t *testing.T) {
	// Two rows of four, joined crosswise: 3-0, 2-1, 1-2, 0-3.
	boxes := make([]box, 8)
	for i := range boxes {
		boxes[i] = box{w: 50, h: 20}
	}
	var links []link
	for i := range 4 {
		links = append(links, link{from: i, fromX: 25, to: 7 - i, toX: 25})
	}
	layered(boxes, links)
	for i := range 4 {
		if a, b := boxes[i], boxes[7-i]; math.Abs(a.x-b.x) > 0.01 || b.y < a.y+a.h+gapLayers-1 {
			t.Errorf("%v leads to %v, which is not right below it", a, b)
		}
	}
}
