package drawing

import (
	"math"
	"slices"
)

// box is something to be placed; its x and y are of its upper left corner.
type box struct {
	x, y, w, h float64
	// last keeps it in the lowest layer, first in the highest: where lines cross
	// the border of a frame.
	first, last bool
}

// link is an edge between boxes, by their places, and how far from their left
// sides it leaves the one and comes to the other.
type link struct {
	from, to   int
	fromX, toX float64
	bends      []bend
}

// bend is a straight part of a link: down through a layer at one place. Between
// two of them it crosses over.
type bend struct{ x, top, bottom float64 }

// Distances in a drawing.
const (
	gapLayers = 38.0 // between layers
	gapBorder = 8.0  // to a border
	gapBoxes  = 26.0 // between boxes of a layer
	gapLines  = 14.0 // between a line and what is beside it
	rowWidth  = 800.0
)

// layered places boxes in layers, each below all that lead to it, and links
// between them, so that no line runs through a box: lines run straight through
// layers, and cross over between them. It is what others do, too (Sugiyama's
// framework), with the simplest means that give good pictures of pipelines.
// Nothing that is given is nil or in a cycle. It returns the size of the whole.
func layered(boxes []box, links []link) (width, height float64) {
	l := &layout{boxes: boxes, links: links}
	linked := make([]bool, len(boxes))
	for _, k := range links {
		linked[k.from], linked[k.to] = true, true
	}
	if len(links) > 0 {
		l.rank()
		l.split()
		l.order(linked)
		l.spread()
		width, height = l.finish()
	}
	return rest(boxes, linked, width, height)
}

// rest puts the boxes that nothing is linked to into rows below the others; beside
// them where lines lead on to a border.
func rest(boxes []box, linked []bool, width, height float64) (float64, float64) {
	left, y := 0.0, height
	switch {
	case height == 0:
	case slices.ContainsFunc(boxes, func(b box) bool { return b.first || b.last }):
		left, y = width+gapBoxes, 0
	default:
		y += gapLayers
	}
	below := max(width, rowWidth)
	for i := 0; i < len(boxes); {
		var row []int
		wide, tall := 0.0, 0.0
		for ; i < len(boxes); i++ {
			if linked[i] {
				continue
			}
			if len(row) > 0 && wide+boxes[i].w > below {
				break
			}
			boxes[i].x, boxes[i].y = left+wide, y
			row, wide, tall = append(row, i), wide+boxes[i].w+gapBoxes, max(tall, boxes[i].h)
		}
		if len(row) == 0 {
			break
		}
		wide -= gapBoxes
		if left == 0 {
			for _, b := range row {
				boxes[b].x += max(width-wide, 0) / 2
			}
		}
		width, height = max(width, left+wide), max(height, y+tall)
		y += tall + gapBoxes
	}
	return width, height
}

// layout is the work of layered.
type layout struct {
	boxes []box
	links []link

	points []spot
	layers [][]int // of points, from the top, each from the left
	// up and down are the parts of links that lead to and from each point.
	up, down [][]part
	chains   [][]int // the points of each link
}

// spot is a box, or the place where a link runs through a layer.
type spot struct {
	box   int // -1 is none
	layer int
	place int // in its layer
	x, w  float64
}

// part is the piece of a link between two layers, seen from one end.
type part struct {
	to        int     // the point at the other end
	here, far float64 // how far from the left sides of both
	weight    float64 // of being straight
}

// rank finds the layer of each box.
func (l *layout) rank() {
	to := make([][]int, len(l.boxes))
	waits := make([]int, len(l.boxes))
	for _, k := range l.links {
		to[k.from] = append(to[k.from], k.to)
		waits[k.to]++
	}
	fed := slices.Clone(waits)
	rank := make([]int, len(l.boxes))
	var next, order []int
	for i := range l.boxes {
		if waits[i] == 0 {
			next = append(next, i)
		}
	}
	deepest := 0
	for len(next) > 0 {
		n := next[0]
		next = next[1:]
		order = append(order, n)
		deepest = max(deepest, rank[n])
		for _, t := range to[n] {
			rank[t] = max(rank[t], rank[n]+1)
			if waits[t]--; waits[t] == 0 {
				next = append(next, t)
			}
		}
	}
	for _, n := range slices.Backward(order) {
		lowest := deepest
		for _, t := range to[n] {
			lowest = min(lowest, rank[t]-1)
		}
		switch {
		case l.boxes[n].first:
		case l.boxes[n].last, fed[n] == 0:
			rank[n] = lowest // near to what it leads to
		}
	}
	l.points = make([]spot, len(l.boxes))
	for i := range l.boxes {
		l.points[i] = spot{box: i, layer: rank[i], w: l.boxes[i].w}
	}
	l.layers = make([][]int, deepest+1)
}

// split cuts links into parts that lead from one layer to the next.
func (l *layout) split() {
	l.chains = make([][]int, len(l.links))
	for i, k := range l.links {
		chain := []int{k.from}
		for layer := l.points[k.from].layer + 1; layer < l.points[k.to].layer; layer++ {
			chain = append(chain, len(l.points))
			l.points = append(l.points, spot{box: -1, layer: layer})
		}
		l.chains[i] = append(chain, k.to)
	}
	l.up, l.down = make([][]part, len(l.points)), make([][]part, len(l.points))
	for i, chain := range l.chains {
		for j := range len(chain) - 1 {
			a, b := chain[j], chain[j+1]
			ax, bx, weight := 0.0, 0.0, 8.0
			if l.points[a].box >= 0 {
				ax, weight = l.links[i].fromX, weight/4
			}
			if l.points[b].box >= 0 {
				bx, weight = l.links[i].toX, weight/4
			}
			weight = max(weight, 1)
			l.down[a] = append(l.down[a], part{to: b, here: ax, far: bx, weight: weight})
			l.up[b] = append(l.up[b], part{to: a, here: bx, far: ax, weight: weight})
		}
	}
}

// finish gives boxes and links their places.
func (l *layout) finish() (width, height float64) {
	left := math.Inf(1)
	for _, layer := range l.layers {
		for _, p := range layer {
			left = min(left, l.points[p].x)
		}
	}
	tops := make([]float64, len(l.layers))
	bottoms := make([]float64, len(l.layers))
	y := 0.0
	for i, layer := range l.layers {
		tall := 0.0
		for _, p := range layer {
			l.points[p].x -= left
			width = max(width, l.points[p].x+l.points[p].w)
			if b := l.points[p].box; b >= 0 {
				l.boxes[b].x, l.boxes[b].y = l.points[p].x, y
				tall = max(tall, l.boxes[b].h)
			}
		}
		tops[i], bottoms[i] = y, y+tall
		y += tall + l.gapBelow(i)
		height = bottoms[i]
	}
	for i := range l.links {
		k := &l.links[i]
		for _, p := range l.chains[i] {
			at := l.points[p]
			b := bend{x: at.x, top: tops[at.layer], bottom: bottoms[at.layer]}
			switch {
			case p == k.from:
				b.x += k.fromX
				b.top = l.boxes[k.from].y + l.boxes[k.from].h
			case p == k.to:
				b.x += k.toX
				b.bottom = b.top
			}
			k.bends = append(k.bends, b)
		}
	}
	return width, height
}

// gapBelow is the room below a layer: lines that lead far to the side need more,
// and those to a border mostly lead straight.
func (l *layout) gapBelow(layer int) float64 {
	far := 0.0
	for _, p := range l.layers[layer] {
		for _, d := range l.down[p] {
			far = max(far, math.Abs(l.points[p].x+d.here-l.points[d.to].x-d.far))
		}
	}
	if l.border(layer) || layer+1 < len(l.layers) && l.border(layer+1) {
		return gapBorder + min(far/3, gapLayers)
	}
	return gapLayers + min(far/12, 3*gapLayers)
}

// border says that nothing but places on a frame's border and lines is in a layer.
func (l *layout) border(layer int) bool {
	for _, p := range l.layers[layer] {
		if b := l.points[p].box; b >= 0 && l.boxes[b].h > 0 {
			return false
		}
	}
	return true
}
