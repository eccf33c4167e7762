package editor

import (
	"fmt"
	"strings"

	"waterhealer/configs"
	"waterhealer/operators/expression"
)

// hover says what the word at an offset means, in Markdown; "" for nothing.
func (l *language) hover(o *outline, offset int) (text string, at span) {
	here, ok := o.locate(offset)
	if !ok || here.word.from == here.word.to {
		return "", span{}
	}
	switch here.where {
	case atKey:
		return l.hoverKey(here.part), here.word
	case atValue:
		if here.part.item && l.of(here.part).kind == node {
			return "", span{} // not a key yet
		}
		return l.hoverValue(o, here.part, offset)
	}
	return "", span{}
}

func (l *language) hoverKey(p *part) string {
	at := l.of(p)
	switch {
	case at.kind == kind:
		return describeKind(at.spec, p.key)
	case at.field != nil && !at.free:
		return describeField(at.field)
	}
	return ""
}

func (l *language) hoverValue(o *outline, p *part, offset int) (text string, at span) {
	forms := l.forms(l.of(p))
	for _, f := range forms {
		switch f.Type {
		case configs.TypeExpression, configs.TypeTree:
			w := o.expressionWord(p, offset)
			return l.hoverName(o, f, p, w), w.at
		case configs.TypeNode:
			if found, ok := l.readFrom(o, o.value(p)); ok {
				return describeNode(found.node, o.lineOf(found.at.from)), o.inner(p)
			}
			return "", span{}
		}
	}
	if len(forms) == 0 {
		return "", span{}
	}
	return describeField(forms[0]), o.inner(p)
}

// hoverName says what a name of an expression means.
func (l *language) hoverName(o *outline, f *configs.Field, p *part, w expressionWord) string {
	name := o.text[w.at.from:w.at.to]
	switch {
	case w.text || name == "":
		return ""
	case w.of == "vars":
		for _, v := range o.constants() {
			if v.key == name {
				return strings.TrimSuffix(fmt.Sprintf("**vars.%s**: %s", name, o.value(v)), ": ") + "\n"
			}
		}
		return ""
	case w.of != "":
		return ""
	}
	for _, v := range variablesOf(o.further(f, p)) {
		if v.Name == name {
			return describeVariable(v)
		}
	}
	for _, fn := range expression.FunctionDocs() {
		if fn.Name == name {
			return describeFunction(fn)
		}
	}
	return ""
}

// readFrom is the node, or the branch of one, that a word names.
func (l *language) readFrom(o *outline, word string) (readablePlace, bool) {
	nodes := l.nodesOf(o)
	_, at := readable(nodes)
	if found, ok := at[word]; ok {
		return found, true
	}
	for i := range nodes { // a node whose branch is missing
		if n := &nodes[i]; n.name == word && n.section != configs.SectionSink {
			return readablePlace{n, n.at}, true
		}
	}
	return readablePlace{}, false
}

// definition is where the node that an offset names stands.
func (l *language) definition(o *outline, offset int) (at span, ok bool) {
	here, ok := o.locate(offset)
	if !ok || here.where != atValue || here.word.from == here.word.to {
		return span{}, false
	}
	for _, f := range l.forms(l.of(here.part)) {
		if f.Type == configs.TypeNode {
			found, ok := l.readFrom(o, o.value(here.part))
			return found.at, ok
		}
	}
	return span{}, false
}
