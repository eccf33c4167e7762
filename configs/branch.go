package configs

import (
	"fmt"
	"slices"
	"strings"
)

// Input is a node that another one reads from, or a branch of it.
type Input struct {
	Node   *Node
	Branch string // "" where the node has none
	Pos    Position
	Width  int
}

// Name is the input as a `from` has it.
func (in Input) Name() string {
	if in.Branch == "" {
		return in.Node.Name
	}
	return in.Node.Name + "." + in.Branch
}

// Same reports whether both are the same node and branch.
func (in Input) Same(other Input) bool { return in.Node == other.Node && in.Branch == other.Branch }

// InputList are the node's inputs with their branches, in the order of From.
func (n *Node) InputList() []Input {
	list := make([]Input, len(n.Inputs))
	for i, in := range n.Inputs {
		list[i] = Input{Node: in, Pos: n.KindPos, Width: 1}
		if i < len(n.inputBranches) {
			list[i].Branch = n.inputBranches[i]
		}
	}
	return list
}

// Reads are all that the node reads from: its inputs, and what its fields name.
func (n *Node) Reads() []Input {
	reads := n.InputList()
	for _, named := range n.Values.named() {
		if !slices.ContainsFunc(reads, named.Same) {
			reads = append(reads, named)
		}
	}
	return reads
}

// named are the nodes that fields name.
func (v Values) named() []Input {
	var all []Input
	for _, name := range sortedKeys(v.fields) {
		f := v.fields[name]
		for _, one := range (Item{f}).all() {
			switch one.field.Type {
			case TypeNode:
				all = append(all, Item{one}.Inputs()...)
			case TypeObject:
				all = append(all, one.object.named()...)
			}
		}
	}
	return all
}

// Inputs are the nodes that are named, with their branches.
func (i Item) Inputs() []Input {
	var all []Input
	for _, v := range i.all() {
		if v.node != nil {
			all = append(all, Input{Node: v.node, Branch: v.branch, Pos: v.pos, Width: v.width})
		}
	}
	return all
}

// Branches are the names that others read the node's branches by, each once, in
// the order of the file; none where it has no branches.
func (n *Node) Branches() []string {
	var names []string
	for _, b := range n.branchValues() {
		if !slices.Contains(names, b.text) {
			names = append(names, b.text)
		}
	}
	return names
}

// branchValues are where the node's branches are named.
func (n *Node) branchValues() []*value {
	if n.Spec == nil {
		return nil
	}
	return branchValues(n.Spec.Fields, n.Values)
}

func branchValues(fields []Field, v Values) []*value {
	var all []*value
	for i := range fields {
		for _, one := range v.Item(fields[i].Name).all() {
			switch {
			case fields[i].Branch && one.written && one.text != "":
				all = append(all, one)
			case one.field.Type == TypeObject:
				all = append(all, branchValues(fields[i].Fields, one.object)...)
			}
		}
	}
	return all
}

// hasBranches reports whether a node is read by its branches, also where its
// own are broken.
func (n *Node) hasBranches() bool { return n.Spec != nil && hasBranch(n.Spec.Fields) }

func hasBranch(fields []Field) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Branch || hasBranch(f.Fields) })
}

// branched finds the node and branch that NODE.BRANCH means; nil when no node
// with branches has the name before a dot.
func (g *graph) branched(ref Reference) (n *Node, branch string) {
	for at := len(ref.Name); ; {
		at = strings.LastIndexByte(ref.Name[:at], '.')
		if at < 0 {
			return nil, ""
		}
		if n := g.byName[ref.Name[:at]]; n != nil && n.hasBranches() {
			return n, ref.Name[at+1:]
		}
	}
}

// branchOf checks that a reference names a branch where the node has some; it
// is "" where there is nothing to name or a mistake was reported.
func (g *graph) branchOf(n *Node, branch string, ref Reference) string {
	if !n.hasBranches() {
		return ""
	}
	branches := n.Branches()
	if slices.Contains(branches, branch) || len(branches) == 0 {
		return branch
	}
	g.incomplete = true
	listed := "its branches: " + strings.Join(branches, ", ")
	if branch == "" {
		g.report(CodeBranch, ref.Pos, ref.Width, fmt.Sprintf("%s sends records down branches: name one of them", n.said()),
			hints("write "+n.Name+"."+branches[0], listed))
		return ""
	}
	message := fmt.Sprintf("%s has no such branch", n.said())
	g.report(CodeBranch, ref.Pos, ref.Width, message, hints(didYouMean(branch, branches, message), listed))
	return ""
}

// unreadBranches reports branches whose records go nowhere.
func (g *graph) unreadBranches(n *Node) {
	read := make(map[string]bool)
	for _, reader := range g.readers[n] {
		for _, in := range reader.Reads() {
			if in.Node == n {
				read[in.Branch] = true
			}
		}
	}
	for _, b := range n.branchValues() {
		if !read[b.text] {
			read[b.text] = true
			g.report(CodeUnreadNode, b.pos, b.width, "nothing reads from the branch "+(Reference{Name: n.Name + "." + b.text, substituted: b.substituted}).said(),
				"add a sink for it, or name it in the `from` of another node")
		}
	}
}
