package configs

import (
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// Expression is the source of an expression and where it stands in the file.
type Expression struct {
	Source string

	text   *text
	node   *yaml.Node
	pieces []piece
	hidden bool
	start  Position
	alias  Position
	places func() []int
}

func (r *reader) expression(it *item) *Expression {
	e := &Expression{Source: it.text, text: r.text, node: it.source, pieces: it.pieces, hidden: it.substituted, start: it.pos, alias: it.through}
	if it.aliased != nil && e.alias.Line == 0 {
		e.alias = it.pos
	}
	if it.null() {
		e.Source = "nil" // YAML's null, however it is written
		e.node = nil
	}
	e.places = sync.OnceValue(func() []int {
		if e.node == nil {
			return nil
		}
		return e.text.scalarPlaces(e.node)
	})
	return e
}

// Substituted reports whether Source holds text that is not in the file.
func (e *Expression) Substituted() bool { return e.hidden }

// Cut reports whether what was likely the rest of the expression is a comment to YAML.
func (e *Expression) Cut() bool {
	return e.node != nil && e.node.LineComment != "" && e.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0
}

// Hint adds to a hint where an expression that stands in an anchor is used.
func (e *Expression) Hint(hint string) string {
	return hints(hint, e.text.usedAt(e.alias))
}

// Pos is the expression's first character in the file: behind a quote, in the
// first line of a block.
func (e *Expression) Pos() Position { return e.At(1, 0) }

// At is the place in the file of a place in Source: line counts from 1, column
// in characters from 0. Text that came from a substitution maps to the `${`.
// A place outside Source maps to its nearest character.
func (e *Expression) At(line, column int) Position {
	places := e.places()
	if len(places) == 0 {
		return e.start
	}
	i := e.original(e.character(line, column))
	return e.text.position(places[min(i, len(places)-1)])
}

// character is the number of the character at a line and column of Source.
func (e *Expression) character(line, column int) int {
	before, rest := 0, e.Source
	for ; line > 1; line-- {
		first, after, found := strings.Cut(rest, "\n")
		if !found {
			break
		}
		before += len([]rune(first)) + 1
		rest = after
	}
	first, _, _ := strings.Cut(rest, "\n")
	return before + max(min(column, len([]rune(first))), 0)
}

// original is the character of the scalar's own text that a character of
// Source comes from.
func (e *Expression) original(character int) int {
	if e.pieces == nil {
		return character
	}
	last := 0
	for _, p := range e.pieces {
		if character < p.length {
			if p.copied {
				return p.from + character
			}
			return p.from
		}
		character -= p.length
		last = p.from
		if p.copied {
			last += p.length
		}
	}
	return last
}

// SubstitutedAt reports a place of Source whose text is not that of the file,
// and how many characters stand there in its stead. A message must not repeat
// it: it may be a secret.
func (e *Expression) SubstitutedAt(line, column int) (width int, substituted bool) {
	character := e.character(line, column)
	for i, p := range e.pieces {
		if character >= p.length {
			character -= p.length
			continue
		}
		end := len(e.places()) - 1
		if i+1 < len(e.pieces) {
			end = e.pieces[i+1].from
		}
		return max(end-p.from, 1), !p.copied
	}
	return 0, false
}

// Tree is an expression, or a mapping of trees in the order of the file.
type Tree struct {
	Expression *Expression // nil for a mapping
	Fields     []TreeField
}

// TreeField is one name of a tree's mapping. Pos is where the name stands.
type TreeField struct {
	Name string
	Pos  Position
	Tree *Tree
}

// Expressions lists the tree's expressions in the order of the file.
func (t *Tree) Expressions() []*Expression {
	if t == nil {
		return nil
	}
	if t.Expression != nil {
		return []*Expression{t.Expression}
	}
	var all []*Expression
	for _, f := range t.Fields {
		all = append(all, f.Tree.Expressions()...)
	}
	return all
}
