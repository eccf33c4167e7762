package editor

import (
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/operators/expression"
)

// expression proposes what an expression of a field can name.
func (c *completion) expression(f *configs.Field, p *part) {
	w := c.expressionWord(p, c.offset)
	if w.text {
		return
	}
	c.replace = w.at
	switch w.of {
	case "":
	case "vars":
		for _, v := range c.constants() {
			if strings.IndexFunc(v.key, func(r rune) bool { return r >= utf8.RuneSelf || !nameByte(byte(r)) }) >= 0 {
				continue // it is written vars["..."]
			}
			c.add(proposal{label: v.key, kind: itemField, insert: v.key, detail: c.outline.value(v)})
		}
		return
	default:
		return // what a value holds is not known here
	}
	for _, v := range variablesOf(c.further(f, p)) {
		c.add(proposal{label: v.Name, kind: itemVariable, insert: v.Name, detail: v.Doc, doc: describeVariable(v)})
	}
	called := strings.HasPrefix(c.text[w.at.to:], "(")
	for _, fn := range expression.FunctionDocs() {
		item := proposal{label: fn.Name, kind: itemFunction, insert: fn.Name, detail: fn.Signature, doc: describeFunction(fn)}
		switch {
		case called:
		case strings.HasSuffix(fn.Signature, "()"):
			item.insert += "()"
		default:
			item.insert, item.snippet = item.insert+"($0)", true
		}
		c.add(item)
	}
}
