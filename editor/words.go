package editor

import (
	"slices"
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/operators/expression"
)

// expressionWord is the name at an offset of an expression, and what is before it.
type expressionWord struct {
	at span
	// of is the name before the dot in front of it: `vars` in vars.limit; "." where
	// that is no name alone.
	of string
	// text says that the offset is in a text of the expression, which holds no names.
	text bool
}

// expressionWord finds the name at an offset of a part's value.
func (o *outline) expressionWord(p *part, offset int) expressionWord {
	start := offset
	if p.value.from < p.value.to {
		start = min(o.inner(p).from, offset)
	}
	if p.style == '|' {
		if n := strings.IndexByte(o.text[start:offset], '\n'); n >= 0 {
			start += n + 1
		}
	}
	if inText(o.text[start:offset], p.style == '"') {
		return expressionWord{text: true}
	}
	w := expressionWord{at: span{offset, offset}}
	for w.at.from > start && nameByte(o.text[w.at.from-1]) {
		w.at.from--
	}
	end := o.inner(p).to
	for w.at.to < end && nameByte(o.text[w.at.to]) {
		w.at.to++
	}
	before := strings.TrimSuffix(o.text[start:w.at.from], "?.")
	before = strings.TrimSuffix(before, ".")
	if len(before) == w.at.from-start {
		return w
	}
	w.of = "."
	i := len(before)
	for i > 0 && nameByte(before[i-1]) {
		i--
	}
	if i < len(before) && (i == 0 || before[i-1] != '.') {
		w.of = before[i:]
	}
	return w
}

func nameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// inText says that the end of a piece of an expression is in a text. escaped is for
// a value in double quotes, in which \" is written for ".
func inText(piece string, escaped bool) bool {
	if escaped {
		piece = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(piece)
	}
	quote := byte(0)
	for i := 0; i < len(piece); i++ {
		switch c := piece[i]; {
		case quote != 0 && quote != '`' && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\'' || c == '`'):
			quote = c
		}
	}
	return quote != 0
}

// variablesOf are the names that an expression of a field knows.
func variablesOf(further []string) []expression.VariableDoc {
	var known []expression.VariableDoc
	told := make(map[string]bool)
	for _, v := range expression.VariableDocs() {
		for _, name := range further {
			v.Everywhere = v.Everywhere || v.Name == name
		}
		if v.Everywhere {
			known = append(known, v)
			told[v.Name] = true
		}
	}
	for _, name := range further {
		if !told[name] {
			known = append(known, expression.VariableDoc{Name: name})
		}
	}
	return known
}

// further are the names that the expressions of a field know beside those that all
// know: those of its spec, and those that stand in another field beside it.
func (o *outline) further(f *configs.Field, p *part) []string {
	names := slices.Clone(f.Variables)
	for ; f.VariablesOf != "" && p != nil; p = p.parent {
		beside := p.child(f.VariablesOf)
		if beside == nil {
			continue
		}
		for _, one := range append([]*part{beside}, beside.children...) {
			if name := o.value(one); name != "" {
				names = append(names, name)
			}
		}
		break
	}
	return names
}

// constants are the keys under `vars:`.
func (o *outline) constants() []*part {
	vars := o.root.child("vars")
	if vars == nil {
		return nil
	}
	return vars.children
}
