package cmd

import (
	"io"
	"strings"
	"unicode/utf8"
)

// table is rows of equally many cells, the first of which is the header.
type table [][]string

// write aligns the first columns, names columns, to the left and the others,
// which are numbers, to the right.
func (t table) write(w io.Writer, names int) {
	var widths []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range t {
		line := ""
		for i, cell := range row {
			if i > 0 {
				line += "  "
			}
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < names {
				line += cell + padding
			} else {
				line += padding + cell
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, _ = io.WriteString(w, b.String())
}
