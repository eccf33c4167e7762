// Package rehearsal runs the `tests:` of a pipeline file: on the real engine,
// with sources that play the steps of a test, outputs that acknowledge whatever
// they get, and a clock that only the steps move. The same file gives the same
// results every time, at once.
//
// Where to start: [Run] in run.go prepares one test and compares; player.go
// plays its steps. The engine carries each record through the whole graph
// before the next ([engine.Options.InTurn]) and lets this package fire timers
// one by one ([engine.Runtime.FireTimer]), so that nothing depends on the
// machine. What was expected and what came are laid side by side in diff.go.
//
// Decisions:
//   - A sink's output is noted where records come to the sink, before they are
//     taken apart for its outputs, so that a batch is still one list.
//   - What the outputs would write is rendered all the same and then forgotten:
//     a key expression that fails, fails its record in a test, too.
//   - The state is looked at without ending the run, as long as no step ended
//     the sources. Then the run is abandoned; nothing is flushed.
package rehearsal
