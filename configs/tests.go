package configs

import (
	"fmt"
	"slices"
	"strings"
)

// Test is one of the file's `tests:`.
type Test struct {
	Name  string // given, or by default "test-" and its place from 1
	Pos   Position
	Steps []Step
	// Expected is what is compared after the last step, in the order of the file.
	// What is not among it is not checked.
	Expected []Expectation

	says bool // it expects something, though perhaps not rightly
}

// ChecksNothing says that the test expects nothing at all.
func (t *Test) ChecksNothing() bool { return !t.says }

// Check says what an [Expectation] is about.
type Check string

// What can be checked.
const (
	CheckOutput    Check = "output"    // the values that came to a sink, or that an operator let out
	CheckFinished  Check = "finished"  // the finished offsets of a source
	CheckCommitted Check = "committed" // the watermark of a source
	CheckFailed    Check = "failed"    // the offsets of a source that failed and took `then`
	CheckDead      Check = "dead"      // the values of a source that became dead letters
)

// Expectation is what a test expects of one node.
type Expectation struct {
	Check  Check
	Node   *Node
	Branch string   // of an operator that has branches: only what went down this one; "" is all
	KeyPos Position // of the node's name
	Pos    Position // of what is expected
	// Values of output and dead, as JSON texts; offsets of finished and failed,
	// or the watermark alone.
	Values  [][]byte
	Offsets []int64
}

// Name is what the test calls the node, or its branch.
func (x *Expectation) Name() string {
	if x.Branch == "" {
		return x.Node.Name
	}
	return x.Node.Name + "." + x.Branch
}

// Single says that one number is expected and no list.
func (x *Expectation) Single() bool { return x.Check == CheckCommitted }

// TestFields are the fields of a test.
func TestFields() []Field {
	offsets := Field{Type: TypeInt, List: true, Min: "0"}
	return []Field{
		{Name: "name", Type: TypeString, Doc: "What results call the test. Default: `test-` and its place from 1."},
		{Name: "input", Type: TypeData, Required: true,
			Doc: "A list of steps, in order: {SOURCE: VALUE}, where key, headers and timestamp may stand beside the source; {wait: 100ms}; {end: true}, which ends all sources."},
		{Name: "output", Type: TypeMap, Item: &Field{Type: TypeData}, Doc: "Per sink or operator the list of values that came to it or that it let out, in order; a batch is one list."},
		{Name: "finished", Type: TypeMap, Item: &offsets, Doc: "Per source the list of its finished offsets; the first record has offset 0."},
		{Name: "committed", Type: TypeMap, Item: &Field{Type: TypeInt, Min: "0"}, Doc: "Per source its watermark: the first offset that is not finished."},
		{Name: "failed", Type: TypeMap, Item: &offsets, Doc: "Per source the list of offsets that failed and took `then`."},
		{Name: "dead", Type: TypeMap, Item: &Field{Type: TypeData}, Doc: "Per source the list of values that became dead letters, in order."},
	}
}

// tests reads `tests:`; the pipeline's nodes have their names by then.
func (r *reader) tests(p *Pipeline, e entry) {
	if e.value.empty() {
		return
	}
	if e.value.shape != list {
		r.wrong(e.value, wrongType("tests takes a list of tests, not "+r.shown(nil, e.value), "each is a mapping: `- {name: NAME, input: [...], output: {...}}`"))
		return
	}
	for i, it := range e.value.list {
		if it.shape != mapping {
			r.wrong(it, wrongType("a test is a mapping, not "+r.shown(nil, it), "its keys are "+strings.Join(fieldNames(TestFields()), ", ")))
			continue
		}
		p.Tests = append(p.Tests, r.test(p, it, i+1))
	}
}

// test reads one test.
func (r *reader) test(p *Pipeline, it *item, place int) Test {
	t := Test{Pos: it.pos, Name: fmt.Sprintf("test-%d", place)}
	fields := TestFields()
	r.missing(it, fields)
	for i := range it.entries {
		e := &it.entries[i]
		switch e.key {
		case "name":
			if v := r.value(&fields[0], e.value, e.place()); v.text != "" {
				t.Name = v.text
			}
		case "input":
			t.Steps = r.steps(p, e)
		case "output", "finished", "committed", "failed", "dead":
			t.Expected = append(t.Expected, r.expectations(p, e)...)
			t.says = t.says || e.value.shape != mapping || len(e.value.entries) > 0
		default:
			r.unknownKey(*e, fieldNames(fields))
		}
	}
	return t
}

// missing reports required fields that are not there.
func (r *reader) missing(it *item, fields []Field) {
	for i := range fields {
		if f := &fields[i]; f.Required && it.entry(f.Name) == nil {
			r.reportAt(it.place(), CodeMissingField, fmt.Sprintf("the field %q is missing", f.Name), "a test has a list of steps: [{SOURCE: VALUE}, {wait: 100ms}, {end: true}]")
		}
	}
}

// expectations reads one key of what a test expects.
func (r *reader) expectations(p *Pipeline, e *entry) []Expectation {
	check := Check(e.key)
	nodes, said := p.Sources, "source"
	if check == CheckOutput {
		nodes, said = slices.Concat(p.Sinks, p.Operators), "sink or operator"
	}
	if e.value.shape != mapping {
		r.wrong(e.value, wrongType(fmt.Sprintf("%s takes a mapping, not %s", e.key, r.shown(nil, e.value)),
			fmt.Sprintf("its keys are names of a %s each", said)))
		return nil
	}
	var all []Expectation
	for i := range e.value.entries {
		one := &e.value.entries[i]
		x := Expectation{Check: check, KeyPos: one.pos, Pos: one.value.pos}
		x.Node, x.Branch = r.testNode(p, one, nodes)
		before := len(r.found)
		switch check {
		case CheckOutput, CheckDead:
			x.Values = r.testValues(one)
		default:
			x.Offsets = r.testOffsets(one, check != CheckCommitted)
		}
		if x.Node != nil && len(r.found) == before {
			all = append(all, x)
		}
	}
	return all
}

func (r *reader) testValues(e *entry) [][]byte {
	if e.value.shape != list {
		r.wrong(e.value, wrongType(fmt.Sprintf("%q takes the list of its values, not %s", e.said, r.shown(nil, e.value)), "one value is a list of one: [VALUE]; none is []"))
		return nil
	}
	values := make([][]byte, 0, len(e.value.list))
	for _, it := range e.value.list {
		values = append(values, r.data(it))
	}
	return values
}

func (r *reader) testOffsets(e *entry, several bool) []int64 {
	if several && e.value.shape != list {
		r.wrong(e.value, wrongType(fmt.Sprintf("%q takes the list of its offsets, not %s", e.said, r.shown(nil, e.value)), "one offset is a list of one: [0]; none is []"))
		return nil
	}
	v := r.value(&Field{Name: e.said, Type: TypeInt, List: several, Min: "0"}, e.value, e.place())
	if !several {
		return []int64{v.number}
	}
	offsets := make([]int64, 0, len(v.list))
	for _, element := range v.list {
		offsets = append(offsets, element.number)
	}
	slices.Sort(offsets)
	return slices.Compact(offsets)
}

// testNode finds a node, or a branch of one, by its name among those that a test
// may name there.
func (r *reader) testNode(p *Pipeline, e *entry, among []*Node) (n *Node, branch string) {
	var names []string
	for _, n := range among {
		if n.Name == e.key {
			return n, ""
		}
		names = append(names, n.Name)
	}
	for _, n := range among {
		for _, branch := range n.Branches() {
			if n.Name+"."+branch == e.key {
				return n, branch
			}
			names = append(names, n.Name+"."+branch)
		}
	}
	if r.full() {
		return nil, ""
	}
	message := fmt.Sprintf("there is no node %q", e.said)
	for _, n := range p.nodes() {
		if n.Name == e.key {
			message = fmt.Sprintf("%q is %s, which means nothing here", e.said, n.Section.one())
		}
	}
	listed := ""
	if len(names) > 0 && len(names) <= 12 {
		listed = "known here: " + strings.Join(names, ", ")
	}
	r.reportAt(e.place(), CodeUnknownNode, message, hints(didYouMean(e.key, names, message), listed))
	return nil, ""
}
