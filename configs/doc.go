// Package configs turns a pipeline file into a typed tree with positions and
// reports every problem that it finds on the way, all at once.
//
// It imports nothing of ours and is the only package that knows YAML. What a
// node kind looks like comes in from outside as a [Spec]: a table of fields
// that this package checks files against, and that the reference and the
// schema are printed from.
//
// Where to start: [Parse] in pipeline.go shows the order of the work. A file
// passes through these steps, one file of code each:
//
//	text.go        bytes -> lines, columns (characters, not bytes), offsets
//	syntax.go      yaml.v3, limits, and where a syntax error really is
//	item.go        yaml.Node -> item: aliases and merges followed, keys checked
//	substitute.go  ${NAME}, ${NAME:-default}, ${file:PATH} in scalars
//	field.go       item + Field -> typed value (scalar.go, data.go, expression.go)
//	node.go        one source, operator, sink or output (onerror.go)
//	graph.go       names, inputs, cycles (healed.go: paths that never commit)
//
// [Values] is what the other packages read. [Expression.At] maps a place in an
// expression back to the file; scalar styles are followed in scalartext.go.
//
// Decisions:
//   - Nothing is decoded into structs: yaml.v3 drops unknown keys, duplicate
//     keys and positions that way.
//   - Aliases are followed when they are met and the number of items reached
//     through them is bounded, so an alias bomb costs a message, not memory.
//   - `${...}` is substituted in the text of a scalar after YAML was parsed. A
//     value can therefore never add keys, and comments are never looked at.
//     The substituted text gets its type from the field, quoted or not.
//   - A substituted value is never shown in a message: it may be a secret.
//   - Keys that start with x- are ignored wherever a fixed set of keys is
//     expected, not only at the top: anchors may live in a node, too.
//   - A quoted scalar is text: `workers: "4"` is an error that says so. A
//     number or a boolean where text is expected is an error likewise.
package configs
