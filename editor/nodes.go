package editor

import "waterhealer/configs"

// namedNode is a node of a file, as far as the text shows.
type namedNode struct {
	name     string
	section  configs.Section
	spec     *configs.Spec // nil where the kind is not known
	part     *part         // the element of the list
	at       span          // the name or, where it is a default, the kind
	branches []namedBranch
}

type namedBranch struct {
	name string
	at   span
}

// nodesOf lists the nodes of a file in its order.
func (l *language) nodesOf(o *outline) []namedNode {
	var all []namedNode
	for _, list := range o.root.children {
		section, ok := configs.SectionOf(list.key)
		if !ok {
			continue
		}
		kinds := l.kindsOf(section)
		count := make(map[string]int)
		for _, element := range list.children {
			if !element.item {
				continue
			}
			n := l.nodeOf(o, section, kinds, element)
			written := string(section)
			if n.spec != nil {
				written = o.text[n.at.from:n.at.to]
			}
			count[written]++
			if name := element.child("name"); name != nil && o.value(name) != "" {
				n.name, n.at = o.value(name), o.inner(name)
			} else {
				n.name = configs.DefaultName(written, count[written])
			}
			all = append(all, n)
		}
	}
	return all
}

func (l *language) nodeOf(o *outline, section configs.Section, kinds []choice, element *part) namedNode {
	n := namedNode{section: section, part: element, at: element.name}
	for _, key := range element.children {
		for _, c := range kinds {
			if n.spec != nil || c.name != key.key {
				continue
			}
			n.spec, n.at = c.spec, key.name
			if inQuotes := o.text[key.name.from:key.name.to]; inQuotes != key.key {
				n.at = span{key.name.from + 1, key.name.to - 1}
			}
			l.branchesOf(o, key, &n)
		}
	}
	return n
}

// branchesOf collects what names a branch of a node.
func (l *language) branchesOf(o *outline, p *part, n *namedNode) {
	for _, c := range p.children {
		if at := l.of(c); at.kind == field && at.field.Branch && o.value(c) != "" {
			n.branches = append(n.branches, namedBranch{o.value(c), o.inner(c)})
		}
		l.branchesOf(o, c, n)
	}
}

// readable are the nodes and branches that others can read from, by the words that
// name them.
func readable(nodes []namedNode) (words []string, at map[string]readablePlace) {
	at = make(map[string]readablePlace)
	put := func(word string, n *namedNode, where span) {
		if _, twice := at[word]; !twice {
			words = append(words, word)
			at[word] = readablePlace{n, where}
		}
	}
	for i := range nodes {
		n := &nodes[i]
		if n.section == configs.SectionSink || n.spec == nil && n.at == n.part.name {
			continue // or it is only begun
		}
		for _, b := range n.branches {
			put(n.name+"."+b.name, n, b.at)
		}
		if len(n.branches) == 0 {
			put(n.name, n, n.at)
		}
	}
	return words, at
}

type readablePlace struct {
	node *namedNode
	at   span
}

// around is the node that a part stands in; nil outside of nodes.
func around(nodes []namedNode, p *part) *namedNode {
	for ; p != nil; p = p.parent {
		for i := range nodes {
			if nodes[i].part == p {
				return &nodes[i]
			}
		}
	}
	return nil
}
