package configs

import (
	"fmt"
	"strings"
	"time"
)

// Step is one step of a test's input: a record of a source, a wait, or the end
// of all sources.
type Step struct {
	Pos    Position
	Source *Node // nil for a wait or the end
	// Value is the decoded value as JSON text.
	Value     []byte
	Key       *string // nil is a null key
	Headers   []Header
	Timestamp time.Time // zero is the time of the test's clock
	Wait      time.Duration
	End       bool
}

// Header is one header of a test's record.
type Header struct{ Name, Value string }

// StepFields are the keys that a step of a test has beside a source's name. No
// source can have the name of one of them.
func StepFields() []Field {
	return []Field{
		{Name: "key", Type: TypeString, Doc: "The key of the record. Default: none."},
		{Name: "headers", Type: TypeMap, Item: &Field{Type: TypeString}, Doc: "The headers of the record."},
		{Name: "timestamp", Type: TypeString, Doc: "The time of the record, as 2000-01-01T00:00:00Z. Default: that of the test's clock."},
		{Name: "wait", Type: TypeDuration, Min: "0s", Doc: "In place of a record: lets so much time pass."},
		{Name: "end", Type: TypeBool, Doc: "In place of a record: ends all sources."},
	}
}

// steps reads the input of a test.
func (r *reader) steps(p *Pipeline, input *entry) []Step {
	if input.value.shape != list {
		r.wrong(input.value, wrongType("input takes a list of steps, not "+r.shown(nil, input.value), "write `- {SOURCE: VALUE}`, `- {wait: 100ms}` or `- {end: true}`"))
		return nil
	}
	var steps []Step
	end := Position{}
	for _, it := range input.value.list {
		if it.shape != mapping {
			r.wrong(it, wrongType("a step is a mapping, not "+r.shown(nil, it), "write {SOURCE: VALUE}, {wait: 100ms} or {end: true}"))
			continue
		}
		s, ok := r.step(p, it)
		if !ok {
			continue
		}
		if end.Line > 0 && s.Source != nil {
			r.reportAt(it.place(), CodeWrongValue, "no record can come behind the end",
				fmt.Sprintf("all sources have ended in line %d", end.Line))
		}
		if s.End {
			end = s.Pos
		}
		steps = append(steps, s)
	}
	return steps
}

// step reads one step; false when its mistakes are reported.
func (r *reader) step(p *Pipeline, it *item) (Step, bool) {
	s := Step{Pos: it.pos}
	fields := StepFields()
	var acts, beside *entry // what the step does, and the first key that belongs to a record
	before := len(r.found)
	for i := range it.entries {
		e := &it.entries[i]
		switch e.key {
		case "key", "headers", "timestamp":
			if beside == nil {
				beside = e
			}
			r.metadata(&s, findField(fields, e.key), e)
			continue
		}
		if strings.HasPrefix(e.key, "x-") && sourceNamed(p, e.key) == nil {
			continue
		}
		if acts != nil {
			r.reportAt(e.place(), CodeConflictingField, fmt.Sprintf("a step does one thing: %q stands here already", acts.said), "write two steps")
			continue
		}
		acts = e
		r.act(p, &s, findField(fields, e.key), e)
	}
	switch {
	case acts == nil && len(r.found) == before:
		r.reportAt(it.place(), CodeMissingField, "the step names no source", "write {SOURCE: VALUE}, {wait: 100ms} or {end: true}")
	case acts != nil && beside != nil && reserved(acts.key):
		r.reportAt(beside.place(), CodeConflictingField, fmt.Sprintf("%q belongs to a record, not to %q", beside.key, acts.key), "")
	}
	return s, len(r.found) == before && acts != nil && (s.Source != nil || reserved(acts.key))
}

// act reads what a step does.
func (r *reader) act(p *Pipeline, s *Step, field *Field, e *entry) {
	if field == nil {
		if s.Source, _ = r.testNode(p, e, p.Sources); s.Source != nil {
			s.Value = r.data(e.value)
		}
		return
	}
	v := r.value(field, e.value, e.place())
	s.Wait, s.End = time.Duration(v.number), v.truth
	if field.Type == TypeBool && !v.truth && !r.broken[e.value] && e.value.shape == scalar && strings.EqualFold(e.value.text, "false") {
		r.wrong(e.value, wrongValue("end can only be true", "leave the step out"))
	}
}

// metadata reads what stands beside a record.
func (r *reader) metadata(s *Step, field *Field, e *entry) {
	if field.Name == "key" && e.value.null() {
		return
	}
	v := r.value(field, e.value, e.place())
	switch field.Name {
	case "key":
		s.Key = &v.text
	case "headers":
		for _, header := range v.entries {
			s.Headers = append(s.Headers, Header{Name: header.Key, Value: header.Value.String()})
		}
	case "timestamp":
		if v.text == "" || !e.value.substituted && yamlType(field, e.value, "") != nil {
			return // reported
		}
		at, err := time.Parse(time.RFC3339Nano, v.text)
		if err != nil {
			r.wrong(e.value, wrongType(r.shown(nil, e.value)+" is not a time", "a time is written as 2000-01-01T00:00:00Z"))
		}
		s.Timestamp = at
	}
}

func sourceNamed(p *Pipeline, name string) *Node {
	for _, n := range p.Sources {
		if n.Name == name {
			return n
		}
	}
	return nil
}
