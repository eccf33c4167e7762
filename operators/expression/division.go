package expression

import (
	"regexp"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// floorDivision is a comment that is none: it holds what is divided by.
var floorDivision = regexp.MustCompile(`^[ \t]*//[ \t]*[0-9][0-9_.]*[ \t]*(?:[)\]},?:&|+*<>=!-]|\r?\n|$)`)

// checkDivision refuses `a // 2`: in other languages it divides, here all from
// the // on would be a comment and the value stay as it is.
func (c *compiler) checkDivision(source string) {
	if c.mistakes > 0 || !strings.Contains(source, "//") {
		return
	}
	tokens, err := lexer.Lex(file.NewSource(source))
	if err != nil {
		return // the parser says it
	}
	characters := []rune(source)
	for _, t := range tokens {
		rest := characters[min(t.To, len(characters)):]
		if t.Kind == lexer.EOF || !floorDivision.MatchString(string(rest[:min(len(rest), 200)])) {
			continue
		}
		at := t.To
		for characters[at] != '/' {
			at++
		}
		c.failHint(file.Location{From: at, To: at + 2}, "write / to divide, and int(a / b) or floor(a / b) for a whole number", "what is behind // is a comment")
		return
	}
}
