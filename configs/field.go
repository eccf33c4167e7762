package configs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// place is where something is reported: a position and the characters there.
type place struct {
	pos   Position
	width int
}

func (e *entry) place() place { return place{e.pos, e.width} }
func (it *item) place() place { return place{it.pos, it.width} }
func findField(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// fields reads a mapping by a table of fields. owner is where a missing field
// is reported. it may be nil or empty: then everything is left out.
func (r *reader) fields(fields []Field, it *item, owner place) Values {
	v := Values{owner: owner.pos, fields: make(map[string]*value, len(fields))}
	misspelt := make(map[string]bool) // what unknown keys were likely meant to be
	if it != nil {
		for _, e := range r.takenOut(fields, it.entries) {
			if f := findField(fields, e.key); f != nil {
				v.fields[f.Name] = r.value(f, e.value, e.place())
				continue
			}
			if r.full() {
				continue // nothing more is said
			}
			misspelt[meant(e.key, fieldNames(fields))] = true
			f := findField(fields, certain(e.key, fieldNames(fields)))
			if r.unitInKey(f, e) || r.insideObject(f, e) {
				continue
			}
			r.unknownKey(e, fieldNames(fields))
			if f != nil && it.entry(f.Name) == nil && v.fields[f.Name] == nil {
				v.fields[f.Name] = r.value(f, e.value, e.place())
			}
		}
	}
	for i := range fields {
		f := &fields[i]
		if v.fields[f.Name] != nil {
			continue
		}
		if f.Required && !misspelt[f.Name] {
			r.reportAt(owner, CodeMissingField, fmt.Sprintf("the field %q is missing", f.Name), fieldHint(f))
		}
		if d := defaultValue(f, owner.pos); d != nil {
			v.fields[f.Name] = d
		}
	}
	return v
}

func fieldHint(f *Field) string {
	hint := fmt.Sprintf("%s takes %s", f.Name, kindOf(f))
	if first, _, _ := strings.Cut(f.Doc, ". "); first != "" {
		hint += ": " + strings.TrimSuffix(first, ".")
	}
	return hint
}

func (r *reader) unknownKey(e entry, known []string) {
	if strings.HasPrefix(e.key, "x-") || r.full() {
		return
	}
	message := fmt.Sprintf("unknown key %q", e.said)
	r.reportAt(e.place(), CodeUnknownKey, message, hints(knownHint(e.key, known, known, message), r.text.usedAt(e.through)))
}

// value reads one field.
func (r *reader) value(f *Field, it *item, key place) *value {
	form, alternative := chooseForm(f, it)
	if form == nil {
		r.wrongShape(f, it)
		return &value{field: f, written: true, pos: it.pos, width: it.width, key: key.pos}
	}
	v := r.form(form, it, key)
	v.alternative, v.substituted = alternative, it.substituted
	return v
}

// form reads a field in the form that fits.
func (r *reader) form(f *Field, it *item, key place) *value {
	if !f.List {
		return r.single(f, it, key)
	}
	v := &value{field: f, written: true, pos: it.pos, width: it.width, key: key.pos}
	one := *f
	one.List = false
	elements := []*item{it}
	if it.shape == list {
		elements = it.list
	}
	if f.Commas {
		elements = r.commas(elements)
	}
	if len(elements) == 0 && f.Required && !f.Empty {
		r.reportAt(it.place(), CodeWrongValue, fmt.Sprintf("%s is an empty list", f.Name), "at least one is needed")
	}
	for _, e := range elements {
		if !fits(&one, e) {
			r.wrongShape(&one, e)
			continue
		}
		element := r.single(&one, e, key)
		element.substituted = e.substituted
		v.list = append(v.list, element)
	}
	if len(v.list) > 0 {
		v.text = v.list[0].text
	}
	return v
}

// commas takes texts apart that hold several, as the value of a variable that
// stands in a list. Each part keeps the place of the whole.
func (r *reader) commas(elements []*item) []*item {
	var parts []*item
	for _, e := range elements {
		if e.shape != scalar || r.broken[e] || !strings.Contains(e.text, ",") {
			parts = append(parts, e)
			continue
		}
		before := len(parts)
		for text := range strings.SplitSeq(e.text, ",") {
			if text = strings.TrimSpace(text); text != "" { // one too many is common, and does no harm
				part := *e
				part.text, part.pieces = text, nil
				parts = append(parts, &part)
			}
		}
		if len(parts) == before {
			parts = append(parts, e) // nothing but commas, which is no value
		}
	}
	return parts
}

// chooseForm picks the first form of a field that the value fits, or the first
// whose YAML shape is right, so that its mistake is the one reported.
func chooseForm(f *Field, it *item) (form *Field, alternative bool) {
	var shaped *Field
	for c := f; c != nil; c = c.Or {
		if !fits(c, it) {
			continue
		}
		if parses(c, it) {
			return c, c != f
		}
		if shaped == nil {
			shaped = c
		}
	}
	return shaped, shaped != nil && shaped != f
}

// parses reports whether a value whose shape fits is one of the field's type,
// as far as scalars tell.
func parses(f *Field, it *item) bool {
	if f.List && it.shape == list {
		one := *f
		one.List = false
		return !slices.ContainsFunc(it.list, func(e *item) bool { return !fits(&one, e) || !parses(&one, e) })
	}
	return it.shape != scalar || scalarProblem(f, it) == nil
}

// fits reports whether the shape of a value is one that the field takes.
func fits(f *Field, it *item) bool {
	if f.List && it.shape == list {
		return true
	}
	switch f.Type {
	case TypeData:
		return true
	case TypeTree:
		return it.shape != list
	case TypeObject, TypeMap:
		return it.shape == mapping || it.empty()
	case TypeOutput:
		return it.shape == mapping
	}
	return it.shape == scalar
}

func (r *reader) wrongShape(f *Field, it *item) {
	var forms []string
	for c := f; c != nil; c = c.Or {
		forms = append(forms, kindOf(c))
	}
	got := it.shape.String()
	if it.shape == scalar {
		got = r.shown(f, it)
	}
	hint := ""
	if len(f.Values) > 0 {
		hint = "allowed: " + strings.Join(f.Values, ", ")
	} else if it.shape == mapping && (f.Type == TypeExpression || f.Type == TypeString) && it.source.Style != 0 {
		hint = "an expression or text with braces must be in quotes"
	}
	if f.Type == TypeOutput && it.shape == scalar && r.find(SectionOutput, it.text) != nil {
		hint = fmt.Sprintf("write %s: {}", it.text)
	}
	if f.Type == TypeObject && it.shape == scalar && !slices.ContainsFunc(f.Fields, func(f Field) bool { return f.Required }) {
		hint = fmt.Sprintf("write `%s: {}`, or its keys below it", f.Name)
	}
	r.wrong(it, wrongType(fmt.Sprintf("%s takes %s, not %s", f.Name, strings.Join(forms, ", or "), got), hint))
}

// single reads one value of a field's type, whose shape fits.
func (r *reader) single(f *Field, it *item, key place) *value {
	v := &value{field: f, written: true, pos: it.pos, width: it.width, key: key.pos}
	if f.Secret {
		r.secret(it)
		r.writtenSecret(f, it)
	}
	switch f.Type {
	case TypeExpression:
		v.expression = r.requireExpression(f.Name, it)
	case TypeTree:
		v.tree = r.tree(f.Name, it)
	case TypeData:
		v.data, v.text = r.data(it), it.text
		v.item, v.usedAt = it, r.text.usedAt
	case TypeObject:
		v.object = r.fields(f.Fields, it, key)
	case TypeMap:
		v.entries = r.entries(f, it)
	case TypeOutput:
		v.output = r.output(f, it)
	default:
		if p := parseScalarItem(f, it, r.shown(f, it), v); p != nil {
			r.wrong(it, p)
		}
		if r.broken[it] {
			v.text = "" // what stands there is no value
		}
	}
	return v
}

func (r *reader) entries(f *Field, it *item) []Entry {
	field := f.Item
	if field == nil {
		field = &Field{Type: TypeString}
	}
	entries := make([]Entry, 0, len(it.entries))
	for _, e := range it.entries {
		named := *field
		named.Name = e.key
		entries = append(entries, Entry{Key: e.key, KeyPos: e.pos, Value: Item{r.value(&named, e.value, e.place())}})
	}
	return entries
}

// requireExpression reads an expression; nil when there is none, so that the
// mistake is not reported again when it is compiled.
func (r *reader) requireExpression(name string, it *item) *Expression {
	if strings.TrimSpace(it.text) == "" || r.broken[it] {
		r.wrong(it, wrongType(fmt.Sprintf("%s needs an expression", name), ""))
		return nil
	}
	return r.expression(it)
}

func (r *reader) tree(name string, it *item) *Tree {
	switch it.shape {
	case scalar:
		return &Tree{Expression: r.requireExpression(name, it)}
	case list:
		r.wrong(it, wrongType(fmt.Sprintf("%s takes an expression or a mapping of expressions, not a list", name),
			"write a list as an expression in quotes: '[a, b]'"))
		return &Tree{}
	}
	t := &Tree{}
	for _, e := range it.entries {
		t.Fields = append(t.Fields, TreeField{Name: e.key, Pos: e.pos, Tree: r.tree(e.key, e.value)})
	}
	return t
}

// defaultValue is what a field holds that was left out; nil for nothing. A
// default that is no value of its type is only words for the reference.
func defaultValue(f *Field, owner Position) *value {
	v := &value{field: f, pos: owner, key: owner}
	if f.Type == TypeObject && !f.List {
		v.object = Values{owner: owner, fields: make(map[string]*value)}
		for i := range f.Fields {
			if d := defaultValue(&f.Fields[i], owner); d != nil {
				v.object.fields[f.Fields[i].Name] = d
			}
		}
		return v
	}
	if f.Default == "" {
		return nil
	}
	if f.List {
		one := *f
		one.List = false
		for _, part := range strings.Split(strings.Trim(f.Default, "[]"), ",") {
			one.Default = strings.TrimSpace(part)
			if d := defaultValue(&one, owner); d != nil {
				v.list = append(v.list, d)
			}
		}
		return v
	}
	switch f.Type {
	case TypeExpression, TypeTree:
		e := &Expression{Source: f.Default, start: owner, places: func() []int { return nil }}
		v.expression, v.tree = e, &Tree{Expression: e}
	case TypeData:
		v.data = []byte(f.Default)
		if !json.Valid(v.data) {
			return nil
		}
	case TypeMap, TypeOutput, TypeObject:
		return nil
	default:
		if parseScalar(f, f.Default, f.Default, v) != nil {
			return nil
		}
	}
	return v
}
