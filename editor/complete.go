package editor

import (
	"slices"
	"strings"

	"waterhealer/configs"
)

// proposal is what could be written at a place.
type proposal struct {
	label  string
	kind   int
	detail string
	doc    string // Markdown
	insert string
	// snippet says that insert marks where the cursor goes by $0.
	snippet bool
	replace span
}

// complete proposes what can be written at an offset.
func (l *language) complete(o *outline, offset int) []proposal {
	at, ok := o.locate(offset)
	if !ok {
		return nil
	}
	c := &completion{language: l, outline: o, offset: offset, replace: at.word}
	switch at.where {
	case atKey:
		c.word(at.part)
	case inside:
		c.inside(at.part)
	case atValue:
		c.value(at.part)
	}
	return c.proposals
}

// completion collects proposals.
type completion struct {
	*language
	*outline
	offset    int
	replace   span
	before    string // a blank or a dash that is missing before what is proposed
	proposals []proposal
}

func (c *completion) add(p proposal) {
	if strings.ContainsAny(c.text[c.replace.from:c.replace.to], "\r\n") {
		return // the protocol knows no offers for text of several lines
	}
	p.insert = c.before + p.insert
	p.replace = c.replace
	c.proposals = append(c.proposals, p)
}

// word completes a key, or a word that may become one.
func (c *completion) word(p *part) {
	around := c.of(p.parent)
	if element := c.elementOf(around); !p.flow && p.parent.style == 0 && element.kind != nowhere && len(c.choices(around, p.parent)) == 0 {
		c.before = "- " // a list stands here
		c.keys(element, nil, p)
		c.values(element, p)
		return
	}
	c.keys(around, p.parent, p)
	if !p.colon && !p.flow && len(p.parent.children) == 1 {
		c.scalar(around, p.parent) // the word may be the value of the key above
	}
}

// inside completes where a key or an element can be begun.
func (c *completion) inside(p *part) {
	around := c.of(p)
	element := c.elementOf(around)
	switch {
	case p.style == '[':
		c.keys(element, nil, nil)
		c.values(element, p)
	case p.style == '{':
		c.keys(around, p, nil)
	case element.kind != nowhere && (len(p.children) > 0 && p.children[0].item || len(c.choices(around, p)) == 0):
		c.before = "- "
		c.keys(element, nil, nil)
		c.values(element, p)
	default:
		c.keys(around, p, nil)
		if len(p.children) == 0 {
			c.scalar(around, p)
		}
	}
}

// scalar completes a single value that begins in the line below its key, unless it
// may be a mapping, too.
func (c *completion) scalar(at place, p *part) {
	for _, f := range c.forms(at) {
		switch f.Type {
		case configs.TypeTree, configs.TypeObject, configs.TypeMap, configs.TypeOutput, configs.TypeData:
			return
		}
	}
	c.values(at, p)
}

// value completes a single value, or what begins as one.
func (c *completion) value(p *part) {
	if c.offset == p.name.to && p.name.from < p.name.to && p.item || p.colon && !p.flow && c.offset == p.room.from {
		c.before = " "
	}
	at := c.of(p)
	if p.item {
		c.keys(at, p, nil)
	}
	c.values(at, p)
}

// keys proposes the keys of a mapping that it has not yet; self is the one that is
// being written.
func (c *completion) keys(at place, p, self *part) {
	has := func(name string) bool {
		return p != nil && slices.ContainsFunc(p.children, func(sibling *part) bool {
			return sibling != self && sibling.colon && sibling.key == name
		})
	}
	choices := c.choices(at, p)
	kinded := slices.ContainsFunc(choices, func(k choice) bool { return k.spec != nil && has(k.name) })
	behind := self != nil && self.colon
	flow := self != nil && self.flow || p != nil && (p.style == '{' || p.flow)
	for _, k := range choices {
		if has(k.name) || k.spec != nil && kinded {
			continue
		}
		item := proposal{label: k.name, kind: itemField, insert: k.name}
		if k.spec != nil {
			item.kind, item.detail, item.doc = itemClass, configs.Sentence(k.spec.Summary), describeKind(k.spec, k.name)
		} else {
			item.detail, item.doc = types(k.field)+k.field.Note(), describeField(k.field)
		}
		if !behind {
			item.insert += colonBehind(k, flow)
		}
		c.add(item)
	}
	if at.kind == step {
		c.sources(behind)
	}
}

// sources proposes the sources that a step of a test can feed.
func (c *completion) sources(behind bool) {
	for _, n := range c.nodesOf(c.outline) {
		if n.section != configs.SectionSource {
			continue
		}
		item := proposal{label: n.name, kind: itemReference, insert: n.name, doc: describeNode(&n, c.lineOf(n.at.from))}
		if !behind {
			item.insert += ": "
		}
		c.add(item)
	}
}

// colonBehind is the colon behind a new key, with a blank where the value is
// usually in the same line.
func colonBehind(k choice, flow bool) string {
	var first *configs.Field
	switch {
	case flow:
		return ": "
	case k.spec != nil && len(k.spec.Fields) == 0:
		return ": {}"
	case k.spec != nil:
		first = fieldOf(k.spec.Fields, k.spec.Short)
	default:
		first = k.field
	}
	if first == nil || first.Type == configs.TypeObject || first.Type == configs.TypeMap || first.Type == configs.TypeOutput || first.Type == configs.TypeData {
		return ":"
	}
	return ": "
}

// values proposes the values of a field that are known.
func (c *completion) values(at place, p *part) {
	for _, f := range c.forms(at) {
		for _, v := range f.Values {
			c.add(proposal{label: v, kind: itemValue, insert: v, detail: f.Name})
		}
		switch f.Type {
		case configs.TypeBool:
			c.add(proposal{label: "true", kind: itemValue, insert: "true", detail: f.Name})
			c.add(proposal{label: "false", kind: itemValue, insert: "false", detail: f.Name})
		case configs.TypeNode:
			c.names(p)
		case configs.TypeExpression, configs.TypeTree:
			c.expression(f, p)
		}
	}
}

// names proposes the nodes that can be read from.
func (c *completion) names(p *part) {
	nodes := c.nodesOf(c.outline)
	words, at := readable(nodes)
	own := around(nodes, p)
	for _, word := range words {
		n := at[word].node
		if n == own {
			continue
		}
		detail := string(n.section)
		if n.spec != nil {
			detail = n.spec.Kind
		}
		c.add(proposal{label: word, kind: itemReference, insert: word, detail: detail, doc: describeNode(n, c.lineOf(at[word].at.from))})
	}
}

func (o *outline) lineOf(offset int) int {
	line := 1
	for _, b := range []byte(o.text[:offset]) {
		if b == '\n' {
			line++
		}
	}
	return line
}
