// Package expression compiles and runs the expressions of a pipeline file:
// expr-lang, with exact rules where expr would guess.
//
// Text goes through expr's lexer and parser; the tree it gives is compiled here
// into closures ([Compile]), and run on the values of package engine/value
// ([Program.Run]). expr's checker, optimizer and virtual machine are not used:
// they wrap integers, hold numbers as int and float64, lose the order of keys,
// read nil as false in some places, and reach values by reflection. Patching
// the tree so that each operation becomes a call of ours was the other way; it
// leaves nothing for the machine to do but carry arguments, and costs more per
// record than the closures do.
//
// Every function is one entry of a table (functions.go and functions_*.go) with
// its signature, what it takes, its doc and an example that the tests run. What
// expr has and we refuse says so at compile time.
//
// Start reading at program.go, then compile.go. This package imports
// engine/value and nothing else of ours.
package expression
