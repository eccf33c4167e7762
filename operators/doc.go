// Package operators holds the operators of a pipeline, one file each: its spec
// (name, fields, docs, example) and its code. The one list of them is in
// registry.go.
//
// It also turns a pipeline file's tree into a graph: [NewPlan] compiles the
// expressions, decoders and encoders of every node and collects what is wrong
// as diagnostics; [Plan.Graph] connects them to sources and outputs, which the
// caller brings. The package imports configs (the tree), engine (the graph),
// operators/expression and operators/types; it knows neither YAML nor Kafka.
//
// Before a record comes, a plan follows what is known of records from the sources'
// schemas or samples through all nodes (flow.go), and reports what is wrong for
// every record. What flows from a node is a [stream]: single values, batches, or
// both. Each kind says in its file, as its Flow, what it makes of what comes.
//
// To add an operator: write a file with its [Kind], its test, and one line in
// [Kinds].
package operators
