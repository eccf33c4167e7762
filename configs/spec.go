package configs

// Section says where in a pipeline file a kind may stand.
type Section string

// The sections. An output stands in `sinks:` on its own, in a healing sink's
// `to:` and `report:`, and under `dead_letter:`.
const (
	SectionSource   Section = "source"
	SectionOperator Section = "operator"
	SectionSink     Section = "sink"
	SectionOutput   Section = "output"
)

// Type is what a field of a node holds.
type Type string

// The types of fields.
const (
	TypeString     Type = "string"
	TypeInt        Type = "integer"
	TypeFloat      Type = "number"
	TypeBool       Type = "boolean"
	TypeDuration   Type = "duration"   // Go's: 1s, 250ms
	TypeSize       Type = "size"       // bytes: 4096, 64KiB, 1MiB
	TypeExpression Type = "expression" // one expression, any YAML scalar
	TypeTree       Type = "tree"       // an expression, or a mapping (nested) of expressions
	TypeNode       Type = "node"       // the name of another node
	TypeOutput     Type = "output"     // a nested output node
	TypeData       Type = "data"       // any YAML value, kept as data
	TypeObject     Type = "object"     // a mapping with Fields
	TypeMap        Type = "map"        // a mapping of free names to Item
)

// Field describes one field of a node: lint, the reference and the schema all
// read it, so that nothing about a field is written twice.
type Field struct {
	Name     string
	Type     Type
	List     bool     // a list of Type; one alone stands for a list of one
	Commas   bool     // of a list of strings: one text may hold several, with commas between
	Required bool     //
	Empty    bool     // a required list may be empty
	Default  string   // as a user would write it; "" is none
	Values   []string // the allowed values of a string
	Min      string   // smallest allowed integer, number, duration or size, as written; "" is none
	Max      string   // largest, likewise
	Fields   []Field  // of a TypeObject
	Item     *Field   // of a TypeMap
	Or       *Field   // another form that is accepted, for example a string or {expr: EXPR}
	Secret   bool     // never printed
	// SecretPath says that a secret may also be the path of a file that holds it.
	SecretPath bool
	Branch     bool // names a branch of the node: others read from NODE.BRANCH
	// Variables are names that the expressions of this field know beside those that
	// all know.
	Variables []string
	// VariablesOf is a field of the same kind whose values are further such names.
	VariablesOf string
	Doc         string // one or two sentences
}

// Spec describes a kind of node.
type Spec struct {
	Section Section
	Kind    string
	Aliases []string
	Summary string // one line
	Doc     string // more, in plain sentences
	// Finished says when a source offset that goes through this node is finished.
	Finished string
	Fields   []Field
	// Short names the field that a short form sets (`filter: EXPR`); "" is none.
	Short string
	// ShortMapping says that even a mapping is the short form, as for `map`.
	ShortMapping bool
	// Repeats says that one node may stand in its `from` more than once.
	Repeats bool
	// Example is a runnable pipeline fragment: the node as it stands in a file.
	Example string
	// Given is what the example is given, in order: JSON values (`a: 1` for one of
	// source a, where it reads from several), `wait 1s`, `end`. Gives is what comes
	// out of it, as JSON. Both are run as a test.
	Given, Gives []string
}
