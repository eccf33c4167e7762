// Package schema writes the JSON Schema (2020-12) of pipeline files, with which
// editors complete keys, show their docs and mark mistakes as one types.
//
// It is printed from the same tables that files are checked against: the specs
// of the kinds, [configs.PipelineFields] and the like. It is a package of its own
// since it needs nothing of configs but these tables, and configs nothing of it.
//
// Where to start: [New] in pipeline.go is the file as a whole. node.go makes the
// schemas of nodes and kinds, field.go those of fields, scalar.go those of single
// values. [Sight] says which mistakes a schema can see.
//
// Decisions:
//   - The schema refuses nothing that lint accepts; a test validates all examples
//     and valid golden files, and random changes of them. The one exception is a
//     key that is substituted, `"${KIND}": {}`, which no schema can follow. What
//     it cannot see is lint's.
//   - A node is one object with all kinds among its properties, of which one must
//     be there. The schema of a node per kind would be stricter by nothing, and
//     editors explain it badly: "matches none of 31 schemas".
//   - `${…}` is text in the file whatever it stands for, so it is allowed
//     wherever a single value is, beside the type of the field.
//   - `flatten:` and `flatten: null` are the same in JSON. Both are allowed where
//     lint allows one of them.
package schema
