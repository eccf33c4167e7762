package drawing

import (
	"cmp"
	"slices"
)

// sweepWork bounds how often large graphs are swept: the pictures of those are no
// better for it.
const sweepWork = 200_000

func (l *layout) sweeps(most int) int { return min(max(sweepWork/len(l.points), 2), most) }

// order finds an order of the points in each layer with few crossings. What is not
// linked is in none.
func (l *layout) order(linked []bool) {
	l.firstOrder(linked)
	best, fewest := l.places(), l.crossings()
	for i := 0; i < l.sweeps(24) && fewest > 0; i++ {
		if i%2 == 0 {
			for layer := 1; layer < len(l.layers); layer++ {
				l.sort(layer, l.up)
			}
		} else {
			for layer := len(l.layers) - 2; layer >= 0; layer-- {
				l.sort(layer, l.down)
			}
		}
		if n := l.crossings(); n < fewest {
			best, fewest = l.places(), n
		}
	}
	for layer := range l.layers {
		slices.SortFunc(l.layers[layer], func(a, b int) int { return cmp.Compare(best[a], best[b]) })
	}
	l.number()
}

// firstOrder puts what follows from a point near to it.
func (l *layout) firstOrder(linked []bool) {
	seen := make([]bool, len(l.points))
	var stack []int
	for i := range l.boxes {
		if len(l.up[i]) > 0 || !linked[i] {
			continue
		}
		for stack = append(stack, i); len(stack) > 0; {
			p := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[p] {
				continue
			}
			seen[p] = true
			layer := l.points[p].layer
			l.layers[layer] = append(l.layers[layer], p)
			for _, d := range slices.Backward(l.down[p]) {
				stack = append(stack, d.to)
			}
		}
	}
	l.number()
}

func (l *layout) number() {
	for _, layer := range l.layers {
		for i, p := range layer {
			l.points[p].place = i
		}
	}
}

func (l *layout) places() []int {
	places := make([]int, len(l.points))
	for i := range l.points {
		places[i] = l.points[i].place
	}
	return places
}

// sort orders a layer by the mean place of the neighbours above or below. Where
// there are none a point stays where it is.
func (l *layout) sort(layer int, near [][]part) {
	means := make(map[int]float64, len(l.layers[layer]))
	for _, p := range l.layers[layer] {
		mean := float64(l.points[p].place)
		if len(near[p]) > 0 {
			mean = 0
			for _, n := range near[p] {
				at := &l.points[n.to]
				mean += float64(at.place)
				if at.w > 0 {
					mean += n.far / at.w
				}
			}
			mean /= float64(len(near[p]))
		}
		means[p] = mean
	}
	slices.SortStableFunc(l.layers[layer], func(a, b int) int { return cmp.Compare(means[a], means[b]) })
	for i, p := range l.layers[layer] {
		l.points[p].place = i
	}
}

// crossings counts how often links cross between layers.
func (l *layout) crossings() int {
	total := 0
	for layer := range len(l.layers) - 1 {
		var ends []int // of the links from left to right, their places below
		for _, p := range l.layers[layer] {
			from := len(ends)
			for _, d := range l.down[p] {
				ends = append(ends, l.points[d.to].place)
			}
			slices.Sort(ends[from:])
		}
		// Counted are pairs that stand the wrong way round: a tree of sums knows how
		// many before have ended further right.
		tree := make([]int, len(l.layers[layer+1])+1)
		for i, end := range ends {
			before := 0
			for at := end + 1; at > 0; at -= at & -at {
				before += tree[at]
			}
			total += i - before
			for at := end + 1; at < len(tree); at += at & -at {
				tree[at]++
			}
		}
	}
	return total
}
