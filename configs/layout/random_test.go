package layout_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"waterhealer/configs/layout"
)

// tree is a value that can be written in many layouts.
type tree struct {
	scalar  []string // its lines as they stand in the file
	block   bool     // the scalar is literal: its lines stand below its header
	list    bool
	comment string // above the item
	behind  string // behind the line
	keys    []string
	items   []*tree
}

func anyTree(r *rapid.T, depth int) *tree {
	n := &tree{}
	if rapid.IntRange(0, 3).Draw(r, "commented") == 0 {
		n.comment = rapid.SampledFrom([]string{"# c", "#- x: 1", "# a: |"}).Draw(r, "comment")
	}
	if depth == 0 || rapid.Bool().Draw(r, "leaf") {
		switch rapid.IntRange(0, 4).Draw(r, "scalar") {
		case 0:
			n.block, n.scalar = true, []string{rapid.SampledFrom([]string{"|", ">-", "|+", "&a |"}).Draw(r, "header"), "text", "", "  more: #1"}
		case 1:
			n.scalar = []string{"[a, {b: 'c # d'}]"}
		default:
			n.scalar = []string{rapid.SampledFrom([]string{"1", "value.a >= 4", `"a: #b"`, "'it''s'", "!!str 3", "~"}).Draw(r, "text")}
		}
		if rapid.IntRange(0, 4).Draw(r, "behind") == 0 {
			n.behind = " # b"
		}
		return n
	}
	n.list = rapid.Bool().Draw(r, "list")
	for range rapid.IntRange(1, 3).Draw(r, "items") {
		n.items = append(n.items, anyTree(r, depth-1))
		n.keys = append(n.keys, "k"+strings.Repeat("x", len(n.items)))
	}
	return n
}

// style draws how a text is laid out; a nil one is the canonical layout.
type style struct{ r *rapid.T }

func (s style) number(low, high, canonical int, what string) int {
	if s.r == nil {
		return canonical
	}
	return rapid.IntRange(low, high).Draw(s.r, what)
}

func (s style) spaces(what string) string { return strings.Repeat(" ", s.number(1, 4, 1, what)) }

// write writes a value below or behind what it belongs to; indent is the column
// of that.
func (s style) write(b *strings.Builder, n *tree, indent int, inList bool) {
	switch {
	case n.block:
		column := indent + s.number(1, 5, 2, "text")
		b.WriteString(s.spaces("value") + n.scalar[0] + n.behind + "\n")
		for _, line := range n.scalar[1:] {
			if line != "" {
				b.WriteString(strings.Repeat(" ", column))
			}
			b.WriteString(line + "\n")
		}
	case n.scalar != nil:
		b.WriteString(s.spaces("value") + n.scalar[0] + n.behind + strings.Repeat(" ", s.number(0, 2, 0, "end")) + "\n")
	default:
		column := indent + s.number(2, 5, 2, "indent")
		if n.list && !inList {
			column = indent + s.number(0, 5, 2, "list")
		}
		// The first item may stand behind the `-` of the list around it.
		same := inList && n.items[0].comment == ""
		if same {
			b.WriteString(strings.Repeat(" ", column-indent-1))
		} else {
			b.WriteString("\n")
		}
		s.items(b, n, column, same)
	}
}

func (s style) items(b *strings.Builder, n *tree, column int, same bool) {
	for i, item := range n.items {
		if i > 0 || !same {
			if item.comment != "" {
				b.WriteString(strings.Repeat(" ", column) + item.comment + "\n")
			}
			b.WriteString(strings.Repeat(" ", column))
		}
		if n.list {
			b.WriteString("-")
		} else {
			b.WriteString(n.keys[i] + ":")
		}
		s.write(b, item, column, n.list)
	}
}

// TestOneLayout: a tree has one layout, however it was written.
func TestOneLayout(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := anyTree(r, 4)
		n.list = false
		if n.items == nil {
			return
		}
		var written, canonical strings.Builder
		style{r}.items(&written, n, 0, false)
		style{}.items(&canonical, n, 0, false)
		got, err := layout.Format([]byte(written.String()))
		if err != nil {
			r.Fatalf("%v\n%s", err, written.String())
		}
		// Comments behind values keep their columns.
		if tight(string(got)) != tight(canonical.String()) {
			r.Fatalf("%s\n-> \n%s\nwant\n%s", written.String(), got, canonical.String())
		}
	})
}

func tight(text string) string {
	for strings.Contains(text, "  # b") {
		text = strings.ReplaceAll(text, "  # b", " # b")
	}
	return text
}
