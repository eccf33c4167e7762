package configs

import (
	"fmt"
	"slices"
	"strings"
)

// Node is a source, an operator, a sink or a nested output. A node whose kind
// is missing or unknown has no Spec; its file has errors.
type Node struct {
	Section Section
	Kind    string // the spec's kind, also where the file has an alias of it
	Spec    *Spec
	Name    string // given or by default
	NamePos Position
	Pos     Position // of the whole node
	KindPos Position
	From    []Reference // as written; nil if not given
	Inputs  []*Node     // resolved, in the order of From; [Node.InputList] has their branches
	Values  Values      // the fields of the kind
	Common  Values      // decode, schema, inspect; of a dead letter output: max, window
	OnError *OnError    // nil if the node has none of its own

	inputBranches []string // of Inputs

	written string // the kind as the file has it
	named   bool
	place   place
	name    place // of the name's value
}

// Reference is a node's name where another node reads from it.
type Reference struct {
	Name  string
	Pos   Position
	Width int

	substituted bool
}

// CommonFields are the fields that every node of a section takes beside its
// kind.
func CommonFields(section Section) []Field {
	name := Field{Name: "name", Type: TypeString,
		Doc: "What other nodes, logs and metrics call this node. Default: the kind, `-`, and its place among those of its kind."}
	inspect := Field{Name: "inspect", Type: TypeBool, Default: "false",
		Doc: "Keep the last records that went through the node, to look at while it runs: on the page that `run --http` serves, or with `waterhealer tap`. A busy node keeps a sample of them."}
	from := Field{Name: "from", Type: TypeNode, List: true,
		Doc: "The node or nodes to read from. Default: the one above; the first operator takes all sources, a sink the last operator."}
	onError := Field{Name: "on_error", Type: TypeObject, Fields: ErrorFields(),
		Doc: "What happens to a record that fails here. Default: the pipeline's."}
	switch section {
	case SectionSource:
		return []Field{name,
			{Name: "decode", Type: TypeString, Default: "json", Values: []string{"json", "text", "bytes", "csv"},
				Doc: "How a payload becomes a value."},
			{Name: "schema", Type: TypeData, Doc: "A JSON Schema of the values, inline or `file:PATH`, a JSON file that is seen from the folder of the pipeline file. `lint` checks expressions against it, through all operators. When the pipeline runs, records are not held against it."},
			onError, inspect}
	case SectionOutput:
		name.Doc = "What logs and metrics call this output. Default: its sink, `/`, and its kind, as `alerts/kafka` (`alerts/kafka-1` where there are several); `alerts/report`; `dead_letter`."
		return []Field{name}
	}
	return []Field{name, from, onError, inspect}
}

// Variables are the names that the expressions of a field of the kind know beside
// those that all know.
func (n *Node) Variables(field string) []string {
	if n.Spec == nil {
		return nil
	}
	if f := findField(n.Spec.Fields, field); f != nil {
		return f.Variables
	}
	return nil
}

// one is a section's node in a message.
func (s Section) one() string {
	if s == SectionSource || s == SectionSink {
		return "a " + string(s)
	}
	return "an " + string(s)
}

// key is the top-level key under which a section's nodes stand.
func (s Section) key() string {
	if s == SectionOutput {
		return "sinks"
	}
	return string(s) + "s"
}

// find is the spec of a kind, as it may stand in a section; nil if there is
// none. An output is a sink, too.
func (r *reader) find(section Section, kind string) *Spec {
	if s := r.kinds[section][kind]; s != nil || section != SectionSink {
		return s
	}
	return r.kinds[SectionOutput][kind]
}

func (r *reader) kindsOf(section Section) []string {
	var kinds []string
	for i := range r.specs {
		if s := &r.specs[i]; s.Section == section || section == SectionSink && s.Section == SectionOutput {
			kinds = append(kinds, s.Kind)
		}
	}
	return kinds
}

// node reads one node of a section. extra are fields that this place allows
// beside the common ones.
func (r *reader) node(section Section, it *item, extra []Field) *Node {
	n := &Node{Section: section, Pos: it.pos, KindPos: it.pos, place: it.place()}
	if it.shape != mapping {
		r.notANode(section, it)
		return n
	}
	common := append(CommonFields(section), extra...)
	rest := &item{shape: mapping, pos: it.pos, width: it.width}
	var kind *entry
	var unknown []entry
	for i := range it.entries {
		e := &it.entries[i]
		switch {
		case findField(common, e.key) != nil:
			rest.entries = append(rest.entries, *e)
		case r.find(section, e.key) == nil:
			unknown = append(unknown, *e)
		case kind != nil:
			r.reportAt(e.place(), CodeSecondKind, fmt.Sprintf("%s has two kinds, %q and %q", section.one(), kind.key, e.key),
				"write two nodes, or remove one key")
		default:
			kind = e
		}
	}
	unknown = r.setAside(section, unknown)
	if kind != nil {
		n.KindPos, n.place, n.written = kind.pos, kind.place(), kind.key
	}
	if says := slices.IndexFunc(unknown, r.saysKind); kind == nil && says >= 0 {
		var own []Field
		if spec := r.find(section, r.kindMeant(section, unknown[says].value.text)); spec != nil {
			own = spec.Fields
		}
		unknown = r.commonByOther(rest, unknown, common, own)
	}
	r.common(n, common, rest)
	if kind == nil {
		r.noKind(section, it, unknown, common)
		if kind = r.otherKind(section, unknown); kind == nil {
			return n
		}
		n.KindPos, n.place, n.written, unknown = kind.pos, kind.place(), kind.key, nil
	}
	var misplaced []entry
	for _, e := range unknown {
		if r.unknownNodeKey(section, e, kind, common) {
			misplaced = append(misplaced, e)
		}
	}
	kind = insideKind(kind, misplaced)
	n.Spec = r.find(section, kind.key)
	n.Kind = n.Spec.Kind
	n.Values = r.kindValues(n, kind)
	return n
}

// setAside drops the keys that are reported or ignored whatever the kind is.
func (r *reader) setAside(section Section, unknown []entry) []entry {
	return slices.DeleteFunc(unknown, func(e entry) bool {
		switch {
		case strings.HasPrefix(e.key, "x-"):
		case e.key == "from" && section == SectionSource:
			r.reportAt(e.place(), CodeSourceInput, "a source reads from no other node", "remove `from`, or make this an operator")
		case (e.key == "from" || e.key == "on_error" || e.key == "inspect") && section == SectionOutput:
			r.reportAt(e.place(), CodeUnknownKey, fmt.Sprintf("an output inside another node has no %q of its own", e.key), "it belongs to the node around it")
		default:
			return false
		}
		return true
	})
}

func (r *reader) notANode(section Section, it *item) {
	hint := "write `- KIND: ...`, where KIND is one of " + strings.Join(r.kindsOf(section), ", ")
	if it.shape == scalar && r.find(section, it.text) != nil {
		hint = fmt.Sprintf("write `%s: {}`", it.text)
	}
	r.wrong(it, wrongType(fmt.Sprintf("%s is a mapping with its kind as a key, not %s", section.one(), r.shown(nil, it)), hint))
}

// insideKind puts fields that stand beside a kind into its mapping, so that
// they are not reported as missing, too.
func insideKind(kind *entry, misplaced []entry) *entry {
	value := kind.value
	if len(misplaced) == 0 || value.shape != mapping && !value.empty() {
		return kind
	}
	moved := *kind
	moved.value = &item{shape: mapping, pos: value.pos, width: value.width, entries: append(misplaced, value.entries...)}
	return &moved
}

// unknownNodeKey reports a key beside a kind, and whether it belongs inside.
func (r *reader) unknownNodeKey(section Section, e entry, kind *entry, common []Field) bool {
	if r.full() {
		return false
	}
	known := fieldNames(common)
	spec := r.find(section, kind.key)
	if findField(spec.Fields, e.key) != nil {
		r.reportAt(e.place(), CodeUnknownKey, fmt.Sprintf("%q is a field of %s", e.key, kind.key),
			fmt.Sprintf("write it inside `%s:`, indented further", kind.key))
		return true
	}
	message := fmt.Sprintf("unknown key %q beside %q", e.said, kind.key)
	r.reportAt(e.place(), CodeUnknownKey, message,
		knownHint(e.key, slices.Concat(known, fieldNames(spec.Fields), r.kindsOf(section)), known, message))
	return false
}

// common reads name, from, on_error and the rest.
func (r *reader) common(n *Node, fields []Field, it *item) {
	if e := it.entry("on_error"); e != nil {
		n.OnError = r.onError(e.value, e.place())
		it.entries = slices.DeleteFunc(it.entries, func(e entry) bool { return e.key == "on_error" })
	}
	n.Common = r.fields(fields, it, n.place)
	n.NamePos, n.name = n.KindPos, n.place
	if f := n.Common.fields["name"]; f != nil && f.written {
		n.Name, n.NamePos, n.named = f.text, f.pos, f.text != ""
		n.name = place{f.pos, f.width}
		if e := it.entry("name"); e.value.shape == scalar && !e.value.null() && e.value.text == "" {
			r.wrong(e.value, wrongValue("a name cannot be empty", ""))
		}
	}
	if f := n.Common.fields["from"]; f != nil && f.written {
		n.From = []Reference{}
		for _, v := range f.list {
			n.From = append(n.From, Reference{v.text, v.pos, v.width, v.substituted})
		}
		if e := it.entry("from"); len(f.list) == 0 && e.value.shape == list && len(e.value.list) == 0 {
			r.wrong(e.value, wrongValue("from names no node", "leave it out to read from the node above"))
		}
	}
}

// kindValues reads the value of a node's kind key: a mapping of its fields, or
// the short form that sets one of them.
func (r *reader) kindValues(n *Node, kind *entry) Values {
	it, spec := kind.value, n.Spec
	owner := kind.place()
	short := findField(spec.Fields, spec.Short)
	switch {
	case it.empty(), it.null() && short == nil:
		return r.fields(spec.Fields, nil, owner)
	case short != nil && (it.shape != mapping || spec.ShortMapping && !fullForm(spec, it)):
		r.fieldAsKey(spec, it)
		one := &item{shape: mapping, pos: it.pos, entries: []entry{{key: short.Name, said: short.Name, pos: kind.pos, width: kind.width, value: it}}}
		return r.fields(spec.Fields, one, owner)
	case it.shape == mapping:
		return r.fields(spec.Fields, it, owner)
	}
	message, hint := fmt.Sprintf("%s takes no value", kind.key), fmt.Sprintf("write `%s: {}`", kind.key)
	if len(spec.Fields) > 0 {
		message = fmt.Sprintf("%s takes a mapping, not %s", kind.key, r.shown(nil, it))
		hint = "its keys are " + strings.Join(fieldNames(spec.Fields), ", ")
		if example := strings.TrimSpace(spec.Example); strings.HasPrefix(example, spec.Kind+": ") && !strings.Contains(example, "\n") {
			hint = hints(hint, "for example `"+example+"`")
		}
	}
	r.wrong(it, wrongType(message, hint))
	r.quiet++
	defer func() { r.quiet-- }()
	return r.fields(spec.Fields, nil, owner)
}

// checkpoint is an argument of water-healer's functions, beside their func.
const checkpoint = "checkpoint"

// fieldAsKey warns of `map: {expr: ...}`, which makes an object with a field
// expr, and of what else in it was hardly meant as a field.
func (r *reader) fieldAsKey(spec *Spec, it *item) {
	if it.shape != mapping {
		return
	}
	e := it.entry(spec.Short)
	if e == nil && it.entry(checkpoint) != nil {
		e = it.entry("func")
	}
	if e == nil {
		return
	}
	r.warn(CodeFieldAsKey, e.pos, e.width, fmt.Sprintf("%q becomes a field of the new value: %s takes the expression itself", e.said, spec.Kind),
		fmt.Sprintf("write `%s: EXPRESSION`; where the field is meant, `%s: '{\"%s\": ...}'`", spec.Kind, spec.Kind, e.said))
	for _, other := range it.entries {
		switch {
		case other.key == e.key:
		case other.key == checkpoint:
			r.warn(CodeFieldAsKey, other.pos, other.width, fmt.Sprintf("%q becomes a field of the new value, too", other.said), otherWay(checkpoint))
		case findField(spec.Fields, other.key) != nil:
			r.warn(CodeFieldAsKey, other.pos, other.width, fmt.Sprintf("%q becomes a field of the new value, too", other.said),
				fmt.Sprintf("only `%s: {%s: ..., %s: ...}`, with nothing else in it, names the fields of %s", spec.Kind, spec.Short, other.key, spec.Kind))
		}
	}
}

// fullForm reports whether a mapping that could be the short form names the
// kind's fields instead: the field of the short form and another, and nothing
// else.
func fullForm(spec *Spec, it *item) bool {
	if len(it.entries) < 2 || it.entry(spec.Short) == nil {
		return false
	}
	return !slices.ContainsFunc(it.entries, func(e entry) bool { return findField(spec.Fields, e.key) == nil })
}

// output reads a nested output. Fields of f are keys that may stand beside its
// kind.
func (r *reader) output(f *Field, it *item) *Node {
	n := r.node(SectionOutput, it, f.Fields)
	if n.Spec == nil {
		return n
	}
	r.outputs = append(r.outputs, n)
	return n
}
