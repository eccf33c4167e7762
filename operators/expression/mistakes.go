package expression

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"waterhealer/operators/types"
)

// manyMistakes is how many are looked into for what may be meant: behind them none
// is told, and a hostile file must not take long.
const manyMistakes = 10 * MaxErrors

// fail notes an error.
func (c *compiler) fail(at file.Location, format string, args ...any) {
	c.failHint(at, "", format, args...)
}

func (c *compiler) failHint(at file.Location, hint, format string, args ...any) {
	if c.check != nil {
		c.find(finding{at: at, hint: hint, message: fmt.Sprintf(format, args...), mistake: WrongKinds, fails: true})
		return
	}
	c.mistakes++
	p := c.lines.place(at)
	e := &Error{Line: p.line, Column: p.column, Width: p.width, Message: fmt.Sprintf(format, args...), Hint: hint}
	// The parser makes a < b and b < c of a < b < c.
	said := slices.ContainsFunc(c.errors, func(other *Error) bool { return *other == *e })
	if len(c.errors) < MaxErrors && !said {
		c.errors = append(c.errors, e)
	}
}

// broken is a part that was reported: nobody knows what is meant by it.
func broken() node {
	return node{run: func(*frame) (any, error) { return nil, nil }, Type: types.Any()}
}

// nodes compiles what stands in the parentheses of a call that is wrong, for what
// is wrong there whatever the call.
func (c *compiler) nodes(written []ast.Node) {
	for _, n := range written {
		if _, ok := n.(*ast.PredicateNode); !ok { // what its items are is not known
			c.node(n)
		}
	}
}
