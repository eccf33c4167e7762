// Package layout gives pipeline files their canonical layout: indentation, the
// spaces around `-` and `:`, blank lines, line ends. It changes white space and
// nothing else.
//
// Where to start: [Format] in layout.go says what is done and checks that nothing
// else was. line.go takes one line apart, scan.go finds the ends of values,
// block.go carries the lines of long values over, write.go decides on columns.
//
// Decisions:
//   - The text is laid out line by line; it is not parsed and written again.
//     yaml.v3 3.0.1 drops every blank line, moves a comment behind an anchor to the
//     next value, writes `<<` in a flow mapping as `!!merge <<`, and adds commas
//     [run]: none of the examples came out as they were. Here every character that
//     is no white space stays where it is, so no comment can be lost and anchors,
//     quotes, block scalars and the order of keys are what they were.
//   - All the same, nothing is trusted: the trees of both texts and all their
//     characters are compared, and a text whose layout cannot be changed without
//     changing its meaning is refused. So are the few things that pipelines do
//     not need and whose white space is subtle: `? ` keys, directives, line breaks
//     other than LF and CRLF.
//   - What people align stays aligned: a comment behind a value keeps its column
//     where there is room. Lines inside flow collections and long scalars move
//     with the line that they begin in.
package layout
