package drawing

// spread places the points of each layer beside each other, near to their
// neighbours above and below, so that lines are straight where they can be.
func (l *layout) spread() {
	for _, layer := range l.layers {
		x := 0.0
		for i, p := range layer {
			if i > 0 {
				x += l.gap(layer[i-1], p)
			}
			l.points[p].x = x
			x += l.points[p].w
		}
	}
	rounds := l.sweeps(16)
	for i := range rounds {
		for layer := 1; layer < len(l.layers); layer++ {
			l.near(layer, true, i >= rounds/2)
		}
		for layer := len(l.layers) - 2; layer >= 0; layer-- {
			l.near(layer, i >= rounds/2, true)
		}
	}
}

// gap is what must be between two neighbours.
func (l *layout) gap(a, b int) float64 {
	if l.points[a].box < 0 || l.points[b].box < 0 || l.points[a].w == 0 || l.points[b].w == 0 {
		return gapLines
	}
	return gapBoxes
}

// block are points of a layer that stand as close as they may.
type block struct {
	first  int // its place in the layer
	sum    float64
	weight float64
	wish   float64 // where its first point would best be
}

// near moves the points of a layer as near to where their neighbours want them as
// their order allows: the sum of the weighted squares of distances is the least
// possible. Points that would overlap are put together into blocks, which move as
// one.
func (l *layout) near(layer int, up, down bool) {
	points := l.layers[layer]
	offsets := make([]float64, len(points)) // from the first point, standing close
	blocks := make([]block, 0, len(points))
	for i, p := range points {
		if i > 0 {
			offsets[i] = offsets[i-1] + l.points[points[i-1]].w + l.gap(points[i-1], p)
		}
		wish, weight := l.wish(p, up, down)
		b := block{first: i, sum: (wish - offsets[i]) * weight, weight: weight}
		b.wish = b.sum / b.weight
		for len(blocks) > 0 && blocks[len(blocks)-1].wish >= b.wish {
			last := blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			b = block{first: last.first, sum: last.sum + b.sum, weight: last.weight + b.weight}
			b.wish = b.sum / b.weight
		}
		blocks = append(blocks, b)
	}
	for i, b := range blocks {
		end := len(points)
		if i+1 < len(blocks) {
			end = blocks[i+1].first
		}
		for at := b.first; at < end; at++ {
			l.points[points[at]].x = b.wish + offsets[at]
		}
	}
}

// wish is where a point's neighbours want it, and how much. Without any it stays.
func (l *layout) wish(p int, up, down bool) (x, weight float64) {
	add := func(parts []part) {
		for _, n := range parts {
			x += (l.points[n.to].x + n.far - n.here) * n.weight
			weight += n.weight
		}
	}
	if up {
		add(l.up[p])
	}
	if down {
		add(l.down[p])
	}
	if weight == 0 {
		const little = 0.01
		return l.points[p].x, little
	}
	return x / weight, weight
}
