// Package editor is a language server for pipeline files: what is wrong in them,
// what a word means, what can stand at a place, and where a node is.
//
// It speaks the Language Server Protocol over a stream. Everything that it knows of
// kinds and fields comes from the specs ([configs.Spec] and the field tables of
// configs), of expressions from package operators/expression; what is wrong is told
// by the function that lint uses, which the caller hands in. It may import configs,
// operators/expression and nothing else of ours; it opens no files and no
// connections.
//
// Where to start: [Serve] in server.go, then language.go. A request goes this way:
//
//	stream.go      bytes -> messages, with bounds
//	server.go      methods, the order of a session, exit codes
//	documents.go   the texts of open files; checks.go tells what is wrong in them
//	outline.go     text -> tree of keys and list elements (flow.go: [...] and {...})
//	locate.go      a position -> the part of the tree that it is in
//	place.go       a part -> what the specs say of it
//	complete.go, hover.go, definition.go, symbols.go  what is answered
//
// Decisions:
//   - The outline is made from lines and indentation, and never fails: while one
//     types, a file is hardly ever YAML. There is no second way for files that are,
//     so that what is offered does not change when a quote is closed.
//   - It follows no aliases and merges. What they bring is checked all the same, but
//     not completed.
//   - Positions of the protocol count UTF-16 units and end lines at a lone CR, too;
//     diagnostics count characters. Both go through offsets (positions.go).
//   - A file is checked as soon as it changes. While one check runs, later changes
//     wait, and only the last of them is checked: fast typing costs no queue.
//   - A YAML file without one of the keys sources, operators and sinks is somebody
//     else's: it gets no diagnostics until it has one.
package editor
