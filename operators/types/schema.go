package types

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"waterhealer/engine/value"
)

// SchemaProblem is what is wrong with a schema. The rest of it counts all the
// same.
type SchemaProblem struct {
	Path    string // in the schema, as a JSON pointer: #/properties/id
	Message string
	Hint    string // "" is none
	// Key says that it is about the last step's name and not about what it holds.
	Key bool
	// Warning says that a schema may have this all the same.
	Warning bool
}

// Steps are the names and numbers that lead to the problem.
func (p SchemaProblem) Steps() []string {
	steps := strings.Split(p.Path, "/")[1:]
	for i, step := range steps {
		steps[i] = unescape(step)
	}
	return steps
}

// FromSchema reads the type of a JSON Schema's values: type, properties,
// required, additionalProperties, patternProperties, items, prefixItems, enum,
// const, allOf, anyOf, oneOf, $ref within the schema, and OpenAPI's nullable.
// What other keywords say is not known to it: the type is then only larger. says
// is who vouches for it, in messages: "by the schema".
func FromSchema(schema any, says string) (Type, []SchemaProblem) {
	r := &schemaReader{root: schema, says: says, open: make(map[string]bool), alone: old(schema)}
	t := r.read(schema, "#", 0)
	return t, r.problems
}

type schemaReader struct {
	root     any
	says     string
	open     map[string]bool // references that are being read
	nodes    int
	alone    bool // beside a reference nothing counts
	problems []SchemaProblem
}

// maxSchemaNodes bounds the parts of a schema that are read, each time that a
// reference leads to them.
const maxSchemaNodes = 10_000

func (r *schemaReader) problem(path, hint, format string, args ...any) {
	r.note(SchemaProblem{Path: path, Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *schemaReader) note(p SchemaProblem) {
	if !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

func (r *schemaReader) read(schema any, path string, depth int) Type {
	if r.nodes++; r.nodes > maxSchemaNodes || depth > maxDepth {
		return Any()
	}
	switch schema := schema.(type) {
	case bool:
		if schema {
			return Any()
		}
		return Type{}
	case *value.Object:
		return r.object(schema, path, depth)
	}
	r.problem(path, "", "a schema is an object or a boolean, not %s", withArticle(schema))
	return Any()
}

func withArticle(v any) string { return WithArticle(value.Kind(v)) }

// object reads a schema as what all its keywords have in common.
func (r *schemaReader) object(o *value.Object, path string, depth int) Type {
	r.keywords(o, path)
	if ref, there := o.Get("$ref"); there && r.alone {
		return r.reference(ref, path, depth)
	}
	t := r.kinds(o, path)
	narrow := func(by Type) {
		if common := Both(t, by); !common.Empty() {
			t = common
		}
	}
	if f := r.fields(o, path, depth); f != nil {
		narrow(Type{Kinds: Anything, fields: f})
	}
	if i := r.items(o, path, depth); i != nil {
		narrow(Type{Kinds: Anything, items: i})
	}
	if constant, there := o.Get("const"); there {
		narrow(r.constants([]any{constant}))
	}
	if enum, there := r.list(o, "enum", path); there {
		narrow(r.constants(enum))
	}
	if ref, there := o.Get("$ref"); there {
		narrow(r.reference(ref, path, depth))
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if several, there := r.list(o, key, path); there && len(several) > 0 {
			var one Type
			for i, schema := range several {
				one = union(one, r.read(schema, path+"/"+key+"/"+strconv.Itoa(i), depth+1), 0)
			}
			narrow(one)
		}
	}
	if several, there := r.list(o, "allOf", path); there {
		for i, one := range several {
			narrow(r.read(one, path+"/allOf/"+strconv.Itoa(i), depth+1))
		}
	}
	if nullable, _ := o.Get("nullable"); nullable == true {
		t = t.With(Nil)
	}
	return t
}

// kinds reads `type`.
func (r *schemaReader) kinds(o *value.Object, path string) Type {
	written, there := o.Get("type")
	if !there {
		return Any()
	}
	names, several := written.([]any)
	if !several {
		names = []any{written}
	}
	var k Kinds
	for i, name := range names {
		switch name {
		case "null":
			k |= Nil
		case "boolean":
			k |= Bool
		case "integer", "number":
			k |= Number // 1.0 is an integer to JSON Schema
		case "string":
			k |= String
		case "object":
			k |= Object
		case "array":
			k |= List
		default:
			at := path + "/type"
			if several {
				at += "/" + strconv.Itoa(i)
			}
			r.problem(at, "the types are array, boolean, integer, null, number, object, string", "%s is no type", asJSON(name))
			return Any()
		}
	}
	if k == 0 {
		return Any()
	}
	return Of(k)
}

func asJSON(v any) string {
	text, err := value.Append(nil, v)
	if err != nil {
		return value.Kind(v)
	}
	const most = 60
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// list reads a keyword whose value is a list.
func (r *schemaReader) list(o *value.Object, key, path string) ([]any, bool) {
	v, there := o.Get(key)
	if !there {
		return nil, false
	}
	list, ok := v.([]any)
	if !ok {
		r.problem(path+"/"+key, "", "%s is a list, not %s", key, withArticle(v))
	}
	return list, ok
}

// constants are values of which it is one.
func (r *schemaReader) constants(values []any) Type {
	var t Type
	for _, v := range values {
		one := Exactly(v)
		switch {
		case one.Kinds&Number != 0:
			one = Of(Number)
		case one.Kinds&(Object|List) != 0:
			one = Of(one.Kinds) // in which 1 may be 1.0
		}
		t = Union(t, one)
	}
	if t.Empty() {
		return Any()
	}
	return t
}

// fields reads what is said of an object's fields; nil is nothing.
func (r *schemaReader) fields(o *value.Object, path string, depth int) *Fields {
	properties, there := o.Get("properties")
	rest, restThere := o.Get("additionalProperties")
	patterns, patternsThere := o.Get("patternProperties")
	required, _ := r.required(o, path)
	if !there && !restThere && len(required) == 0 {
		return nil
	}
	f := Fields{Rest: Any(), Says: r.says}
	if restThere {
		f.Rest = r.read(rest, path+"/additionalProperties", depth+1)
	}
	if known, ok := patterns.(*value.Object); patternsThere && (!ok || known.Len() > 0) {
		f.Rest = Any() // which names match is not looked at
	}
	if there {
		known, ok := properties.(*value.Object)
		if !ok {
			r.problem(path+"/properties", "", "properties is an object, not %s", withArticle(properties))
			return nil
		}
		for name, schema := range known.All() {
			t := r.read(schema, path+"/properties/"+escape(name), depth+1)
			if !t.Empty() {
				f.List = append(f.List, Field{Name: name, Type: t, Optional: !slices.Contains(required, name)})
			}
		}
	}
	for _, name := range required {
		if _, known := f.Find(name); !known && !f.Rest.Empty() {
			f.List = append(f.List, Field{Name: name, Type: f.Rest})
		}
	}
	return f.weighed()
}

// required are the names of the fields that an object must have. In old drafts
// the keyword stands in the field's own schema, as a boolean.
func (r *schemaReader) required(o *value.Object, path string) (names []string, there bool) {
	v, there := o.Get("required")
	list, ok := v.([]any)
	if _, inField := v.(bool); there && !ok && !inField {
		r.problem(path+"/required", "", "required is a list of names, not %s", withArticle(v))
	}
	for _, item := range list {
		if name, ok := item.(string); ok {
			names = append(names, name)
		}
	}
	return names, there
}

// items reads what is said of a list's items; nil is nothing.
func (r *schemaReader) items(o *value.Object, path string, depth int) *Items {
	prefix, tuple := o.Get("prefixItems")
	each, there := o.Get("items")
	rest, restPath := each, path+"/items"
	if list, old := each.([]any); old {
		prefix, tuple = list, true
		rest, there = o.Get("additionalItems")
		restPath = path + "/additionalItems"
	}
	if !there && !tuple {
		return nil
	}
	after := Any()
	if there {
		after = r.read(rest, restPath, depth+1)
	}
	first, ok := prefix.([]any)
	if tuple && !ok {
		r.problem(path+"/prefixItems", "", "prefixItems is a list, not %s", withArticle(prefix))
	}
	if len(first) == 0 {
		return Items{each: after}.weighed()
	}
	i := Items{Exact: true}
	for n, schema := range first {
		i.Tuple = append(i.Tuple, r.read(schema, path+"/prefixItems/"+strconv.Itoa(n), depth+1))
	}
	if least, _ := o.Get("minItems"); after.Empty() && value.Equal(least, int64(len(first))) {
		return i.weighed()
	}
	return Items{each: Union(i.Each(), after)}.weighed()
}
