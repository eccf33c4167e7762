package drawing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

// reading is a drawn text as somebody reads it who knows nothing but the names.
type reading struct {
	rows  [][]rune
	nodes map[[2]int]string // by the place of their marks
}

func readText(text string) *reading {
	r := &reading{nodes: make(map[[2]int]string)}
	drawn, _, _ := strings.Cut(text, "── beside the graph")
	for _, line := range strings.Split(drawn, "\n") {
		row := []rune(line)
		for column, c := range row {
			if strings.ContainsRune("○●◆◉▷", c) {
				rest := strings.TrimLeft(string(row[column+1:]), " │")
				r.nodes[[2]int{len(r.rows), column}], _, _ = strings.Cut(rest, " ")
				break
			}
			if !strings.ContainsRune(" │", c) {
				break
			}
		}
		r.rows = append(r.rows, row)
	}
	return r
}

func (r *reading) at(row, column int) rune {
	if row < len(r.rows) && column >= 0 && column < len(r.rows[row]) {
		return r.rows[row][column]
	}
	return ' '
}

// follow goes down a line and returns what it leads to. A line that has just left
// its node may part; any other that is joined goes on down.
func (r *reading) follow(row, column int, parts bool) []string {
	for ; ; row++ {
		c := r.at(row, column)
		if name, ok := r.nodes[[2]int{row, column}]; ok {
			return []string{name}
		}
		if c == '│' {
			parts = false
			continue
		}
		if !strings.ContainsRune("├┤┼╯╰┴", c) {
			return []string{fmt.Sprintf("nothing: %q in row %d", c, row)}
		}
		if !parts {
			if !strings.ContainsRune("├┤┼", c) {
				return []string{fmt.Sprintf("nothing: %q in row %d", c, row)}
			}
			continue
		}
		var found []string
		if strings.ContainsRune("├┤┼", c) {
			found = append(found, r.follow(row+1, column, false)...)
		}
		if strings.ContainsRune("├┼╰┴", c) {
			found = append(found, r.across(row, column, 1)...)
		}
		if strings.ContainsRune("┤┼╯┴", c) {
			found = append(found, r.across(row, column, -1)...)
		}
		return found
	}
}

// across follows a line to one side; it goes down at each corner, and under lines.
func (r *reading) across(row, column, step int) (found []string) {
	ends := map[int]string{1: "╮┤", -1: "╭├"}[step]
	for at := column + step; ; at += step {
		switch c := r.at(row, at); {
		case strings.ContainsRune(ends, c):
			return append(found, r.follow(row+1, at, false)...)
		case strings.ContainsRune("┬┼", c):
			found = append(found, r.follow(row+1, at, false)...)
		case c != '─' && c != '│':
			return append(found, fmt.Sprintf("nothing: %q in row %d", c, row))
		}
	}
}

// TestTextReads: who follows the lines of a text, or reads from what a node is
// said to come, finds the edges of the graph, and each node once.
func TestTextReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t, 25, rapid.StringMatching(`[a-z]{1,8}`))
		d := Of(g, Options{})
		text := d.Text(TextOptions{Width: 200})
		r := readText(text)
		var got, want []string
		seen := make(map[string]int)
		for place, name := range r.nodes {
			seen[name]++
			below := r.at(place[0]+1, place[1])
			if below == '│' || strings.ContainsRune("├┤┼╯╰┴", below) || r.nodes[[2]int{place[0] + 1, place[1]}] != "" {
				for _, to := range r.follow(place[0]+1, place[1], true) {
					got = append(got, name+" -> "+to)
				}
			}
			_, from, named := strings.Cut(string(r.rows[place[0]]), "  from ")
			if named {
				from, _, _ = strings.Cut(from, " · ")
				for _, one := range strings.Split(from, ", ") {
					got = append(got, strings.TrimSpace(one)+" -> "+name)
				}
			}
		}
		for _, e := range d.Edges {
			if e.Aside == "" {
				want = append(want, d.Nodes[e.From].Name+" -> "+d.Nodes[e.To].Name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("read were\n%q, not\n%q\n%s", got, want, text)
		}
		for i := range d.Nodes {
			if n := &d.Nodes[i]; n.Aside == "" && seen[n.Name] != 1 {
				t.Errorf("%s was drawn %d times:\n%s", n.Name, seen[n.Name], text)
			}
		}
	})
}

// TestTextFits: only a name or a kind is ever wider than the terminal; no control
// character reaches it, and where nothing but ASCII is drawn the rest is of names.
func TestTextFits(t *testing.T) {
	checkGraphs(t, func(t *rapid.T, d *Graph) {
		width := rapid.IntRange(40, 120).Draw(t, "width")
		for _, ascii := range []bool{false, true} {
			for _, line := range strings.Split(d.Text(TextOptions{Width: width, ASCII: ascii}), "\n") {
				named := slices.ContainsFunc(d.Nodes, func(n Node) bool {
					return ansi.StringWidth(n.Name) > 15 && strings.Contains(line, visible(n.Name)) || ansi.StringWidth(n.Kind) > 10 && strings.Contains(line, n.Kind)
				})
				if w := ansi.StringWidth(line); w > width && !named {
					t.Errorf("%d columns are drawn in %d: %q", w, width, line)
				}
				if visible(line) != line {
					t.Errorf("%q has a control character", line)
				}
				if ascii && strings.ContainsAny(line, "│─├┤┬┴┼╭╮╰╯○●◆◉▷◌…") {
					t.Errorf("%q is not ASCII", line)
				}
			}
		}
	})
}

// TestManyBranches: a node with more readers than there is room for lines names
// itself at them.
func TestManyBranches(t *testing.T) {
	d := &Graph{Groups: []Group{{Title: "1 lane", Order: "each partition in order"}}, Nodes: []Node{{Name: "in", Kind: "values", Role: RoleSource}}}
	for i := range 100 {
		d.Nodes = append(d.Nodes, Node{Name: fmt.Sprint("n", i), Kind: "map", Role: RoleOperator})
		d.Edges = append(d.Edges, Edge{From: 0, To: i + 1})
	}
	text := d.Text(TextOptions{})
	if n := strings.Count(text, "from in"); n != 100-railsMost {
		t.Errorf("%d nodes are said to come from in:\n%s", n, text)
	}
	for _, line := range strings.Split(text, "\n") {
		if ansi.StringWidth(line) > usualWidth {
			t.Errorf("%q is too wide", line)
		}
	}
}
