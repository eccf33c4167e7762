package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Pipeline is a pipeline file, read and checked. It is never nil; when its
// diagnostics have errors it is partial.
type Pipeline struct {
	File      string
	Name      string
	Sources   []*Node
	Operators []*Node
	Sinks     []*Node
	OnError   *OnError // nil if the file has none
	Settings  Values   // the fields of PipelineFields
	Vars      []byte   // a JSON object, nil if there are none
	Tests     []Test

	text []byte
}

// Text is the file's text as messages may show it: secrets written in the file
// are replaced by stars. It is what [Diagnostics.Print] should get.
func (p *Pipeline) Text() []byte { return p.text }

// Environment is what `${...}` is taken from.
type Environment struct {
	Lookup   func(name string) (string, bool)  // default: os.LookupEnv
	ReadFile func(path string) ([]byte, error) // default: os.ReadFile
}

// PipelineFields are the top-level settings of a file, beside sources,
// operators, sinks, on_error and tests.
func PipelineFields() []Field {
	return []Field{
		{Name: "name", Type: TypeString, Doc: "What logs and metrics call the pipeline. Default: the file's name without its extension."},
		{Name: "workers", Type: TypeInt, Min: "1", Doc: "How many lanes run operators without state. Default: the number of CPUs."},
		{Name: "order", Type: TypeString, Default: "partition", Values: []string{"partition", "key", "none"},
			Doc: "What stays in order through to the outputs: each partition, each key, or nothing."},
		{Name: "key", Type: TypeExpression, Doc: "With `order: key`, the key. Default: the record's own."},
		{Name: "max_in_flight", Type: TypeInt, Default: "10000", Min: "1",
			Doc: "How many unfinished records of a partition may be in memory; also {records, bytes}.",
			Or: &Field{Name: "max_in_flight", Type: TypeObject, Fields: []Field{
				{Name: "records", Type: TypeInt, Default: "10000", Min: "1", Doc: "Unfinished records per partition."},
				{Name: "bytes", Type: TypeSize, Default: "64MiB", Min: "1", Doc: "Their bytes, in the whole process."},
			}}},
		{Name: "max_ahead", Type: TypeInt, Default: "1000000", Min: "1", Doc: "How far a partition may be read beyond its first unfinished record."},
		{Name: "drain_timeout", Type: TypeDuration, Min: "0s", Doc: "How long a revoked partition waits for its writes. Default: half the rebalance timeout."},
		{Name: "shutdown_timeout", Type: TypeDuration, Default: "30s", Min: "0s", Doc: "How long a stop may take."},
		{Name: "supervise", Type: TypeObject, Doc: "When to stop by itself; each is off unless it is set. All but `stall_after` end `run` as a signal does: what is in flight is finished and committed. An idle topic is no reason to stop.", Fields: []Field{
			{Name: "on_error", Type: TypeBool, Doc: "Stop at the first record whose tries have ended, with exit code 1. What `on_error` of the node says is done about the record all the same."},
			{Name: "no_commit", Type: TypeDuration, Min: "0s", Doc: "Stop when work waits and nothing was committed for this long, with exit code 4. Work that waits are records that are not read yet, records in flight that are not only held by an operator until more comes, and finished ones that are not committed."},
			{Name: "no_poll", Type: TypeDuration, Min: "0s", Doc: "Stop when there are records to read and none was read for this long, with exit code 4."},
			{Name: "max_uptime", Type: TypeDuration, Min: "0s", Doc: "Stop after this long, with exit code 5."},
			{Name: "max_commits", Type: TypeInt, Min: "1", Doc: "Stop after this many acknowledged commits, each partition's counted, with exit code 5."},
			{Name: "stall_after", Type: TypeDuration, Min: "0s", Doc: "Stop when a part of the pipeline that has work makes no progress for this long: a call that does not return, an output that is away (its tries are no progress, so give it more than `max_backoff`), a commit without an answer. Nothing is put aside by it, and an idle topic is no stall. The exit code is 3. Without it the log names what stands still for a minute."},
		}},
		{Name: "vars", Type: TypeMap, Item: &Field{Type: TypeData}, Doc: "Constants that expressions see as `vars`."},
	}
}

// SectionFields are the other top-level keys: the lists of nodes, on_error, and
// tests. [SectionOf] says which nodes stand in a list.
func SectionFields() []Field {
	return []Field{
		{Name: SectionSource.key(), Type: TypeData, List: true, Required: true, Doc: "Where records come from."},
		{Name: SectionOperator.key(), Type: TypeData, List: true, Doc: "What is done with records. Each takes the one above it, unless it says `from:`."},
		{Name: SectionSink.key(), Type: TypeData, List: true, Required: true, Doc: "Where records go: `healing`, or an output on its own."},
		{Name: "on_error", Type: TypeObject, Fields: ErrorFields(), Doc: "What happens to records that fail. An operator or a sink may carry its own."},
		{Name: "tests", Type: TypeObject, List: true, Fields: TestFields(), Doc: "Tests of the pipeline, which `waterhealer test` runs."},
	}
}

// SectionOf is the section whose nodes stand under a top-level key.
func SectionOf(key string) (s Section, ok bool) {
	for _, s := range []Section{SectionSource, SectionOperator, SectionSink} {
		if s.key() == key {
			return s, true
		}
	}
	return "", false
}

// reader holds what reading one file needs.
type reader struct {
	text    *text
	env     Environment
	specs   []Spec
	kinds   map[Section]map[string]*Spec
	found   Diagnostics
	said    map[string]bool // by once
	broken  map[*item]bool  // a problem is reported already
	secrets []span
	outputs []*Node // nested ones
	quiet   int

	following map[*yaml.Node]bool // anchored nodes being read
	depth     int
	aliases   int
	outermost Position // the alias being followed
	aliased   int
}

// Parse reads a pipeline file. file is the path that messages name; data its
// content; specs the kinds that exist. All problems are reported at once,
// sorted, and none is left to be found when the pipeline is used, except in
// expressions: their sources are not looked into here.
func Parse(file string, data []byte, specs []Spec, env Environment) (*Pipeline, Diagnostics) {
	if env.Lookup == nil {
		env.Lookup = os.LookupEnv
	}
	if env.ReadFile == nil {
		env.ReadFile = os.ReadFile
	}
	tooLarge := len(data) > MaxBytes
	if tooLarge {
		data = nil
	}
	r := &reader{
		text: newText(file, data), env: env, specs: specs,
		kinds: kindTable(specs), said: make(map[string]bool), broken: make(map[*item]bool),
		following: make(map[*yaml.Node]bool),
	}
	p := &Pipeline{File: file, Name: baseName(file)}
	if tooLarge {
		r.report(CodeLimit, r.text.position(0), 1, fmt.Sprintf("the file is larger than %d MiB", MaxBytes>>20), "such a file is refused")
	} else if root := r.load(); root != nil {
		r.pipeline(p, r.item(root))
	}
	p.text = r.shownText()
	for i := range r.found {
		r.found[i].Position = r.text.inside(r.found[i].Position)
	}
	found := r.found.Distinct()
	if r.full() {
		last := found[len(found)-1].Position
		found = append(found, Diagnostic{Position: last, Width: 1, Code: CodeLimit,
			Message: fmt.Sprintf("more than %d problems: the rest is not shown", maxFound)})
	}
	return p, found
}

func kindTable(specs []Spec) map[Section]map[string]*Spec {
	kinds := make(map[Section]map[string]*Spec)
	for i := range specs {
		s := &specs[i]
		if kinds[s.Section] == nil {
			kinds[s.Section] = make(map[string]*Spec)
		}
		kinds[s.Section][s.Kind] = s
		for _, alias := range s.Aliases {
			kinds[s.Section][alias] = s
		}
	}
	return kinds
}

func baseName(file string) string {
	base := filepath.Base(file)
	if name := strings.TrimSuffix(base, filepath.Ext(base)); name != "" && name != "-" && name != "." {
		return name
	}
	return "pipeline"
}

// pipeline reads the top level.
func (r *reader) pipeline(p *Pipeline, it *item) {
	settings := PipelineFields()
	if it.shape != mapping {
		if !r.broken[it] {
			r.report(CodeWrongType, it.pos, it.width, "a pipeline file is a mapping, not "+it.shape.String(),
				"it starts with keys such as `sources:`, `operators:` and `sinks:`")
		}
		return
	}
	first := it.place()
	rest := &item{shape: mapping, pos: it.pos}
	misspelt := make(map[string]bool) // what unknown keys were likely meant to be
	known := topKeys()
	for _, e := range it.entries {
		switch {
		case e.key == "on_error":
			p.OnError = r.onError(e.value, e.place())
		case e.key == "tests": // names nodes: see below
		case e.key == "sources":
			p.Sources = r.section(SectionSource, e)
		case e.key == "operators":
			p.Operators = r.section(SectionOperator, e)
		case e.key == "sinks":
			p.Sinks = r.section(SectionSink, e)
		case findField(settings, e.key) != nil:
			rest.entries = append(rest.entries, e)
		case r.full(): // nothing more is said
		default:
			r.otherTopKey(p, it, e, known)
			misspelt[meant(e.key, known)] = true
		}
	}
	p.Settings = r.fields(settings, rest, first)
	if name := p.Settings.String("name"); name != "" {
		p.Name = name
	}
	if e := rest.entry("vars"); e != nil && e.value.shape == mapping {
		r.quiet++ // its problems are reported
		p.Vars = r.data(e.value)
		r.quiet--
	}
	if e := rest.entry("key"); e != nil && p.Settings.String("order") != "key" {
		r.reportAt(e.place(), CodeConflictingField, "`key` is only used with `order: key`", "add `order: key`, or remove it")
	}
	for _, s := range []string{"sources", "sinks"} {
		if it.entry(s) == nil && !misspelt[s] {
			r.reportAt(first, CodeMissingField, fmt.Sprintf("a pipeline needs %q", s), "at least one source and one sink")
		}
	}
	r.deadLetters(p)
	if nodes := p.nodes(); len(nodes) > maxNodes {
		r.once(CodeLimit, nodes[maxNodes].Pos, fmt.Sprintf("more than %d nodes", maxNodes))
		return
	}
	r.graph(p)
	if e := it.entry("tests"); e != nil {
		r.tests(p, *e)
	}
}

// topKeys are the keys of the top level.
func topKeys() []string {
	keys := append([]string{"name"}, sectionKeys()...)
	return append(append(append(keys, "on_error"), fieldNames(PipelineFields())[1:]...), "tests")
}

// otherTopKey reports a key of the top level that is none.
func (r *reader) otherTopKey(p *Pipeline, top *item, e entry, known []string) {
	section := certain(e.key, known)
	switch {
	case !slices.Contains(sectionKeys(), section) || top.entry(section) != nil:
		r.unknownTopKey(e, known)
	case section == SectionSource.key():
		p.Sources = append(p.Sources, r.otherSection(SectionSource, e)...)
	case section == SectionOperator.key():
		p.Operators = append(p.Operators, r.otherSection(SectionOperator, e)...)
	default:
		p.Sinks = append(p.Sinks, r.otherSection(SectionSink, e)...)
	}
}

// unknownTopKey says of a field of a node where it belongs.
func (r *reader) unknownTopKey(e entry, known []string) {
	for i := range r.specs {
		s := &r.specs[i]
		if field := certain(e.key, fieldNames(s.Fields)); field != "" && s.Section == SectionSource && certain(e.key, known) == "" {
			r.reportAt(e.place(), CodeUnknownKey, fmt.Sprintf("unknown key %q", e.said),
				fmt.Sprintf("`%s` is a field of a source: `sources: [{%s: {%s: ...}}]`", field, s.Kind, field))
			return
		}
	}
	r.unknownKey(e, known)
}

// section reads a list of nodes.
func (r *reader) section(section Section, e entry) []*Node {
	it := e.value
	if it.shape != list {
		if section == SectionOperator && it.empty() {
			return nil
		}
		r.wrong(it, wrongType(fmt.Sprintf("%s takes a list of nodes, not %s", e.key, r.shown(nil, it)), r.listForm(section, it)))
		return r.mappedNodes(section, it)
	}
	if len(it.list) == 0 && section != SectionOperator {
		r.wrong(it, wrongValue(fmt.Sprintf("%s is an empty list", e.key), "a pipeline needs at least one source and one sink"))
	}
	return r.nodesOf(section, it)
}

func (r *reader) nodesOf(section Section, it *item) []*Node {
	var nodes []*Node
	for _, element := range it.list {
		nodes = append(nodes, r.node(section, element, nil))
	}
	return nodes
}

// nodes lists the pipeline's nodes in the order of sections; nested outputs
// are not among them.
func (p *Pipeline) nodes() []*Node {
	all := make([]*Node, 0, len(p.Sources)+len(p.Operators)+len(p.Sinks))
	return append(append(append(all, p.Sources...), p.Operators...), p.Sinks...)
}
