package configs

import (
	"fmt"
	"slices"
	"strings"
)

// graph names the nodes, finds what each reads from, and checks the result.
func (r *reader) graph(p *Pipeline) {
	r.names(p)
	g := &graph{reader: r, pipeline: p, byName: make(map[string]*Node), readers: make(map[*Node][]*Node), inputs: make(map[*Node][]*Node)}
	for _, n := range slices.Concat(p.Sources, p.Operators) {
		if g.byName[n.Name] == nil {
			g.byName[n.Name] = n
		}
	}
	g.connect()
	for _, n := range p.nodes() {
		g.inputs[n] = n.Inputs
		for _, named := range g.resolveFields(n.Values) {
			if !slices.Contains(g.inputs[n], named) {
				g.inputs[n] = append(slices.Clip(g.inputs[n]), named)
			}
		}
		for _, in := range g.inputs[n] {
			g.readers[in] = append(g.readers[in], n)
		}
	}
	g.cycles()
	if g.incomplete || len(p.Sources) == 0 || len(p.Sinks) == 0 {
		return // what follows would blame nodes for a mistake elsewhere
	}
	g.unread()
	g.unhealed()
}

type graph struct {
	*reader
	pipeline   *Pipeline
	byName     map[string]*Node // what can be read from
	readers    map[*Node][]*Node
	inputs     map[*Node][]*Node // Inputs, and what fields name (`flush_on: b`)
	incomplete bool              // an input is unknown
	order      map[*Node]int     // the places of operators
	circles    int
}

// reserved reports the words that `tests:` uses beside the names of sources.
func reserved(name string) bool {
	return slices.Contains([]string{"key", "headers", "timestamp", "wait", "end"}, name)
}

// DefaultName is what a node is called that has no name: by its kind as written
// and its place, from 1, among those of its section that are of this kind.
func DefaultName(kind string, place int) string { return fmt.Sprintf("%s-%d", kind, place) }

// names gives default names and reports names that are used twice. Two default
// names may be equal where a source and a sink are of one kind: nothing can
// mean the sink in a `from`.
func (r *reader) names(p *Pipeline) {
	for _, section := range [][]*Node{p.Sources, p.Operators, p.Sinks} {
		count := make(map[string]int)
		for _, n := range section {
			kind := n.written
			if kind == "" {
				kind = string(n.Section)
			}
			count[kind]++
			if !n.named {
				n.Name = DefaultName(kind, count[kind])
			}
		}
	}
	for _, n := range p.Sources {
		if n.named && reserved(n.Name) {
			r.reportAt(n.name, CodeReservedName, fmt.Sprintf("a source cannot be called %q", n.Name),
				"the word has a meaning in tests; choose another name")
		}
	}
	r.uniqueNames(append(p.nodes(), r.namedOutputs()...))
	r.nestedNames(p)
}

func (r *reader) namedOutputs() []*Node {
	return slices.DeleteFunc(slices.Clone(r.outputs), func(n *Node) bool { return !n.named })
}

func (r *reader) uniqueNames(nodes []*Node) {
	first := make(map[string]*Node)
	for _, n := range nodes {
		if !n.named {
			first[n.Name] = n
		}
	}
	for _, n := range nodes {
		if !n.named {
			continue
		}
		other := first[n.Name]
		if other == nil {
			first[n.Name] = n
			continue
		}
		hint := fmt.Sprintf("the other one is in line %d", other.NamePos.Line)
		if !other.named {
			hint = fmt.Sprintf("it is the default name of the node in line %d", other.NamePos.Line)
		}
		r.reportAt(n.name, CodeDuplicateName, "two nodes are called "+n.said(), hint)
	}
}

// nestedNames calls outputs inside a node by the node and the field they stand
// in: alerts.to, alerts.to-2.
func (r *reader) nestedNames(p *Pipeline) {
	nameOne := func(owner string, o *OnError) {
		if o != nil && o.DeadLetter != nil && o.DeadLetter.Name == "" {
			o.DeadLetter.Name = strings.TrimPrefix(owner+".dead_letter", ".")
		}
	}
	nameOne("", p.OnError)
	for _, n := range p.nodes() {
		nameOne(n.Name, n.OnError)
		if n.Spec == nil {
			continue
		}
		for _, f := range n.Spec.Fields {
			for i, o := range n.Values.Outputs(f.Name) {
				if o.Name != "" {
					continue
				}
				if o.Name = n.Name + "." + f.Name; i > 0 {
					o.Name += fmt.Sprintf("-%d", i+1)
				}
			}
		}
	}
}

// Named says that the file gives the node its name.
func (n *Node) Named() bool { return n.named }

// said is how messages name a node: not by text that was substituted.
func (n *Node) said() string {
	if f := n.Common.fields["name"]; f != nil && f.substituted {
		return "the substituted name"
	}
	return fmt.Sprintf("%q", cut(n.Name))
}

func (r Reference) said() string {
	if r.substituted {
		return "of the substituted name"
	}
	return fmt.Sprintf("%q", cut(r.Name))
}

// connect resolves `from` and its defaults.
func (g *graph) connect() {
	p := g.pipeline
	for i, n := range p.Operators {
		switch {
		case n.From != nil:
			g.resolve(n)
		case i == 0:
			n.Inputs = slices.Clone(p.Sources)
		default:
			g.readAbove(n, p.Operators[i-1])
		}
	}
	for _, n := range p.Sinks {
		switch {
		case n.From != nil:
			g.resolve(n)
		case len(p.Operators) == 0:
			n.Inputs = slices.Clone(p.Sources)
		default:
			g.readAbove(n, p.Operators[len(p.Operators)-1])
		}
	}
}

// readAbove lets a node without `from` read from the one above it.
func (g *graph) readAbove(n, above *Node) {
	n.Inputs = []*Node{above}
	g.branchOf(above, "", Reference{Pos: n.place.pos, Width: n.place.width})
}

func (g *graph) resolve(n *Node) {
	seen := make(map[Input]bool, len(n.From))
	for _, ref := range n.From {
		in, branch := g.lookup(ref)
		if in == nil {
			g.incomplete = true
			continue
		}
		broken := branch == "" && in.hasBranches() // which is reported
		if seen[Input{Node: in, Branch: branch}] && !broken && !(n.Spec != nil && n.Spec.Repeats) {
			g.report(CodeWrongValue, ref.Pos, ref.Width, fmt.Sprintf("%s reads from %s twice", n.said(), ref.said()), "")
			continue
		}
		seen[Input{Node: in, Branch: branch}] = true
		n.Inputs = append(n.Inputs, in)
		n.inputBranches = append(n.inputBranches, branch)
	}
}

// lookup finds the node that a reference means, and reports one that means
// none. A misspelt name stands for its nearest, so that one mistake is
// reported once.
func (g *graph) lookup(ref Reference) (n *Node, branch string) {
	if n := g.byName[ref.Name]; n != nil || ref.Name == "" {
		if n != nil {
			branch = g.branchOf(n, "", ref)
		}
		return n, branch
	}
	if n, branch = g.branched(ref); n != nil {
		return n, g.branchOf(n, branch, ref)
	}
	for _, s := range slices.Concat(g.pipeline.Sinks, g.outputs) {
		if s.Name == ref.Name {
			g.report(CodeUnknownNode, ref.Pos, ref.Width, ref.said()+" is a sink: nothing can be read from it",
				"name the node that the sink reads from")
			return nil, ""
		}
	}
	if g.full() || len(g.byName) > maxNodes/5 {
		g.report(CodeUnknownNode, ref.Pos, ref.Width, "there is no node "+ref.said(), "")
		return nil, ""
	}
	var names []string
	for _, n := range slices.Concat(g.pipeline.Sources, g.pipeline.Operators) {
		if f := n.Common.fields["name"]; (f == nil || !f.substituted) && !slices.Contains(names, n.Name) {
			names = append(names, n.Name)
		}
	}
	listed := ""
	if len(names) > 0 && len(names) <= 12 {
		listed = "known here: " + strings.Join(names, ", ")
	}
	message := "there is no node " + ref.said()
	g.report(CodeUnknownNode, ref.Pos, ref.Width, message, hints(didYouMean(ref.Name, names, message), listed))
	return g.byName[nearest(ref.Name, names)], ""
}

// resolveFields finds the nodes that fields other than `from` name.
func (g *graph) resolveFields(v Values) []*Node {
	var named []*Node
	for _, name := range sortedKeys(v.fields) {
		f := v.fields[name]
		for _, one := range (Item{f}).all() {
			switch one.field.Type {
			case TypeNode:
				if one.written && one.text != "" {
					one.node, one.branch = g.lookup(Reference{one.text, one.pos, one.width, one.substituted})
				}
				if one.node != nil {
					named = append(named, one.node)
				} else {
					g.incomplete = true
				}
			case TypeObject:
				named = append(named, g.resolveFields(one.object)...)
			}
		}
	}
	return named
}

func sortedKeys(m map[string]*value) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
