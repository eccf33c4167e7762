package configs_test

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	c "waterhealer/configs"
)

// dump prints a pipeline as the accessors give it.
func dump(p *c.Pipeline) []byte {
	d := &dumper{}
	d.say(0, "pipeline %q", p.Name)
	d.values(1, c.PipelineFields(), p.Settings)
	if p.Vars != nil {
		d.say(1, "vars %s", p.Vars)
	}
	for _, t := range p.Tests {
		d.test(t)
	}
	d.onError(1, p.OnError)
	for _, nodes := range [][]*c.Node{p.Sources, p.Operators, p.Sinks} {
		for _, n := range nodes {
			d.node(0, n)
		}
	}
	return d.out.Bytes()
}

func (d *dumper) test(t c.Test) {
	d.say(1, "test %q at %s", t.Name, short(t.Pos))
	for _, s := range t.Steps {
		switch {
		case s.End:
			d.say(2, "end at %s", short(s.Pos))
		case s.Source == nil:
			d.say(2, "wait %s at %s", s.Wait, short(s.Pos))
		default:
			key := "null"
			if s.Key != nil {
				key = *s.Key
			}
			d.say(2, "%s %s at %s, key %s, headers %v, timestamp %s", s.Source.Name, s.Value, short(s.Pos), key, s.Headers, s.Timestamp.UTC().Format(time.RFC3339))
		}
	}
	for _, e := range t.Expected {
		d.say(2, "%s of %s (%s %s) %s %v", e.Check, e.Name(), short(e.KeyPos), short(e.Pos), e.Values, e.Offsets)
	}
}

type dumper struct{ out bytes.Buffer }

func (d *dumper) say(depth int, format string, args ...any) {
	fmt.Fprintf(&d.out, strings.Repeat("  ", depth)+format+"\n", args...)
}

func short(p c.Position) string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

func (d *dumper) node(depth int, n *c.Node) {
	d.say(depth, "%s %s %q at %s, kind at %s, name at %s", n.Section, n.Kind, n.Name, short(n.Pos), short(n.KindPos), short(n.NamePos))
	if len(n.Inputs) > 0 {
		var names []string
		for _, in := range n.Inputs {
			names = append(names, in.Name)
		}
		d.say(depth+1, "inputs %s", strings.Join(names, ", "))
	}
	d.values(depth+1, n.Spec.Fields, n.Values)
	d.values(depth+1, c.CommonFields(n.Section), n.Common)
	d.onError(depth+1, n.OnError)
}

func (d *dumper) onError(depth int, o *c.OnError) {
	if o == nil {
		return
	}
	d.say(depth, "on_error at %s", short(o.Pos))
	d.values(depth+1, c.ErrorFields()[:2], o.Values)
	if o.DeadLetter != nil {
		d.node(depth+1, o.DeadLetter)
		d.say(depth+2, "max %d window %d", o.DeadLetter.Common.Int("max"), o.DeadLetter.Common.Int("window"))
	}
}

func (d *dumper) values(depth int, fields []c.Field, v c.Values) {
	for i := range fields {
		f := &fields[i]
		if f.Name == "name" || f.Name == "from" || f.Name == "on_error" && f.Type == c.TypeObject {
			continue
		}
		if v.Alternative(f.Name) {
			f = f.Or
		}
		d.field(depth, f, v.Item(f.Name), v)
	}
}

func (d *dumper) field(depth int, f *c.Field, i c.Item, v c.Values) {
	where := "default"
	if i.Written() {
		where = short(v.KeyPos(f.Name)) + " " + short(v.Pos(f.Name))
	}
	switch f.Type {
	case c.TypeObject:
		d.say(depth, "%s (%s)", f.Name, where)
		for _, o := range i.Objects() {
			d.values(depth+1, f.Fields, o)
		}
		return
	case c.TypeOutput:
		for _, o := range i.Outputs() {
			d.say(depth, "%s (%s)", f.Name, where)
			d.node(depth+1, o)
		}
		return
	case c.TypeTree:
		d.tree(depth, f.Name, i.Tree())
		return
	case c.TypeMap:
		for _, e := range i.Map() {
			d.say(depth, "%s.%s (%s) %s", f.Name, e.Key, short(e.KeyPos), leaf(f.Item, e.Value))
		}
		return
	}
	text := leaf(f, i)
	if text == "" || !i.Written() && i.String() == "" {
		return
	}
	d.say(depth, "%s (%s) %s", f.Name, where, text)
}

func leaf(f *c.Field, i c.Item) string {
	switch f.Type {
	case c.TypeInt, c.TypeSize:
		return fmt.Sprint(i.Int())
	case c.TypeFloat:
		return fmt.Sprint(i.Float())
	case c.TypeBool:
		return fmt.Sprint(i.Bool())
	case c.TypeDuration:
		return i.Duration().String()
	case c.TypeExpression:
		if e := i.Expression(); e != nil {
			return fmt.Sprintf("expr %q at %s", e.Source, short(e.Pos()))
		}
		return ""
	case c.TypeData:
		return string(i.JSON())
	case c.TypeNode:
		var names []string
		for _, n := range i.Nodes() {
			names = append(names, n.Name)
		}
		return "nodes " + strings.Join(names, ", ")
	}
	if f.List {
		return fmt.Sprintf("%q", i.Strings())
	}
	return fmt.Sprintf("%q", i.String())
}

func (d *dumper) tree(depth int, name string, t *c.Tree) {
	if t == nil {
		return
	}
	if t.Expression != nil {
		d.say(depth, "%s: expr %q at %s", name, t.Expression.Source, short(t.Expression.Pos()))
		return
	}
	d.say(depth, "%s:", name)
	for _, f := range t.Fields {
		d.tree(depth+1, f.Name+" ("+short(f.Pos)+")", f.Tree)
	}
}
