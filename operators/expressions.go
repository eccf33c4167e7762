package operators

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"waterhealer/configs"
	"waterhealer/engine"
	"waterhealer/engine/value"
	"waterhealer/operators/expression"
)

// Expression is a compiled expression of a pipeline file.
type Expression struct {
	program *expression.Program
	written *configs.Expression
	reads   reads
	names   []string // the further variables it may use
}

// reads are the variables an expression uses, so that only those are made.
type reads struct {
	value, key, headers, topic, partition, offset, timestamp bool
}

// expression compiles one expression; a problem is reported at its token.
func (p *Plan) expression(written *configs.Expression, names ...string) *Expression {
	if written == nil {
		return nil
	}
	options := p.scope
	options.Names = names
	program, err := expression.Compile(written.Source, options)
	if err != nil {
		var all expression.Errors
		_ = errors.As(err, &all) // it is nothing else
		for _, at := range all {
			p.problem(misspelling(written, at))
		}
		gives, _ := expression.Check(written.Source, options, nil)
		p.wrong[written] = &wrong{names: names, errors: all, gives: gives}
		return nil
	}
	e := &Expression{program: program, written: written, reads: readsOf(program), names: names}
	p.compiled[written] = e
	return e
}

func readsOf(program *expression.Program) reads {
	return reads{
		value: program.Reads("value"), key: program.Reads("key"), headers: program.Reads("headers"),
		topic: program.Reads("topic"), partition: program.Reads("partition"),
		offset: program.Reads("offset"), timestamp: program.Reads("timestamp"),
	}
}

// widthOf is how many characters an expression takes in its first line.
func widthOf(written *configs.Expression) int {
	line, _, _ := strings.Cut(written.Source, "\n")
	return utf8.RuneCountInString(line)
}

// Run computes the expression for a record.
func (e *Expression) Run(r *engine.Record) (any, error) {
	if r.Batch == nil {
		if holds, known := e.program.Holds(r.Value); known {
			return holds, nil
		}
	}
	v := e.variables(r)
	result, err := e.program.Run(&v)
	return result, e.placed(err)
}

// RunItem computes the expression for one item of a list or an element of a
// batch: value is the item, the rest is the record's.
func (e *Expression) RunItem(r *engine.Record, item any, index int) (any, error) {
	v := e.variables(r)
	v.Value, v.Index = item, int64(index)
	result, err := e.program.Run(&v)
	return result, e.placed(err)
}

// RunWith computes the expression for a record with the further variables that
// it was compiled with.
func (e *Expression) RunWith(r *engine.Record, extra map[string]any) (any, error) {
	v := e.variables(r)
	v.Extra = extra
	result, err := e.program.Run(&v)
	return result, e.placed(err)
}

// RunItemBool is RunItem for a condition, which must give a boolean.
func (e *Expression) RunItemBool(r *engine.Record, item any, index int) (bool, error) {
	v := e.variables(r)
	v.Value, v.Index = item, int64(index)
	result, err := e.program.RunBool(&v)
	return result, e.placed(err)
}

// RunBool computes the expression of a filter, which must give a boolean.
func (e *Expression) RunBool(r *engine.Record) (bool, error) {
	if r.Batch == nil {
		if holds, known := e.program.Holds(r.Value); known {
			return holds, nil
		}
	}
	v := e.variables(r)
	result, err := e.program.RunBool(&v)
	return result, e.placed(err)
}

// runIndex computes an expression that sees no record, only an index.
func (e *Expression) runIndex(index int64) (any, error) {
	result, err := e.program.Run(&expression.Variables{Index: index})
	return result, e.placed(err)
}

func (e *Expression) variables(r *engine.Record) expression.Variables {
	var v expression.Variables
	if e.reads.value {
		v.Value = r.List()
	}
	if e.reads.key && r.Known&engine.KnownKey != 0 && r.Key != nil {
		v.Key = string(r.Key)
	}
	if e.reads.headers {
		v.Headers = headersOf(r)
	}
	if e.reads.topic && r.Known&engine.KnownTopic != 0 {
		v.Topic = r.Topic
	}
	if e.reads.partition && r.Known&engine.KnownPartition != 0 {
		v.Partition = int64(r.Partition)
	}
	if e.reads.offset && r.Known&engine.KnownOffset != 0 {
		v.Offset = r.Offset
	}
	if e.reads.timestamp && r.Known&engine.KnownTimestamp != 0 {
		v.Timestamp = r.Timestamp
	}
	return v
}

// headersOf is the object of a record's headers; of equal names the last wins.
func headersOf(r *engine.Record) *value.Object {
	o := value.NewObject(len(r.Headers))
	for _, h := range r.Headers {
		o.Set(h.Key, string(h.Value))
	}
	return o
}

// placed adds where in the pipeline file an expression failed.
func (e *Expression) placed(err error) error {
	if err == nil {
		return nil
	}
	var at *expression.RuntimeError
	if errors.As(err, &at) {
		position := e.written.Pos()
		if at.Line > 0 {
			position = e.written.At(at.Line, at.Column)
		}
		message := at.Message
		if at.Hint != "" {
			message += " (" + at.Hint + ")"
		}
		return fmt.Errorf("%s: %s", position, e.written.Hide(message))
	}
	return fmt.Errorf("%s: %w", e.written.Pos(), err)
}

// Tree is an expression, or an object of trees.
type Tree struct {
	expression *Expression
	fields     []treeField
	// layout is set where objects can be made of the texts of their fields, and brief
	// says that they do not outlive the records that the texts are of.
	layout *value.Layout
	brief  bool
}

type treeField struct {
	name string
	tree *Tree
}

func (p *Plan) tree(written *configs.Tree, names ...string) *Tree {
	if written == nil {
		return nil
	}
	if written.Expression != nil {
		e := p.expression(written.Expression, names...)
		if e == nil {
			return nil
		}
		return &Tree{expression: e}
	}
	t := &Tree{fields: make([]treeField, 0, len(written.Fields))}
	for _, f := range written.Fields {
		if sub := p.tree(f.Tree, names...); sub != nil {
			t.fields = append(t.fields, treeField{name: f.Name, tree: sub})
		}
	}
	t.lay()
	return t
}

// lay finds out whether the object can be made of texts.
func (t *Tree) lay() {
	keys := make([]string, len(t.fields))
	for i, f := range t.fields {
		keys[i] = f.name
	}
	t.layout = value.NewLayout(keys)
}

// borrow lets its objects keep the memory of the records that they are made from.
func (t *Tree) borrow() {
	t.brief = true
	for _, f := range t.fields {
		f.tree.borrow()
	}
}

// Run computes the tree: its objects keep the order of the file.
func (t *Tree) Run(r *engine.Record) (any, error) {
	of := r.Value
	if r.Batch != nil {
		of = nil
	}
	return t.run(of, func(e *Expression) (any, error) { return e.Run(r) })
}

// RunItem is [Expression.RunItem] for a tree.
func (t *Tree) RunItem(r *engine.Record, item any, index int) (any, error) {
	return t.run(item, func(e *Expression) (any, error) { return e.RunItem(r, item, index) })
}

// RunWith is [Expression.RunWith] for a tree.
func (t *Tree) RunWith(r *engine.Record, extra map[string]any) (any, error) {
	return t.run(nil, func(e *Expression) (any, error) { return e.RunWith(r, extra) })
}

// run computes the tree. A field of the object of is taken over as its text, and
// all others are computed.
func (t *Tree) run(of any, compute func(*Expression) (any, error)) (any, error) {
	if t.expression != nil {
		return compute(t.expression)
	}
	var few [16]value.Part
	parts := few[:0]
	for _, f := range t.fields {
		if e := f.tree.expression; e != nil {
			if part, ok := e.program.Part(of); ok {
				parts = append(parts, part)
				continue
			}
		}
		v, err := f.tree.run(of, compute)
		if err != nil {
			return nil, err
		}
		parts = append(parts, value.Part{Value: v})
	}
	if t.layout != nil {
		if t.brief {
			return t.layout.Borrow(parts), nil
		}
		if o, ok := t.layout.Object(parts); ok {
			return o, nil
		}
	}
	o := value.NewObject(len(parts))
	for i := range parts {
		o.Set(t.fields[i].name, parts[i].AsValue())
	}
	return o, nil
}

// unchanged says that a result is the very value that the tree was given, so
// that its original bytes still hold.
func (t *Tree) unchanged(before, after any) bool {
	if before == nil && after == nil {
		// The payload may be the word null: `map: value` keeps it, but `map: nil`
		// makes a tombstone of it.
		return t.expression != nil && t.expression.reads.value
	}
	return same(before, after)
}

func same(before, after any) bool {
	switch b := before.(type) {
	case *value.Object:
		a, ok := after.(*value.Object)
		return ok && a == b
	case []any:
		a, ok := after.([]any)
		return ok && len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
	case string:
		a, ok := after.(string)
		return ok && a == b
	case value.Number:
		a, ok := after.(value.Number)
		return ok && a == b
	case bool:
		a, ok := after.(bool)
		return ok && a == b
	}
	return false
}
