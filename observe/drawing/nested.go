package drawing

// frame is a group's place, and the width of the text on its left.
type frame struct{ x, y, w, h, head float64 }

// Distances in a frame.
const (
	framePad = 16.0
	headGap  = 14.0
)

// picture is where everything is.
type picture struct {
	boxes  []box // of nodes
	frames []frame
	ways   [][]bend // of edges, from the top
	w, h   float64
}

// inner is the layout of one frame.
type inner struct {
	nodes []int // of the graph
	boxes []box // theirs, then the places where lines cross the border
	links []link
	in    map[int]int    // the place where lines to a node come in, in boxes
	out   map[origin]int // and where those from one go out
	place map[int]int    // of a node, in boxes
	whole int            // its box in the outer layout
}

// origin is where lines leave a node: those beside the graph have a place of their own.
type origin struct {
	node  int
	aside bool
}

// x is how far from the left of a node of some size that is.
func (o origin) x(size box) float64 {
	if o.aside {
		return 0.75 * size.w
	}
	return size.w / 2
}

func (e Edge) origin() origin { return origin{node: e.From, aside: e.Aside != ""} }

// edgeParts are the links that an edge consists of, -1 where there is none:
// to the border of its frame, between frames, and from the border.
type edgeParts struct {
	leave, cross, enter int
	from, to            int // frames of leave and enter, or -1
}

// nest places nodes of the given sizes in frames. A frame is laid out by itself,
// with a place on its border for all lines to a node in it and one for all from
// it; then the frames are laid out as boxes.
func (d *Graph) nest(sizes []box, heads []box, edges []Edge) *picture {
	frames := make([]*inner, len(d.Groups))
	for i := range frames {
		frames[i] = &inner{in: make(map[int]int), out: make(map[origin]int), place: make(map[int]int)}
	}
	for at := range d.Nodes {
		if g := d.Nodes[at].Group; g >= 0 {
			f := frames[g]
			f.place[at] = len(f.boxes)
			f.nodes = append(f.nodes, at)
			f.boxes = append(f.boxes, sizes[at])
		}
	}
	parts := make([]edgeParts, len(edges))
	for i, e := range edges {
		parts[i] = d.cut(frames, sizes, e)
	}
	var outer []box
	for i, f := range frames {
		w, h := layered(f.boxes, f.links)
		f.whole = len(outer)
		outer = append(outer, box{
			w: heads[i].w + headGap + w + 2*framePad,
			h: max(h, heads[i].h) + 2*framePad,
		})
	}
	alone := make(map[int]int)
	for at := range d.Nodes {
		if d.Nodes[at].Group < 0 {
			alone[at] = len(outer)
			outer = append(outer, sizes[at])
		}
	}
	var cross []link
	known := make(map[ends]int) // lines with the same ends are one
	for i, e := range edges {
		if parts[i].cross < 0 {
			continue
		}
		var k link
		k.from, k.fromX = d.end(frames, heads, alone, sizes, e, false)
		k.to, k.toX = d.end(frames, heads, alone, sizes, e, true)
		key := ends{e.origin(), e.To}
		at, found := known[key]
		if !found {
			at = len(cross)
			known[key] = at
			cross = append(cross, k)
		}
		parts[i].cross = at
	}
	p := &picture{}
	p.w, p.h = layered(outer, cross)
	p.boxes = make([]box, len(d.Nodes))
	for at, o := range alone {
		p.boxes[at] = outer[o]
	}
	for i, f := range frames {
		o := outer[f.whole]
		p.frames = append(p.frames, frame{x: o.x, y: o.y, w: o.w, h: o.h, head: heads[i].w})
		f.move(o.x+framePad+heads[i].w+headGap, o.y+framePad, o.y, o.y+o.h)
		for _, at := range f.nodes {
			p.boxes[at] = f.boxes[f.place[at]]
		}
	}
	for i := range edges {
		p.ways = append(p.ways, parts[i].way(frames, cross))
	}
	return p
}

// ends are those of a line between frames.
type ends struct {
	from origin
	to   int
}

// cut adds the links of an edge to the frames that it touches.
func (d *Graph) cut(frames []*inner, sizes []box, e Edge) edgeParts {
	from, to := d.Nodes[e.From].Group, d.Nodes[e.To].Group
	p := edgeParts{leave: -1, cross: -1, enter: -1, from: from, to: to}
	if from >= 0 && from == to {
		f := frames[from]
		p.leave = len(f.links)
		f.links = append(f.links, link{
			from: f.place[e.From], fromX: e.origin().x(sizes[e.From]), to: f.place[e.To], toX: sizes[e.To].w / 2,
		})
		return p
	}
	p.cross = 0
	if from >= 0 {
		f := frames[from]
		port, found := f.out[e.origin()]
		if !found {
			port = len(f.boxes)
			f.boxes = append(f.boxes, box{last: true})
			f.links = append(f.links, link{from: f.place[e.From], fromX: e.origin().x(sizes[e.From]), to: port})
			f.out[e.origin()] = port
		}
		p.leave = f.link(f.place[e.From], port)
	}
	if to >= 0 {
		f := frames[to]
		port, found := f.in[e.To]
		if !found {
			port = len(f.boxes)
			f.boxes = append(f.boxes, box{first: true})
			f.links = append(f.links, link{from: port, to: f.place[e.To], toX: sizes[e.To].w / 2})
			f.in[e.To] = port
		}
		p.enter = f.link(port, f.place[e.To])
	}
	return p
}

// link is the place of the link between two boxes.
func (f *inner) link(from, to int) int {
	for i, k := range f.links {
		if k.from == from && k.to == to {
			return i
		}
	}
	return -1
}

// end is the box of the outer layout in which an edge begins or, where it enters,
// ends, and how far from its left.
func (d *Graph) end(frames []*inner, heads []box, alone map[int]int, sizes []box, e Edge, enters bool) (outer int, x float64) {
	at, x := e.From, e.origin().x(sizes[e.From])
	if enters {
		at, x = e.To, sizes[e.To].w/2
	}
	g := d.Nodes[at].Group
	if g < 0 {
		return alone[at], x
	}
	f := frames[g]
	port := f.out[e.origin()]
	if enters {
		port = f.in[at]
	}
	return f.whole, framePad + heads[g].w + headGap + f.boxes[port].x
}

// move puts what is in a frame to its place. Lines reach up and down to the
// border.
func (f *inner) move(x, y, top, bottom float64) {
	for i := range f.boxes {
		f.boxes[i].x += x
		f.boxes[i].y += y
	}
	for i := range f.links {
		k := &f.links[i]
		for j := range k.bends {
			k.bends[j].x += x
			k.bends[j].top += y
			k.bends[j].bottom += y
		}
		if f.boxes[k.from].first {
			k.bends[0].top = top
		}
		if f.boxes[k.to].last {
			k.bends[len(k.bends)-1].bottom = bottom
		}
	}
}

// way is an edge from one node to the other.
func (p edgeParts) way(frames []*inner, cross []link) []bend {
	var way []bend
	if p.leave >= 0 {
		way = append(way, frames[p.from].links[p.leave].bends...)
	}
	if p.cross >= 0 {
		way = append(way, cross[p.cross].bends...)
	}
	if p.enter >= 0 {
		way = append(way, frames[p.to].links[p.enter].bends...)
	}
	return way
}
