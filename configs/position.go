package configs

import "fmt"

// Position is a place in a pipeline file. Line and Column count from 1;
// columns are Unicode characters and a tab is one.
type Position struct {
	File   string
	Line   int
	Column int
}

// String is path:line:col, the form every message uses.
func (p Position) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}
