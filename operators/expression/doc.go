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
// # Where this is stricter than expr
//
//   - Integers are 64 bits and exact; an overflow is an error, in **, abs, sum and
//     shifts too. ** of integers is an integer unless the exponent is negative.
//   - Division by zero is an error for floats as well, and so is every result that
//     is not finite.
//   - Ordering, arithmetic, in, contains, matches and all functions refuse nil;
//     only ==, !=, ?? and ?. take it. Conditions must be booleans.
//   - min, max, mean and median of nothing are nil, where expr's mean is 0.
//   - string(nil) is an error, string of a list or an object is JSON.
//   - Strings are indexed, cut and searched by characters, as len counts them.
//   - A time zone is named by a string; that of the machine is refused.
//   - $env is not there. Methods are those of times and durations in methods.go.
//   - What can be seen to fail for every record is an error at compile time, but a
//     value that is computed wrongly (1/0) is left to the record.
//
// # Mistakes
//
// [Compile] tells all that is wrong, in the order of the places ([Errors]), not
// only what comes first. A part that was reported may give anything from there on,
// so that nothing is said again that follows from it; what is said beside it is
// wrong whatever was meant (several_test.go).
//
// # Before a record comes
//
// [Check] runs the same compiler with what is known of the variables (package
// operators/types), and says what fails for every record, what can never hold,
// which fields there never are, and what the expression gives (check*.go), also of
// one that does not compile. A
// program is compiled without that: what is known may be wrong, and a record
// shows it.
//
// Start reading at program.go, then compile.go. This package imports
// engine/value, operators/types and nothing else of ours.
package expression
