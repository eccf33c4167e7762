package drawing

import (
	"slices"
	"strings"
)

// railsMost is how many lines run beside each other. What would need one more is
// named instead.
const railsMost = 8

// rails are the lines of a drawing: what each column leads to, -1 for nothing.
type rails []int

// layRails gives the nodes their order and draws the lines between them. A line
// leads to one node; whatever else that node reads joins it.
func (t *text) layRails() {
	order := t.d.fromTop()
	place := make([]int, len(t.d.Nodes))
	for i, step := range order {
		place[step.node] = i
	}
	readers := t.d.readers()
	for _, e := range t.d.Edges {
		if e.Branch != "" && e.Aside == "" {
			t.from[e.To] = append(t.from[e.To], visible(t.d.Nodes[e.From].Name+"."+e.Branch))
		}
	}
	var lines rails
	group, above := -1, -1 // the column of the node on the row before
	for _, step := range order {
		n := &t.d.Nodes[step.node]
		at := slices.Index(lines, step.node)
		if step.group != group {
			group, above = step.group, -1
			t.rows = append(t.rows, textRow{rails: lines.draw(-1, ""), node: -1, group: group})
		}
		if at < 0 {
			if at = lines.free(); at == above {
				t.rows = append(t.rows, textRow{rails: lines.draw(-1, ""), node: -1, group: -1})
			}
		}
		lines = lines.set(at, -1)
		row := textRow{rails: lines.draw(at, mark(n)), node: step.node, group: -1}
		slices.SortFunc(readers[step.node], func(a, b int) int { return place[a] - place[b] })
		var joined []int
		for _, to := range readers[step.node] {
			column := slices.Index(lines, to)
			if column < 0 {
				if column = lines.next(at); column < 0 {
					t.from[to] = append(t.from[to], visible(n.Name))
					continue
				}
				joined = append(joined, ^column) // a new one
			} else {
				joined = append(joined, column)
			}
			lines = lines.set(column, to)
		}
		row.under = lines.before(joined).draw(at, stem(len(joined)))
		t.rows = append(t.rows, row)
		if fork := lines.fork(at, joined); fork != "" {
			t.rows = append(t.rows, textRow{rails: fork, node: -1, group: -1})
			above = -1
			continue
		}
		above = at
	}
}

func stem(lines int) string {
	if lines == 0 {
		return " "
	}
	return "│"
}

func mark(n *Node) string {
	switch {
	case n.Role == RoleSource:
		return "○"
	case n.Heals != nil:
		return "◉"
	case n.State:
		return "◆"
	case n.Group < 0:
		return "▷"
	}
	return "●"
}

// set puts a target into a column.
func (r rails) set(column, to int) rails {
	for len(r) <= column {
		r = append(r, -1)
	}
	r[column] = to
	return r
}

// free is the first column without a line.
func (r rails) free() int {
	if at := slices.Index(r, -1); at >= 0 {
		return at
	}
	return len(r)
}

// next is where a new line from a node in a column goes: straight on, or to the
// first column without one; -1 when there are too many.
func (r rails) next(from int) int {
	if r[from] < 0 {
		return from
	}
	if at := r.free(); at < railsMost {
		return at
	}
	return -1
}

// before is r without what is new in joined.
func (r rails) before(joined []int) rails {
	out := slices.Clone(r)
	for _, column := range joined {
		if column < 0 {
			out[^column] = -1
		}
	}
	return out
}

// draw is a row of lines, with a mark in one column.
func (r rails) draw(at int, mark string) string {
	var b strings.Builder
	for column := range max(len(r), at+1) {
		switch {
		case column == at:
			b.WriteString(mark + " ")
		case column < len(r) && r[column] >= 0:
			b.WriteString("│ ")
		default:
			b.WriteString("  ")
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// fork is the row in which the lines of a node go to their columns; "" when all
// that there is goes straight on. New columns are given as their complement.
func (r rails) fork(at int, joined []int) string {
	first, last, straight := at, at, false
	ends := make(map[int]bool) // a column is new
	for _, column := range joined {
		fresh := column < 0
		if fresh {
			column = ^column
		}
		if column == at {
			straight = true
			continue
		}
		ends[column] = fresh
		first, last = min(first, column), max(last, column)
	}
	if len(ends) == 0 {
		return ""
	}
	var b strings.Builder
	for column := range r {
		fresh, ends := ends[column]
		inside := first <= column && column <= last
		through := r[column] >= 0
		switch {
		case column == at:
			b.WriteString(corner(true, straight, column > first, column < last))
		case ends:
			b.WriteString(corner(!fresh, true, column > first, column < last))
		case inside && !through:
			b.WriteString("─")
		case through:
			b.WriteString("│")
		default:
			b.WriteString(" ")
		}
		if inside && column < last {
			b.WriteString("─")
		} else {
			b.WriteString(" ")
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// corner is the character with lines in these directions.
func corner(up, down, left, right bool) string {
	names := "╷╵│╴╮╯┤╶╭╰├─┬┴┼"
	at := 0
	for bit, on := range []bool{down, up, left, right} {
		if on {
			at |= 1 << bit
		}
	}
	if at == 0 {
		return " "
	}
	return string([]rune(names)[at-1])
}
