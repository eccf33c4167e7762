package editor

import "waterhealer/configs"

// symbols are a file's sections with their nodes.
func (l *language) symbols(o *outline, t *text) []symbol {
	all := []symbol{}
	bySection := make(map[configs.Section][]namedNode)
	for _, n := range l.nodesOf(o) {
		bySection[n.section] = append(bySection[n.section], n)
	}
	for _, key := range o.root.children {
		section, ok := configs.SectionOf(key.key)
		if !ok {
			continue
		}
		s := symbol{Name: key.key, Kind: symbolNamespace, Range: t.span(extent(key)), SelectionRange: t.span(key.name)}
		for _, n := range bySection[section] {
			node := symbol{Name: n.name, Kind: symbolFunction, Range: t.span(extent(n.part)), SelectionRange: t.span(n.at)}
			if n.name == "" {
				continue
			}
			if n.spec != nil {
				node.Detail = n.spec.Kind
			}
			s.Children = append(s.Children, node)
		}
		bySection[section] = nil // of a section that is there twice
		all = append(all, s)
	}
	return all
}

// extent is the text of a part with all that is below it.
func extent(p *part) span {
	whole := span{p.name.from, max(p.name.to, p.value.to)}
	for last := p; len(last.children) > 0; {
		last = last.children[len(last.children)-1]
		whole.to = max(whole.to, last.name.to, last.value.to)
	}
	return whole
}
