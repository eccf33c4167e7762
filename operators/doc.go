// Package operators holds the operators of a pipeline, one file each: its spec
// (name, fields, docs, example) and its code. The one list of them is in
// registry.go.
//
// It also turns a pipeline file's tree into a graph: [NewPlan] compiles the
// expressions, decoders and encoders of every node and collects what is wrong
// as diagnostics; [Plan.Graph] connects them to sources and outputs, which the
// caller brings. The package imports configs (the tree), engine (the graph) and
// operators/expression; it knows neither YAML nor Kafka.
//
// To add an operator: write a file with its [Kind], its test, and one line in
// [Kinds].
package operators
