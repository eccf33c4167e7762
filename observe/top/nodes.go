package top

import (
	"fmt"
	"slices"
	"time"

	"waterhealer/observe"
)

// column is one of a table, which a narrow screen may do without.
type column struct {
	title string
	wide  int
	of    func(n *observe.Node) string
}

// nodeColumns are what is shown of a node beside its name.
func nodeColumns() []column {
	return []column{
		{"kind", 16, func(n *observe.Node) string { return plain(n.Kind) }},
		{"in", 9, func(n *observe.Node) string { return count(n.In) }},
		{"in/s", 8, func(n *observe.Node) string { return rate(n.InRate) }},
		{"out", 9, func(n *observe.Node) string { return count(n.Out) }},
		{"out/s", 8, func(n *observe.Node) string { return rate(n.OutRate) }},
		{"time", 9, func(n *observe.Node) string { return seconds(n.Seconds) }},
		{"queue", 8, func(n *observe.Node) string { return count(n.Queue) }},
		{"held", 8, func(n *observe.Node) string { return count(n.Held) }},
		{"retried", 9, func(n *observe.Node) string { return count(n.Retried) }},
		{"failed", 8, func(n *observe.Node) string { return count(n.Failed) }},
	}
}

// leastName is the width that the name of a node has at least.
const leastName = 14

// fitting leaves out columns until the rest fits beside a name: first those that
// are missed least.
func fitting(columns []column, width int) (shown []column, name int) {
	for _, least := range []string{"kind", "held", "queue", "in/s", "time", "in", "out/s"} {
		if spare(columns, width) >= leastName {
			break
		}
		columns = slices.DeleteFunc(columns, func(c column) bool { return c.title == least })
	}
	return columns, max(leastName, min(32, spare(columns, width)))
}

func spare(columns []column, width int) int {
	for _, c := range columns {
		width -= c.wide
	}
	return width
}

func (s *Screen) nodes(width int) (head string, lines []string) {
	columns, name := fitting(nodeColumns(), width)
	head = left("node", name)
	for _, c := range columns {
		head += c.cell(c.title)
	}
	for i := range s.Status.Nodes {
		n := &s.Status.Nodes[i]
		line := left(plain(n.Name), name)
		for _, c := range columns {
			cell := c.cell(c.of(n))
			if c.title == "failed" && n.Failed > 0 {
				cell = s.paint(red, cell)
			}
			line += cell
		}
		lines = append(lines, line)
		if n.Errors != "" {
			lines = append(lines, s.told("  └ ", plain(n.Errors), width)...)
		}
	}
	for _, stuck := range s.Status.Stuck {
		lines = append(lines, s.told("", fmt.Sprintf("stuck since %s: %s %s %s",
			stuck.Since.Local().Format(time.TimeOnly), plain(stuck.Node), plain(stuck.Doing), plain(stuck.Error)), width)...)
	}
	return head, lines
}

func (c column) cell(text string) string {
	if c.title == "kind" {
		return left(text, c.wide)
	}
	return right(text, c.wide)
}

// narrow is a width at which an error has no room beside what it belongs to.
const narrow = 100

func (s *Screen) failures(width int) (head string, lines []string) {
	record, node := 28, 18
	if width < narrow {
		record, node = max(10, min(28, width-38)), 15
	}
	head = left("at", 10) + left("record", record) + left("node", node) + left("then", 13)
	if width >= narrow {
		head += "error"
	}
	for _, f := range s.Status.Failures {
		line := left(f.At.Local().Format(time.TimeOnly), 10) + left(plain(f.EmitID), record-1) + " " + left(plain(f.Node), node-1) + " " + left(f.Then, 13)
		if width >= narrow {
			lines = append(lines, line+plain(f.Error))
			continue
		}
		lines = append(append(lines, line), s.told("  └ ", plain(f.Error), width)...)
	}
	if len(lines) == 0 {
		lines = []string{s.paint(faint, "none since the start, or not among the last ones")}
	}
	return head, lines
}
