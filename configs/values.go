package configs

import "time"

// Values are the fields of a node or of an object in it, typed by its spec.
// Fields that the file leaves out have their default; without one, the zero
// value. A name that the spec does not have gives the zero value, too.
// The zero Values is empty and usable.
type Values struct {
	owner  Position // what stands in for a field that was left out
	fields map[string]*value
}

// value is one typed value.
type value struct {
	field       *Field // the form in use
	alternative bool
	written     bool
	substituted bool
	pos, key    Position
	width       int
	text        string // of any scalar
	number      int64  // integer, duration in ns, size in bytes
	float       float64
	truth       bool
	list        []*value // of a list
	expression  *Expression
	tree        *Tree
	object      Values
	entries     []Entry
	output      *Node
	node        *Node
	branch      string // of node
	data        []byte
	item        *item // of data: its parts have places
	usedAt      func(alias Position) string
}

// Item is a single typed value: a field, an element, an entry of a map.
type Item struct{ v *value }

// Entry is one name of a map, in the order of the file.
type Entry struct {
	Key    string
	KeyPos Position
	Value  Item
}

// Item gives a field's value; its methods are those of Values without a name.
func (v Values) Item(name string) Item { return Item{v.fields[name]} }

// Has reports whether the field is written in the file.
func (v Values) Has(name string) bool { return v.Item(name).Written() }

// String is the text of a scalar field, whatever its type.
func (v Values) String(name string) string { return v.Item(name).String() }

// Int is an integer.
func (v Values) Int(name string) int64 { return v.Item(name).Int() }

// Float is a number; an integer field's too.
func (v Values) Float(name string) float64 { return v.Item(name).Float() }

// Bool is a boolean.
func (v Values) Bool(name string) bool { return v.Item(name).Bool() }

// Duration is a duration.
func (v Values) Duration(name string) time.Duration { return v.Item(name).Duration() }

// Size is a size in bytes.
func (v Values) Size(name string) int64 { return v.Item(name).Int() }

// Strings is a list of texts; one alone is a list of one.
func (v Values) Strings(name string) []string { return v.Item(name).Strings() }

// Expression is an expression, nil if the field was left out.
func (v Values) Expression(name string) *Expression { return v.Item(name).Expression() }

// Expressions is a list of expressions; one alone is a list of one.
func (v Values) Expressions(name string) []*Expression { return v.Item(name).Expressions() }

// Tree is a tree of expressions, nil if the field was left out.
func (v Values) Tree(name string) *Tree { return v.Item(name).Tree() }

// Object is an object's fields, with their defaults if it was left out.
func (v Values) Object(name string) Values { return v.Item(name).Object() }

// Objects is a list of objects; one alone is a list of one.
func (v Values) Objects(name string) []Values { return v.Item(name).Objects() }

// Map is a map's entries in the order of the file.
func (v Values) Map(name string) []Entry { return v.Item(name).Map() }

// Outputs are the nested outputs, none if the field was left out.
func (v Values) Outputs(name string) []*Node { return v.Item(name).Outputs() }

// Nodes are the nodes that a field names, once the graph is resolved; names of
// nodes that do not exist are left out.
func (v Values) Nodes(name string) []*Node { return v.Item(name).Nodes() }

// JSON is any YAML value as JSON text; key order and the text of numbers are
// kept. nil if the field was left out.
func (v Values) JSON(name string) []byte { return v.Item(name).JSON() }

// Alternative reports whether the field is written in its Or form; its value
// is then read by the Or type's method.
func (v Values) Alternative(name string) bool { return v.Item(name).Alternative() }

// Pos is where the value stands; where the whole stands if it was left out.
func (v Values) Pos(name string) Position {
	if f := v.fields[name]; f != nil && f.written {
		return f.pos
	}
	return v.owner
}

// Width is the number of characters of the value in its first line, for a
// diagnostic at Pos.
func (v Values) Width(name string) int {
	if f := v.fields[name]; f != nil && f.written {
		return max(f.width, 1)
	}
	return 1
}

// KeyPos is where the field's name stands, likewise.
func (v Values) KeyPos(name string) Position {
	if f := v.fields[name]; f != nil && f.written {
		return f.key
	}
	return v.owner
}

// Written reports whether the value stands in the file and is no default.
func (i Item) Written() bool { return i.v != nil && i.v.written }

// Alternative is [Values.Alternative].
func (i Item) Alternative() bool { return i.v != nil && i.v.alternative }

// Pos is where the value stands in the file.
func (i Item) Pos() Position {
	if i.v == nil {
		return Position{}
	}
	return i.v.pos
}

// Width is the number of characters of the value in its first line.
func (i Item) Width() int {
	if i.v == nil {
		return 1
	}
	return max(i.v.width, 1)
}

// String is the text of a scalar.
func (i Item) String() string {
	if i.v == nil {
		return ""
	}
	return i.v.text
}

// Int is an integer, a duration in nanoseconds or a size in bytes.
func (i Item) Int() int64 {
	if i.v == nil {
		return 0
	}
	return i.v.number
}

// Float is a number.
func (i Item) Float() float64 {
	if i.v == nil {
		return 0
	}
	return i.v.float
}

// Bool is a boolean.
func (i Item) Bool() bool { return i.v != nil && i.v.truth }

// Duration is a duration.
func (i Item) Duration() time.Duration { return time.Duration(i.Int()) }

// Size is a size in bytes.
func (i Item) Size() int64 { return i.Int() }

// all is a list's elements, or the value alone.
func (i Item) all() []*value {
	switch {
	case i.v == nil:
		return nil
	case i.v.field.List:
		return i.v.list
	}
	return []*value{i.v}
}

// Items is a list's elements, or the value alone.
func (i Item) Items() []Item {
	var items []Item
	for _, v := range i.all() {
		items = append(items, Item{v})
	}
	return items
}

// Strings is a list of texts.
func (i Item) Strings() []string {
	var texts []string
	for _, v := range i.all() {
		texts = append(texts, v.text)
	}
	return texts
}

// Expression is an expression, nil if there is none.
func (i Item) Expression() *Expression {
	if i.v == nil {
		return nil
	}
	return i.v.expression
}

// Expressions is a list of expressions.
func (i Item) Expressions() []*Expression {
	var all []*Expression
	for _, v := range i.all() {
		if v.expression != nil {
			all = append(all, v.expression)
		}
	}
	return all
}

// Tree is a tree of expressions, nil if there is none.
func (i Item) Tree() *Tree {
	if i.v == nil {
		return nil
	}
	return i.v.tree
}

// Object is an object's fields.
func (i Item) Object() Values {
	if i.v == nil {
		return Values{}
	}
	return i.v.object
}

// Objects is a list of objects.
func (i Item) Objects() []Values {
	var all []Values
	for _, v := range i.all() {
		all = append(all, v.object)
	}
	return all
}

// Map is a map's entries.
func (i Item) Map() []Entry {
	if i.v == nil {
		return nil
	}
	return i.v.entries
}

// Outputs are nested outputs.
func (i Item) Outputs() []*Node {
	var all []*Node
	for _, v := range i.all() {
		if v.output != nil {
			all = append(all, v.output)
		}
	}
	return all
}

// Nodes are the nodes that are named.
func (i Item) Nodes() []*Node {
	var all []*Node
	for _, v := range i.all() {
		if v.node != nil {
			all = append(all, v.node)
		}
	}
	return all
}

// JSON is the value as JSON text.
func (i Item) JSON() []byte {
	if i.v == nil {
		return nil
	}
	return i.v.data
}
